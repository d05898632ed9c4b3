"""Transfers per second of the ledger, beside bare sqlite3 doing the same rows in the same run.

    python -m benchmarks.ledger [small|full]

Every wiring does the same transfers, so every digest of final balances must be the same.
"""

import hashlib
import shutil
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from system.adapters.group_commit import GroupCommitter
from system.adapters.memory_store import MemoryStore
from system.adapters.sql_store import SqlStore
from system.ledger import ledger
from system.ledger.records import ACCOUNTS, LEDGER_TABLES, Account, TransferRequest
from system.ports.store import Store

ACCOUNTS_COUNT = 200
CLIENTS = 64
NOW_S = 1_767_225_600
TRANSFERS_COUNT = {"small": 2_000, "full": 50_000}


@dataclass(frozen=True, slots=True)
class Result:
    name: str
    transfers_per_s: float
    digest: str


def workload(count: int) -> list[TransferRequest]:
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


def accounts() -> list[Account]:
    return [Account(f"a{n:03d}", "bench", "credit", None) for n in range(ACCOUNTS_COUNT)]


def batches(requests: list[TransferRequest], size: int) -> Iterator[list[TransferRequest]]:
    return (requests[start : start + size] for start in range(0, len(requests), size))


def digest_of(balances: Sequence[tuple[str, int]]) -> str:
    return hashlib.sha256(repr(sorted(balances)).encode()).hexdigest()[:16]


def in_batches(store: Store, requests: list[TransferRequest], size: int) -> float:
    """Seconds for all, one transaction per batch."""
    parts = list(batches(requests, size))
    start = time.perf_counter()
    for part in parts:
        with store.transaction() as unit:
            ledger.post(unit, part, NOW_S)
    return time.perf_counter() - start


def in_groups(store: Store, requests: list[TransferRequest], clients: int) -> float:
    """Seconds for all, from clients that each wait for an answer before asking again."""
    committer = GroupCommitter(store)

    def client(number: int) -> None:
        for request in requests[number::clients]:
            committer.submit(lambda unit: ledger.post(unit, [request], NOW_S)).result()  # noqa: B023

    start = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        list(pool.map(client, range(clients)))
    elapsed_s = time.perf_counter() - start
    committer.close()
    return elapsed_s


def on_store(
    name: str, store: Store, requests: list[TransferRequest], run: Callable[[], float]
) -> Result:
    with store.transaction() as unit:
        ledger.open_accounts(unit, accounts())
    elapsed_s = run()
    with store.transaction() as unit:
        rows = unit.scan(ACCOUNTS)
    store.close()
    digest = digest_of([(row.account_id, row.balance_fen) for row in rows])
    return Result(name, len(requests) / elapsed_s, digest)


BARE_SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
CREATE TABLE balance (id TEXT PRIMARY KEY, fen INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE journal (id TEXT PRIMARY KEY, at_s INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE posting (id TEXT, account TEXT, fen INTEGER, PRIMARY KEY (id, account)) WITHOUT ROWID;
"""


def on_bare_sqlite(path: str, requests: list[TransferRequest], size: int) -> Result:
    """The peer: journal row, two postings, two balance updates; no checks, no idempotent answer."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.executescript(BARE_SCHEMA)
    connection.executemany(
        "INSERT INTO balance VALUES (?, 0)", [(row.account_id,) for row in accounts()]
    )
    start = time.perf_counter()
    for part in batches(requests, size):
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
    elapsed_s = time.perf_counter() - start
    rows = connection.execute("SELECT id, fen FROM balance").fetchall()
    connection.close()
    return Result(f"bare sqlite3, batch {size}", len(requests) / elapsed_s, digest_of(rows))


def run(size: str) -> list[Result]:
    """Each wiring once, on its own fresh file."""
    requests = workload(TRANSFERS_COUNT[size])
    folder = tempfile.mkdtemp(prefix="shapan-bench-")
    results = []
    try:
        for batch in (1, 100):
            results.append(on_bare_sqlite(f"{folder}/bare{batch}.db", requests, batch))
            store: Store = SqlStore(f"sqlite:///{folder}/{batch}.db", LEDGER_TABLES)
            results.append(_batched(f"ledger on sqlite, batch {batch}", store, requests, batch))
        store = SqlStore(f"sqlite:///{folder}/group.db", LEDGER_TABLES)
        name = f"ledger on sqlite, group commit, {CLIENTS} clients"
        results.append(_grouped(name, store, requests))
        for batch in (1, 100, 1_000):
            name = f"ledger in memory, batch {batch}"
            results.append(_batched(name, MemoryStore(LEDGER_TABLES), requests, batch))
    finally:
        shutil.rmtree(folder)
    return results


def _batched(name: str, store: Store, requests: list[TransferRequest], size: int) -> Result:
    return on_store(name, store, requests, lambda: in_batches(store, requests, size))


def _grouped(name: str, store: Store, requests: list[TransferRequest]) -> Result:
    return on_store(name, store, requests, lambda: in_groups(store, requests, CLIENTS))


def main() -> None:
    size = sys.argv[1] if len(sys.argv) > 1 else "small"
    results = run(size)
    base = results[0].transfers_per_s
    for result in results:
        ratio = result.transfers_per_s / base
        print(f"{result.transfers_per_s:12,.0f}/s {ratio:7.2f}x  {result.digest}  {result.name}")
    assert len({result.digest for result in results}) == 1, "wirings disagree on balances"


if __name__ == "__main__":
    main()
