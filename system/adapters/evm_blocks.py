"""The canonical blocks of a chain in this process, with their receipts: in memory or in a file."""

import logging
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import orjson

from system.adapters.evm_pool import Pending
from system.ports.evm import Address, Block, Log, Receipt

_LOG = logging.getLogger(__name__)
# Blocks that stay in memory: more than whoever follows the chain is behind in quiet times.
WINDOW: Final = 64
# Blocks that leave it together: one transaction of the file for all of them.
_BATCH: Final = 16
_SCHEMA: Final = """
PRAGMA journal_mode = MEMORY;
PRAGMA synchronous = OFF;
CREATE TABLE block (
  number INTEGER PRIMARY KEY, hash BLOB NOT NULL, parent_hash BLOB NOT NULL,
  time_s INTEGER NOT NULL, outcomes BLOB NOT NULL);
CREATE TABLE tx (hash BLOB PRIMARY KEY, block INTEGER NOT NULL) WITHOUT ROWID;
"""
_BY_NUMBER: Final = "SELECT number, hash, parent_hash, time_s, outcomes FROM block WHERE number = ?"
_BY_TX: Final = """
SELECT number, block.hash, parent_hash, time_s, outcomes
FROM tx JOIN block ON number = tx.block WHERE tx.hash = ?
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one execution did. ``events`` are (address, topics, data) in order."""

    gas_used: int
    ok: bool
    revert_data: bytes
    contract_address: Address | None
    events: tuple[tuple[Address, tuple[bytes, ...], bytes], ...]


@dataclass(frozen=True, slots=True)
class Mined:
    """A block, what it holds, and what came of it."""

    block: Block
    transactions: tuple[Pending, ...]
    receipts: tuple[Receipt, ...]


class Blocks:
    """Every block from the first on, in memory."""

    def __init__(self, genesis: Block) -> None:
        self._mined = [Mined(genesis, (), ())]
        self._receipt_by_hash: dict[bytes, Receipt] = {}

    @property
    def head(self) -> Block:
        return self._mined[-1].block

    @property
    def droppable(self) -> int:
        """How many blocks of the end may be dropped."""
        return len(self._mined) - 1

    def find(self, number: int) -> Mined | None:
        """The block at this height; None where there is none."""
        position = number - self._mined[0].block.number
        return self._mined[position] if 0 <= position < len(self._mined) else None

    def receipt(self, tx_hash: bytes) -> Receipt | None:
        return self._receipt_by_hash.get(tx_hash)

    def in_memory(self) -> Sequence[Mined]:
        """Those that have their transactions with them, oldest first."""
        return self._mined

    def append(self, mined: Mined) -> None:
        self._mined.append(mined)
        self._receipt_by_hash.update((receipt.tx_hash, receipt) for receipt in mined.receipts)

    def drop(self, depth: int) -> list[Mined]:
        """Take the last blocks away, and return them."""
        assert 1 <= depth <= self.droppable
        dropped = self._mined[-depth:]
        del self._mined[-depth:]
        for mined in dropped:
            for receipt in mined.receipts:
                del self._receipt_by_hash[receipt.tx_hash]
        return dropped


class ShelvedBlocks(Blocks):
    """The last blocks in memory, all before them in a file, without their transactions' bytes.

    path: written anew at each start, since it follows from blocks that are kept elsewhere.  Where
    it cannot be written (a full disk), blocks stay in memory until it can.
    """

    def __init__(self, genesis: Block, path: Path) -> None:
        super().__init__(genesis)
        path.unlink(missing_ok=True)
        path.touch(mode=0o600)
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.executescript(_SCHEMA)

    def find(self, number: int) -> Mined | None:
        if number >= self._mined[0].block.number:
            return super().find(number)
        return self._filed(_BY_NUMBER, number)

    def receipt(self, tx_hash: bytes) -> Receipt | None:
        receipt = super().receipt(tx_hash)
        if receipt is not None:
            return receipt
        mined = self._filed(_BY_TX, tx_hash)
        receipts = () if mined is None else mined.receipts
        return next((one for one in receipts if one.tx_hash == tx_hash), None)

    def append(self, mined: Mined) -> None:
        super().append(mined)
        leaving = self._mined[:-WINDOW]
        if not leaving or len(leaving) % _BATCH:
            return
        try:
            self._file_away(leaving)
        except sqlite3.Error as error:
            # As text: the error itself would hold these blocks.
            _LOG.warning("%d blocks stay in memory: %s", len(leaving), str(error))
            return
        del self._mined[:-WINDOW]
        for one in leaving:
            for receipt in one.receipts:
                del self._receipt_by_hash[receipt.tx_hash]

    def _file_away(self, leaving: Sequence[Mined]) -> None:
        with self._db:
            self._db.execute("BEGIN")
            self._db.executemany("INSERT INTO block VALUES (?,?,?,?,?)", map(_row, leaving))
            hashes = [(r.tx_hash, m.block.number) for m in leaving for r in m.receipts]
            self._db.executemany("INSERT INTO tx VALUES (?,?)", hashes)

    def _filed(self, query: str, value: int | bytes) -> Mined | None:
        row = self._db.execute(query, (value,)).fetchone()
        if row is None:
            return None
        *fields, outcomes = row
        block, told = Block(*fields), orjson.loads(outcomes)
        hashes = [bytes.fromhex(one[0]) for one in told]
        return Mined(block, (), receipts_of(block, hashes, [_outcome(*one[1:]) for one in told]))


def _row(mined: Mined) -> tuple[int, bytes, bytes, int, bytes]:
    block = mined.block
    told = orjson.dumps([_told(receipt) for receipt in mined.receipts])
    return block.number, block.hash, block.parent_hash, block.time_s, told


def _told(receipt: Receipt) -> tuple[object, ...]:
    events = [(log.address, [t.hex() for t in log.topics], log.data.hex()) for log in receipt.logs]
    revert_data = receipt.revert_data.hex()
    created = receipt.contract_address
    return receipt.tx_hash.hex(), receipt.gas_used, receipt.ok, revert_data, created, events


def _outcome(
    gas_used: int,
    ok: bool,
    revert_data: str,
    created: Address | None,
    events: list[tuple[Address, list[str], str]],
) -> Outcome:
    read = tuple(
        (address, tuple(map(bytes.fromhex, topics)), bytes.fromhex(data))
        for address, topics, data in events
    )
    return Outcome(gas_used, ok, bytes.fromhex(revert_data), created, read)


def receipts_of(
    block: Block, tx_hashes: Sequence[bytes], outcomes: Sequence[Outcome]
) -> tuple[Receipt, ...]:
    """Of a block's transactions in order, with their logs numbered through."""
    receipts: list[Receipt] = []
    log_index = 0
    for tx_index, (tx_hash, outcome) in enumerate(zip(tx_hashes, outcomes, strict=True)):
        logs = tuple(
            Log(*event, block.number, block.hash, tx_hash, tx_index, log_index + offset)
            for offset, event in enumerate(outcome.events)
        )
        log_index += len(logs)
        receipts.append(
            Receipt(
                tx_hash=tx_hash,
                block_number=block.number,
                block_hash=block.hash,
                block_time_s=block.time_s,
                tx_index=tx_index,
                gas_used=outcome.gas_used,
                ok=outcome.ok,
                revert_data=outcome.revert_data,
                contract_address=outcome.contract_address,
                logs=logs,
            )
        )
    return tuple(receipts)
