"""The older blocks of a kept chain, and the state after the last of them, in one SQLite file.

All of it follows from the blocks that are kept elsewhere: a file that is missing, of another chain
or damaged is filled anew by running them. What it says is committed as a whole.
"""

import logging
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import orjson

from system.adapters.evm_blocks import Blocks, Mined, Outcome, receipts_of
from system.adapters.evm_state import Account
from system.errors import EvmUnavailable
from system.ports.evm import Address, Block, Receipt

_LOG = logging.getLogger(__name__)
_VERSION: Final = 1
_OF_NO_USE: Final = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_SCHEMA)
# Nobody else writes here: waiting would hold up whoever wants a block.
_BUSY_S_MAX: Final = 0.1
# Blocks that stay in memory: more than whoever follows the chain is behind in quiet times.
WINDOW: Final = 64
_SCHEMA: Final = """
CREATE TABLE block (
  number INTEGER PRIMARY KEY, hash BLOB NOT NULL, parent_hash BLOB NOT NULL,
  time_s INTEGER NOT NULL, outcomes BLOB NOT NULL);
CREATE TABLE tx (hash BLOB PRIMARY KEY, block INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE sender (address TEXT PRIMARY KEY, nonce INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE account (
  address TEXT PRIMARY KEY, balance TEXT NOT NULL, nonce TEXT NOT NULL, code BLOB NOT NULL);
CREATE TABLE slot (
  address TEXT NOT NULL, key BLOB NOT NULL, value BLOB NOT NULL,
  PRIMARY KEY (address, key)) WITHOUT ROWID;
"""
_BY_NUMBER: Final = "SELECT number, hash, parent_hash, time_s, outcomes FROM block WHERE number = ?"
_LAST: Final = _BY_NUMBER.replace("= ?", "= (SELECT max(number) FROM block)")
_BY_TX: Final = """
SELECT number, block.hash, parent_hash, time_s, outcomes
FROM tx JOIN block ON number = tx.block WHERE tx.hash = ?
"""
# A window that did not deploy an account knows nothing of its code.
_ACCOUNT: Final = """
INSERT INTO account VALUES (?, ?, ?, coalesce(?, x'')) ON CONFLICT (address) DO UPDATE
SET balance = excluded.balance, nonce = excluded.nonce,
    code = CASE WHEN excluded.code = x'' THEN code ELSE excluded.code END
"""


class Shelf:
    """path: made where it is missing; read beside by the process that serves the state."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._db = self._opened()

    def _opened(self) -> sqlite3.Connection:
        try:
            return _connected(self.path)
        except sqlite3.DatabaseError as error:
            # One that is locked, or on a full disk, is as good as before.
            if not _is_damage(error):
                raise EvmUnavailable("open its state", str(error)) from error
            _LOG.warning("the chain's state is made anew: %s", error)
            return self._anew()

    def is_whole(self) -> bool:
        """A look at every page, for a shelf that cannot be read."""
        try:
            [told] = self._db.execute("PRAGMA quick_check(1)").fetchone()
        except sqlite3.DatabaseError as error:
            return not _is_damage(error)
        return bool(told == "ok")

    def _anew(self) -> sqlite3.Connection:
        for suffix in ("", "-wal", "-shm"):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
        return _connected(self.path)

    def clear(self) -> None:
        """Forget everything: it is of another chain, or damaged."""
        _LOG.warning("the chain's state is made anew from its blocks")
        self._db.close()
        self._db = self._anew()

    def last(self) -> Mined | None:
        """The block whose state this is, without its transactions; None for an empty shelf."""
        return self._read(_LAST)

    def by_number(self, number: int) -> Mined | None:
        return self._read(_BY_NUMBER, number)

    def by_tx(self, tx_hash: bytes) -> Mined | None:
        return self._read(_BY_TX, tx_hash)

    def nonces(self) -> dict[Address, int]:
        """The next nonce of everybody who ever sent a transaction."""
        return dict(self._db.execute("SELECT address, nonce FROM sender"))

    def put(
        self, blocks: Sequence[Mined], accounts: Iterable[Account], nonces: Mapping[Address, int]
    ) -> None:
        """The next blocks with the state after them, or nothing. Raises sqlite3.Error."""
        accounts = list(accounts)
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.executemany("INSERT INTO block VALUES (?,?,?,?,?)", map(_row, blocks))
            hashes = [(r.tx_hash, m.block.number) for m in blocks for r in m.receipts]
            self._db.executemany("INSERT INTO tx VALUES (?,?)", hashes)
            self._db.executemany("INSERT OR REPLACE INTO sender VALUES (?,?)", nonces.items())
            told = [(a.address, hex(a.balance_wei), hex(a.nonce), a.code) for a in accounts]
            self._db.executemany(_ACCOUNT, told)
            self._db.executemany("INSERT OR REPLACE INTO slot VALUES (?,?,?)", _slots(accounts))

    def _read(self, query: str, *values: int | bytes) -> Mined | None:
        row = self._db.execute(query, values).fetchone()
        if row is None:
            return None
        *fields, outcomes = row
        block, told = Block(*fields), orjson.loads(outcomes)
        hashes = [bytes.fromhex(one[0]) for one in told]
        return Mined(block, (), receipts_of(block, hashes, [_outcome(*one[1:]) for one in told]))


class ShelvedBlocks(Blocks):
    """The last blocks in memory, all before them on a shelf, without their transactions' bytes."""

    def __init__(self, genesis: Block, shelf: Shelf) -> None:
        super().__init__(genesis)
        self._shelf = shelf
        last = shelf.last()
        self._shelved = -1 if last is None else last.block.number
        if last is not None:
            self._mined = [last]
            self._receipt_by_hash = {receipt.tx_hash: receipt for receipt in last.receipts}

    @property
    def waiting(self) -> list[Mined]:
        """Those that the shelf does not have yet, oldest first."""
        return [one for one in self._mined if one.block.number > self._shelved]

    def find(self, number: int) -> Mined | None:
        if number >= self._mined[0].block.number:
            return super().find(number)
        return self._shelf.by_number(number)

    def receipt(self, tx_hash: bytes) -> Receipt | None:
        receipt = super().receipt(tx_hash)
        if receipt is not None:
            return receipt
        mined = self._shelf.by_tx(tx_hash)
        receipts = () if mined is None else mined.receipts
        return next((one for one in receipts if one.tx_hash == tx_hash), None)

    def put_away(self, accounts: Iterable[Account]) -> None:
        """All blocks, with the state after the head; only the last stay in memory too.

        accounts: what has changed since this was last done. Raises sqlite3.Error; then nothing was.
        """
        waiting = self.waiting
        calls = [pending.opened for mined in waiting for pending in mined.transactions]
        nonces = {opened.call.sender: opened.nonce + 1 for opened in calls}
        self._shelf.put(waiting, accounts, nonces)
        self._shelved = self.head.number
        for one in self._mined[:-WINDOW]:
            for receipt in one.receipts:
                del self._receipt_by_hash[receipt.tx_hash]
        del self._mined[:-WINDOW]


def _is_damage(error: sqlite3.DatabaseError) -> bool:
    code = error.sqlite_errorcode
    return code & 0xFF in _OF_NO_USE or code == sqlite3.SQLITE_IOERR_SHORT_READ


def _connected(path: Path) -> sqlite3.Connection:
    """Raises sqlite3.DatabaseError, of code SQLITE_SCHEMA for a shelf of another version."""
    is_new = not path.exists()
    path.touch(mode=0o600)
    db = sqlite3.connect(path, timeout=_BUSY_S_MAX, isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = NORMAL")
    if is_new:
        db.executescript(f"BEGIN; {_SCHEMA} PRAGMA user_version = {_VERSION}; COMMIT;")
    [version] = db.execute("PRAGMA user_version").fetchone()
    if version != _VERSION:
        db.close()
        other = sqlite3.DatabaseError(f"version {version} instead of {_VERSION}")
        other.sqlite_errorcode = sqlite3.SQLITE_SCHEMA
        raise other
    # A damaged file often opens well.
    db.execute(_LAST).fetchone()
    return db


def _row(mined: Mined) -> tuple[int, bytes, bytes, int, bytes]:
    block = mined.block
    told = orjson.dumps([_told(receipt) for receipt in mined.receipts])
    return block.number, block.hash, block.parent_hash, block.time_s, told


def _slots(accounts: Iterable[Account]) -> Iterator[tuple[Address, bytes, bytes]]:
    for account in accounts:
        for key, value in account.slots:
            yield account.address, key.to_bytes(32), value.to_bytes(32)


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
