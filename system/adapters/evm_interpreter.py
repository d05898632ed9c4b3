"""py-evm's interpreter with its hot path straightened: same results, gas included, less time.

Four of five instructions of compiled Solidity only move numbers on the stack. py-evm spends five
Python calls on each. Here a straight run of them is decoded once per code, checked once for gas
and stack height, and executed in one loop; every other instruction goes to py-evm's own code.

Charging a run as a whole is exact: within it gas only adds up and nothing can observe it, and a
frame that fails, for whichever reason first, loses all its gas and leaves no trace.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final, cast

from eth.exceptions import FullStack, InsufficientStack, InvalidJumpDestination
from eth.vm import opcode_values as op
from eth.vm.code_stream import CodeStream
from eth.vm.forks.cancun import CancunVM
from eth.vm.forks.cancun.computation import CancunComputation
from eth.vm.forks.cancun.opcodes import CANCUN_OPCODES
from eth.vm.forks.cancun.state import CancunState

_WORD_MAX: Final = 2**256 - 1
_STACK_MAX: Final = 1024
# Codes in use at once, init codes included; a deployment of ours has seven contracts.
_PROGRAMS_MAX: Final = 128

Stack = list[int]
Step = Callable[[Stack, int, Any], None]


def _push(stack: Stack, value: int, _: Any) -> None:
    stack.append(value)


def _dup(stack: Stack, depth: int, _: Any) -> None:
    stack.append(stack[depth])


def _swap(stack: Stack, depth: int, _: Any) -> None:
    stack[-1], stack[depth] = stack[depth], stack[-1]


def _pop(stack: Stack, _: int, __: Any) -> None:
    stack.pop()


def _add(stack: Stack, _: int, __: Any) -> None:
    left = stack.pop()
    stack[-1] = (left + stack[-1]) & _WORD_MAX


def _sub(stack: Stack, _: int, __: Any) -> None:
    left = stack.pop()
    stack[-1] = (left - stack[-1]) & _WORD_MAX


def _mul(stack: Stack, _: int, __: Any) -> None:
    left = stack.pop()
    stack[-1] = (left * stack[-1]) & _WORD_MAX


def _div(stack: Stack, _: int, __: Any) -> None:
    left = stack.pop()
    stack[-1] = left // stack[-1] if stack[-1] else 0


def _lt(stack: Stack, _: int, __: Any) -> None:
    left = stack.pop()
    stack[-1] = 1 if left < stack[-1] else 0


def _gt(stack: Stack, _: int, __: Any) -> None:
    left = stack.pop()
    stack[-1] = 1 if left > stack[-1] else 0


def _eq(stack: Stack, _: int, __: Any) -> None:
    left = stack.pop()
    stack[-1] = 1 if left == stack[-1] else 0


def _iszero(stack: Stack, _: int, __: Any) -> None:
    stack[-1] = 0 if stack[-1] else 1


def _and(stack: Stack, _: int, __: Any) -> None:
    left = stack.pop()
    stack[-1] &= left


def _or(stack: Stack, _: int, __: Any) -> None:
    left = stack.pop()
    stack[-1] |= left


def _xor(stack: Stack, _: int, __: Any) -> None:
    left = stack.pop()
    stack[-1] ^= left


def _not(stack: Stack, _: int, __: Any) -> None:
    stack[-1] ^= _WORD_MAX


def _shl(stack: Stack, _: int, __: Any) -> None:
    bits = stack.pop()
    stack[-1] = (stack[-1] << bits) & _WORD_MAX if bits < 256 else 0


def _shr(stack: Stack, _: int, __: Any) -> None:
    bits = stack.pop()
    stack[-1] = stack[-1] >> bits if bits < 256 else 0


def _mload(stack: Stack, _: int, computation: Any) -> None:
    start = stack[-1]
    if start + 32 > len(computation._memory._bytes):
        computation.extend_memory(start, 32)
    stack[-1] = int.from_bytes(computation._memory._bytes[start : start + 32])


def _mstore(stack: Stack, _: int, computation: Any) -> None:
    start = stack.pop()
    if start + 32 > len(computation._memory._bytes):
        computation.extend_memory(start, 32)
    computation._memory._bytes[start : start + 32] = stack.pop().to_bytes(32)


def _calldataload(stack: Stack, _: int, computation: Any) -> None:
    start = stack[-1]
    word = computation.msg.data[start : start + 32]
    stack[-1] = int.from_bytes(bytes(word).ljust(32, b"\0"))


def _jumpdest(_: Stack, __: int, ___: Any) -> None:
    return None


# Step, items taken, items left.
_STEPS: Final[dict[int, tuple[Step, int, int]]] = {
    op.ADD: (_add, 2, 1),
    op.MUL: (_mul, 2, 1),
    op.SUB: (_sub, 2, 1),
    op.DIV: (_div, 2, 1),
    op.LT: (_lt, 2, 1),
    op.GT: (_gt, 2, 1),
    op.EQ: (_eq, 2, 1),
    op.ISZERO: (_iszero, 1, 1),
    op.AND: (_and, 2, 1),
    op.OR: (_or, 2, 1),
    op.XOR: (_xor, 2, 1),
    op.NOT: (_not, 1, 1),
    op.SHL: (_shl, 2, 1),
    op.SHR: (_shr, 2, 1),
    op.POP: (_pop, 1, 0),
    op.MLOAD: (_mload, 1, 1),
    op.MSTORE: (_mstore, 2, 0),
    op.CALLDATALOAD: (_calldataload, 1, 1),
    **{op.DUP1 + n: (_dup, n + 1, n + 2) for n in range(16)},
    **{op.SWAP1 + n: (_swap, n + 2, n + 2) for n in range(16)},
}
_JUMP_TAKES: Final = {op.JUMP: 1, op.JUMPI: 2}
_PUSHES: Final = range(op.PUSH0, op.PUSH32 + 1)
_GAS: Final[dict[int, int]] = {
    code: cast(Any, CANCUN_OPCODES[code]).gas_cost
    for code in (*_STEPS, *_PUSHES, *_JUMP_TAKES, op.JUMPDEST)
}


@dataclass(slots=True)
class _Run:
    """Instructions from one entry point up to a jump, or to one that py-evm executes.

    need: items that must be on the stack.  growth: how far it rises above its start.
    last: the instruction that ends the run.  after: the position behind that one.
    """

    steps: list[tuple[Step, int]] = field(default_factory=list)
    gas: int = 0
    need: int = 0
    growth: int = 0
    last: int = op.STOP
    after: int = 0


class _Program:
    """The runs of one code, decoded when first entered."""

    def __init__(self, code: bytes) -> None:
        self._code = code
        self.runs: dict[int, _Run] = {}
        self.jump_targets = frozenset(_jump_targets(code))

    def run_at(self, position: int) -> _Run:
        run = self.runs[position] = _Run()
        height = 0
        while True:
            last = self._code[position] if position < len(self._code) else op.STOP
            position += 1
            if last in _JUMP_TAKES:
                run.need = max(run.need, _JUMP_TAKES[last] - height)
                run.gas += _GAS[last]
            taken = self._take(run, last, position, height)
            if taken is None:
                run.last, run.after = last, position
                return run
            position, height = taken
            run.growth = max(run.growth, height)

    def _take(self, run: _Run, code: int, position: int, height: int) -> tuple[int, int] | None:
        """Add one instruction to the run: where the next stands and the height after this one."""
        if code in _PUSHES:
            size = code - op.PUSH0
            data = self._code[position : position + size].ljust(size, b"\0")
            step: tuple[Step, int] = (_push, int.from_bytes(data))
            position, change = position + size, 1
        elif code in _STEPS:
            action, takes, leaves = _STEPS[code]
            step, change = (action, _depth(code)), leaves - takes
            run.need = max(run.need, takes - height)
        elif code == op.JUMPDEST:
            run.gas += _GAS[code]
            return position, height
        else:
            return None
        run.steps.append(step)
        run.gas += _GAS[code]
        return position, height + change


class _Code(CodeStream):
    """What py-evm's loop iterates over: it is handed only the instructions that are its own."""

    def __init__(self, computation: Any, code: bytes) -> None:
        super().__init__(code)
        self._computation = computation

    def __iter__(self) -> Iterator[int]:
        computation = self._computation
        program = _program(self._raw_code_bytes)
        stack, meter = computation._stack.values, computation._gas_meter
        position = 0
        while True:
            run = program.runs.get(position) or program.run_at(position)
            if len(stack) < run.need:
                raise InsufficientStack(f"Wanted {run.need} stack items, only had {len(stack)}")
            if len(stack) + run.growth > _STACK_MAX:
                raise FullStack("Stack limit reached")
            meter.consume_gas(run.gas, "run of instructions")
            for action, argument in run.steps:
                action(stack, argument, computation)
            if run.last in _JUMP_TAKES:
                position = _jump(run, stack, program.jump_targets)
                continue
            self.program_counter = run.after
            yield run.last
            position = self.program_counter
            # py-evm pushes some results as bytes; steps expect numbers.
            if stack and type(stack[-1]) is bytes:
                stack[-1] = int.from_bytes(stack[-1])


def _jump(run: _Run, stack: Stack, targets: frozenset[int]) -> int:
    target = stack.pop()
    if run.last == op.JUMPI and not stack.pop():
        return run.after
    if target not in targets:
        raise InvalidJumpDestination("Invalid Jump Destination")
    return target


@lru_cache(maxsize=_PROGRAMS_MAX)
def _program(code: bytes) -> _Program:
    return _Program(code)


def _depth(code: int) -> int:
    if op.DUP1 <= code <= op.DUP16:
        return -(code - op.DUP1 + 1)
    if op.SWAP1 <= code <= op.SWAP16:
        return -(code - op.SWAP1 + 2)
    return 0


def _jump_targets(code: bytes) -> Iterator[int]:
    position = 0
    while position < len(code):
        if code[position] == op.JUMPDEST:
            yield position
        # What a PUSH carries is data, even where it looks like an instruction.
        position += 1 + (code[position] - op.PUSH0 if code[position] in _PUSHES else 0)


class FastComputation(CancunComputation):
    """Cancun's rules; only the walk over the code is ours."""

    def __init__(self, state: Any, message: Any, transaction_context: Any) -> None:
        super().__init__(state, message, transaction_context)
        self.code = _Code(self, message.code)


class FastState(CancunState):
    computation_class = FastComputation


class FastCancunVM(CancunVM):
    """Gives the same blocks, to the byte, as CancunVM."""

    _state_class = FastState
