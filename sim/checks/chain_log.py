"""Raw logs of the contracts, decoded by the auditor's own code.

Deliberately not the product's bindings: an error there must not hide here. Only event signatures
are shared, with the Solidity sources.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from eth_hash.auto import keccak

from system.ports.evm import Evm, Log

_WORD_BYTES = 32
_PAYOUTS = "(uint256,address,uint128,address,uint128,bool,bool)[]"
# Name -> parameter types in order; indexed ones are marked with a star.
_EVENTS: dict[str, tuple[str, ...]] = {
    "Transfer": ("address*", "address*", "uint256"),
    "Registered": (
        "bytes32*", "uint64", "bytes32*", "address*", "address", "uint128", "bytes3", "uint64",
        "bytes32",
    ),
    "Accepted": ("bytes32*", "uint256*", "uint64", "bytes32*", "address", "address", "uint128"),
    "Split": (
        "bytes32*", "uint256*", "uint64", "bytes32*", "address", "uint8", "uint256[]", "uint128[]",
    ),
    "Endorsed": (
        "bytes32*", "uint256*", "uint64", "bytes32*", "uint256", "address", "address", "uint128",
        "uint8",
    ),
    "Disbursed": (
        "bytes32*", "uint256*", "uint64", "bytes32*", "address", "address", "uint128", "uint128",
        "uint128", "bool",
    ),
    "Paid": (
        "bytes32*", "bytes32*", "uint64", "bytes32*", "address", "uint128", "uint128", _PAYOUTS,
    ),
    "Recoursed": (
        "bytes32*", "uint256*", "uint64", "bytes32*", "address", "address", "uint128",
    ),
    "CreditNoted": (
        "bytes32*", "uint256*", "uint64", "bytes32*", "address", "uint128", "bytes32",
    ),
    "WrittenOff": ("bytes32*", "uint64", "bytes32*", "uint128"),
    "LimitChanged": ("uint8*", "bytes32*", "uint64", "bytes32*", "uint128", "uint128"),
}  # fmt: skip
_PAYOUT_WORDS = 7


@dataclass(frozen=True, slots=True)
class Entry:
    """One decoded log: indexed parameters first, then the words of the data, as integers."""

    name: str
    address: str
    tx: bytes
    topics: tuple[int, ...]
    words: tuple[int, ...]


def entries(evm: Evm) -> Iterator[Entry]:
    """Every known event from the first block to the head, in chain order."""
    names = {_topic(name, types): name for name, types in _EVENTS.items()}
    for number in range(evm.head().number + 1):
        for receipt in evm.block_receipts(number):
            for log in receipt.logs:
                name = names.get(log.topics[0]) if log.topics else None
                if name is not None:
                    yield _entry(name, log)


def array_at(words: tuple[int, ...], position: int, width: int = 1) -> list[tuple[int, ...]]:
    """A dynamic array whose offset stands at ``position``: rows of ``width`` words."""
    start = words[position] // _WORD_BYTES
    count = words[start]
    first = start + 1
    return [words[first + i * width : first + (i + 1) * width] for i in range(count)]


def payouts(entry: Entry) -> list[tuple[int, ...]]:
    """Of a Paid event: (lot, holder, to holder, seller, to seller, financed, closed)."""
    return array_at(entry.words, 4, _PAYOUT_WORDS)


def account(word: int) -> str:
    """An address as the ports write it."""
    return f"0x{word & ((1 << 160) - 1):040x}"


def _topic(name: str, types: tuple[str, ...]) -> bytes:
    signature = f"{name}({','.join(kind.removesuffix('*') for kind in types)})"
    return bytes(keccak(signature.encode()))


def _entry(name: str, log: Log) -> Entry:
    words = tuple(
        int.from_bytes(log.data[start : start + _WORD_BYTES])
        for start in range(0, len(log.data), _WORD_BYTES)
    )
    topics = tuple(int.from_bytes(topic) for topic in log.topics[1:])
    return Entry(name, log.address, log.tx_hash, topics, words)
