"""Transfers through the ledger, beside bare sqlite3 doing the same rows.

Every wiring does the same transfers, so every digest of final balances must be the same.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from functools import partial
from tempfile import TemporaryDirectory

from benchmarks.workload import Answer, Contender, Work, Workload
from system.adapters.group_commit import GroupCommitter
from system.adapters.memory_store import MemoryStore
from system.adapters.sql_store import SqlStore
from system.ledger import ledger
from system.ledger.records import ACCOUNTS, LEDGER_TABLES, Account, TransferRequest
from system.ports.store import Store

ACCOUNTS_COUNT = 200
CLIENTS = 64
NOW_S = 1_767_225_600

Requests = Sequence[TransferRequest]


def transfers(count: int) -> list[TransferRequest]:
    """Transfers between accounts without floors, from arithmetic alone."""
    return [
        TransferRequest(
            f"t{n:08d}",
            f"a{n * 7 % ACCOUNTS_COUNT:03d}",
            f"a{(n * 7 + 1 + n % (ACCOUNTS_COUNT - 1)) % ACCOUNTS_COUNT:03d}",
            1 + n * 31 % 9_973,
        )
        for n in range(count)
    ]


def _accounts() -> list[Account]:
    return [Account(f"a{n:03d}", "bench", "credit", None) for n in range(ACCOUNTS_COUNT)]


def _batches(requests: Requests, size: int) -> list[Requests]:
    return [requests[start : start + size] for start in range(0, len(requests), size)]


Post = Callable[[Store, Requests], None]


def _in_batches(size: int, store: Store, requests: Requests) -> None:
    """One transaction per batch."""
    for part in _batches(requests, size):
        with store.transaction() as unit:
            ledger.post(unit, part, NOW_S)


def _in_groups(store: Store, requests: Requests) -> None:
    """From clients that each wait for an answer before asking again."""
    with closing(GroupCommitter(store)) as committer, ThreadPoolExecutor(CLIENTS) as pool:

        def client(number: int) -> None:
            for request in requests[number::CLIENTS]:
                committer.submit(partial(ledger.post, requests=[request], now_s=NOW_S)).result()

        list(pool.map(client, range(CLIENTS)))


@contextmanager
def _store(kind: str) -> Iterator[Store]:
    with TemporaryDirectory() as folder:
        store: Store = (
            SqlStore(f"sqlite:///{folder}/ledger.db", LEDGER_TABLES)
            if kind == "sqlite"
            else MemoryStore(LEDGER_TABLES)
        )
        with closing(store):
            yield store


@contextmanager
def _ledger(kind: str, post: Post, count: int) -> Iterator[Work]:
    requests = transfers(count)
    with _store(kind) as store:
        with store.transaction() as unit:
            ledger.open_accounts(unit, _accounts())

        def balances() -> list[tuple[str, int]]:
            with store.transaction() as unit:
                return [(row.account_id, row.balance_fen) for row in unit.scan(ACCOUNTS)]

        def work() -> Answer:
            post(store, requests)
            return Answer(len(requests), balances)

        yield work


_BARE_SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
CREATE TABLE balance (id TEXT PRIMARY KEY, fen INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE journal (id TEXT PRIMARY KEY, at_s INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE posting (id TEXT, account TEXT, fen INTEGER, PRIMARY KEY (id, account)) WITHOUT ROWID;
"""


@contextmanager
def _bare(size: int, count: int) -> Iterator[Work]:
    """The peer: journal row, two postings, two balance updates; no checks, no idempotent answer."""
    parts = _batches(transfers(count), size)
    with (
        TemporaryDirectory() as folder,
        closing(sqlite3.connect(f"{folder}/bare.db", isolation_level=None)) as connection,
    ):
        connection.executescript(_BARE_SCHEMA)
        connection.executemany(
            "INSERT INTO balance VALUES (?, 0)", [(row.account_id,) for row in _accounts()]
        )

        def balances() -> list[tuple[str, int]]:
            return connection.execute("SELECT id, fen FROM balance ORDER BY id").fetchall()

        def work() -> Answer:
            for part in parts:
                _post_bare(connection, part)
            return Answer(count, balances)

        yield work


def _post_bare(connection: sqlite3.Connection, part: Requests) -> None:
    legs = [(r.transfer_id, r.debit_account_id, -r.amount_fen) for r in part]
    legs += [(r.transfer_id, r.credit_account_id, r.amount_fen) for r in part]
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany(
        "INSERT INTO journal VALUES (?, ?)", [(r.transfer_id, NOW_S) for r in part]
    )
    connection.executemany("INSERT INTO posting VALUES (?, ?, ?)", legs)
    connection.executemany(
        "UPDATE balance SET fen = fen + ? WHERE id = ?", [(fen, name) for _, name, fen in legs]
    )
    connection.execute("COMMIT")


def _contenders(count: int, rounds: int) -> Iterable[Contender]:
    for size in (1, 100):
        yield Contender(f"bare sqlite3, batch {size}", partial(_bare, size, count), rounds)
    bare_1, bare_100 = "bare sqlite3, batch 1", "bare sqlite3, batch 100"
    for title, kind, post, peer in (
        ("sqlite, batch 1", "sqlite", partial(_in_batches, 1), bare_1),
        ("sqlite, batch 100", "sqlite", partial(_in_batches, 100), bare_100),
        (f"sqlite, group commit, {CLIENTS} clients", "sqlite", _in_groups, bare_1),
        ("memory, batch 1", "memory", partial(_in_batches, 1), bare_1),
        ("memory, batch 100", "memory", partial(_in_batches, 100), bare_100),
        ("memory, batch 1,000", "memory", partial(_in_batches, 1_000), bare_100),
    ):
        yield Contender(
            f"ledger on {title}", partial(_ledger, kind, post, count), rounds, peer=peer
        )


TRANSFERS = Workload(
    "ledger",
    "transfers",
    {
        "small": partial(_contenders, count=2_000, rounds=1),
        "full": partial(_contenders, count=20_000, rounds=3),
    },
)
