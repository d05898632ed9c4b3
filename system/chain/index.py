"""The event index: every log of the watched contracts, fed block by block from receipts.

Blocks and logs of dropped branches stay in their tables; which ones count is decided by the hash
that ``chain_block`` holds at each height up to the cursor. So a reorganisation overwrites one row
per height, a restart goes on from the cursor, and reading a block twice changes nothing.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from system.errors import IntegrityError
from system.ports.evm import Address, Block, Evm, Log
from system.ports.store import Table, Unit

_TOPIC_BYTES = 32
_CURSOR_KEY = "head"


@dataclass(frozen=True, slots=True)
class IndexedBlock:
    number: int
    hash: bytes
    parent_hash: bytes
    time_s: int


@dataclass(frozen=True, slots=True)
class IndexedLog:
    """A log as the port gives it, its topics joined (32 bytes each)."""

    block_number: int
    block_hash: bytes
    log_index: int
    address: Address
    topics: bytes
    data: bytes
    tx_hash: bytes
    tx_index: int


@dataclass(frozen=True, slots=True)
class Cursor:
    name: str
    number: int


BLOCKS = Table("chain_block", IndexedBlock, key=("number",))
LOGS = Table(
    "chain_log", IndexedLog, key=("block_number", "block_hash", "log_index"), append_only=True
)
CURSOR = Table("chain_cursor", Cursor, key=("name",))
INDEX_TABLES = (BLOCKS, LOGS, CURSOR)


@dataclass(frozen=True, slots=True)
class Advance:
    """What one step changed: logs of dropped blocks newest first, then new logs oldest first.

    dropped: heights whose blocks a reorganisation took away, whatever stands there now.
    head: the height up to which the index has read.
    """

    removed: tuple[Log, ...]
    added: tuple[Log, ...]
    dropped: range
    head: int


class EventIndex:
    """Follows one chain. addresses: the contracts whose logs are kept."""

    def __init__(self, evm: Evm, addresses: Collection[Address]) -> None:
        self._evm = evm
        self._addresses = frozenset(address.lower() for address in addresses)

    def advance(self, unit: Unit) -> Advance:
        """Roll back to the common ancestor with the chain, then read up to its head.

        Stops early, consistent, when the chain changes while it is read: the next step goes on.
        Raises IntegrityError when the chain has another genesis, EvmUnavailable on silence.
        """
        start = cursor(unit)
        ancestor = self._ancestor(unit, start)
        removed = logs(unit, ancestor + 1, start)
        added, number = self._read(unit, ancestor)
        if number != start:
            _set_cursor(unit, number, is_new=start < 0)
        dropped = range(ancestor + 1, start + 1)
        return Advance(tuple(reversed(removed)), tuple(added), dropped, number)

    def _ancestor(self, unit: Unit, number: int) -> int:
        for height in range(number, -1, -1):
            [ours] = unit.get(BLOCKS, [(height,)])
            theirs = self._evm.block(height)
            if ours is not None and theirs is not None and ours.hash == theirs.hash:
                return height
            if height == 0:
                raise IntegrityError("genesis block of the chain", ours, theirs)
        return -1

    def _read(self, unit: Unit, ancestor: int) -> tuple[list[Log], int]:
        """Read the blocks above the ancestor; their logs, and the last height read."""
        added: list[Log] = []
        [parent] = unit.get(BLOCKS, [(ancestor,)])
        number = ancestor
        for height in range(ancestor + 1, self._evm.head().number + 1):
            block = self._evm.block(height)
            if block is None or (parent is not None and block.parent_hash != parent.hash):
                break
            found = self._logs_of(block)
            if found is None:
                break
            parent = _save(unit, block, found)
            added += found
            number = height
        return added, number

    def _logs_of(self, block: Block) -> list[Log] | None:
        """The block's watched logs, or None when another block has taken its place."""
        receipts = self._evm.block_receipts(block.number)
        if any(receipt.block_hash != block.hash for receipt in receipts):
            return None
        # No receipt proves that an empty answer belongs to this block.
        if not receipts and self._evm.block(block.number) != block:
            return None
        return [
            log for receipt in receipts for log in receipt.logs if log.address in self._addresses
        ]


def cursor(unit: Unit) -> int:
    """The height up to which the index has read; -1 before the first step."""
    [row] = unit.get(CURSOR, [(_CURSOR_KEY,)])
    return -1 if row is None else row.number


def logs(unit: Unit, first: int, last: int) -> list[Log]:
    """The canonical logs of heights first..last that are indexed, in chain order."""
    heights = range(max(first, 0), min(last, cursor(unit)) + 1)
    blocks = unit.get(BLOCKS, [(height,) for height in heights])
    return [
        _log(row)
        for block in blocks
        if block is not None
        for row in unit.find(LOGS, {"block_number": block.number, "block_hash": block.hash})
    ]


def _save(unit: Unit, block: Block, found: Sequence[Log]) -> IndexedBlock:
    row = IndexedBlock(block.number, block.hash, block.parent_hash, block.time_s)
    [known] = unit.get(BLOCKS, [(block.number,)])
    if known is None:
        unit.insert(BLOCKS, [row])
    else:
        unit.replace(BLOCKS, [row])
    rows = [_row(log) for log in found]
    # A block that comes back after a reorganisation still has its logs here.
    seen = unit.get(LOGS, [(log.block_number, log.block_hash, log.log_index) for log in rows])
    unit.insert(LOGS, [log for log, old in zip(rows, seen, strict=True) if old is None])
    return row


def _set_cursor(unit: Unit, number: int, *, is_new: bool) -> None:
    write = unit.insert if is_new else unit.replace
    write(CURSOR, [Cursor(_CURSOR_KEY, number)])


def _row(log: Log) -> IndexedLog:
    return IndexedLog(
        log.block_number,
        log.block_hash,
        log.log_index,
        log.address,
        b"".join(log.topics),
        log.data,
        log.tx_hash,
        log.tx_index,
    )


def _log(row: IndexedLog) -> Log:
    starts = range(0, len(row.topics), _TOPIC_BYTES)
    topics = tuple(row.topics[start : start + _TOPIC_BYTES] for start in starts)
    return Log(
        row.address,
        topics,
        row.data,
        row.block_number,
        row.block_hash,
        row.tx_hash,
        row.tx_index,
        row.log_index,
    )
