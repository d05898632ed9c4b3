"""A contract small enough to read as opcodes: the chain suite needs no compiler.

Call data is one command byte and, for STORE, a 32-byte value.
"""

STORE, READ, REFUSE, HALT, COUNT, READ_COUNT = (bytes((code,)) for code in range(1, 7))

_OPS = {
    "ADD": 0x01, "EQ": 0x14, "SHR": 0x1C, "CALLDATALOAD": 0x35, "CODECOPY": 0x39,
    "TIMESTAMP": 0x42, "NUMBER": 0x43, "MSTORE": 0x52, "SLOAD": 0x54, "SSTORE": 0x55,
    "JUMPI": 0x57, "JUMPDEST": 0x5B, "DUP1": 0x80, "LOG2": 0xA2, "RETURN": 0xF3,
    "REVERT": 0xFD, "INVALID": 0xFE, "STOP": 0x00,
}  # fmt: skip

TOPIC = 0xC0FFEE
ERROR_SELECTOR = 0xDEADBEEF

_PROGRAM = """
0 CALLDATALOAD 0xF8 SHR
DUP1 1 EQ @store JUMPI
DUP1 2 EQ @read JUMPI
DUP1 3 EQ @refuse JUMPI
DUP1 4 EQ @halt JUMPI
DUP1 5 EQ @count JUMPI
DUP1 6 EQ @read_count JUMPI
STOP
:store
1 CALLDATALOAD 0 SSTORE
0 SLOAD 0 MSTORE
0 SLOAD 0xC0FFEE 0x20 0 LOG2
STOP
:read
0 SLOAD 0 MSTORE
TIMESTAMP 0x20 MSTORE
NUMBER 0x40 MSTORE
0x60 0 RETURN
:refuse
0xDEADBEEF
0 MSTORE
0 SLOAD 0x20 MSTORE
0x24 0x1C REVERT
:halt
INVALID
:count
1 1 SLOAD ADD 1 SSTORE
STOP
:read_count
1 SLOAD 0 MSTORE
0x20 0 RETURN
"""


def _assemble(program: str) -> bytes:
    """Two-byte jump targets; every other number takes the shortest push."""
    code = bytearray()
    labels: dict[str, int] = {}
    holes: list[tuple[int, str]] = []
    for word in program.split():
        if word.startswith(":"):
            labels[word[1:]] = len(code)
            code.append(_OPS["JUMPDEST"])
        elif word.startswith("@"):
            code.append(0x61)
            holes.append((len(code), word[1:]))
            code += b"\0\0"
        elif word in _OPS:
            code.append(_OPS[word])
        else:
            number = int(word, 0)
            size = max(1, (number.bit_length() + 7) // 8)
            code += bytes((0x5F + size,)) + number.to_bytes(size)
    for position, label in holes:
        code[position : position + 2] = labels[label].to_bytes(2)
    return bytes(code)


_RUNTIME = _assemble(_PROGRAM)
_LOADER = _assemble(f"{len(_RUNTIME)} DUP1 0x0B 0 CODECOPY 0 RETURN")
BOX_CODE = _LOADER + _RUNTIME


def store(value: int) -> bytes:
    """Call data that stores the value and emits one log."""
    return STORE + value.to_bytes(32)


def refusal_data(value: int) -> bytes:
    """What REFUSE reverts with while the value is stored."""
    return ERROR_SELECTOR.to_bytes(4) + value.to_bytes(32)


def words(data: bytes) -> list[int]:
    """The 32-byte words of what a view returned."""
    return [int.from_bytes(data[start : start + 32]) for start in range(0, len(data), 32)]
