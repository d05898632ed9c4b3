"""kill -9 while money is under way: nothing committed is lost, nothing is paid twice."""

import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from benchmarks.anvil import anvil
from sim.checks.auditor import ledger_balances
from sim.checks.chain_log import entries
from system.adapters.evm_http import HttpChain
from system.adapters.keys import KeyRing
from system.adapters.sql_store import SqlStore
from system.bootstrap import SETUP_S, TABLES
from system.ledger.idempotency import IDEMPOTENCY
from system.ledger.records import ACCOUNTS, TRANSFERS
from system.settings import CHAIN_ID_DEFAULT
from tests.ports.evm_worlds import required_anvil
from tests.sim.toy_runs import document, environment_of
from tests.simulation.killed_service import INVOICES
from tests.system.receivables_world import SECRET, START_S

ACKNOWLEDGED = re.compile(r"(\S+) = (\S+)\n")
# Killed as soon as this is heard: in set-up, between commands, between sending and the block,
# between the block and its confirmation, while cash is on its way out, and on its way in.
KILLED_AT = (
    r"born",
    r"register/3 ",
    r"relayed [1-9]",
    r"sealed",
    r"take/",
    r"relayed [1-9]",
    r"pay/",
)


def _start(store: str, node: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.simulation.killed_service", store, node],
        env=environment_of(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def _killed_life(store: str, node: str, last_words: str) -> list[str]:
    """What a service said until it was killed, soon after a line that starts with these words."""
    with _start(store, node) as child:
        assert child.stdout is not None
        heard = []
        for line in child.stdout:
            heard.append(line)
            if re.match(f"{last_words}|done", line):
                break
        # Somewhere in the next few steps; set-up takes longer than the others.
        time.sleep(0.4 if last_words == "born" else 0.002 * (len(heard) % 4))
        child.send_signal(signal.SIGKILL)
        heard += child.stdout.readlines()
    assert child.returncode == -signal.SIGKILL
    return heard


def _whole_life(store: str, node: str) -> list[str]:
    with _start(store, node) as child:
        heard = child.communicate()[0].splitlines(keepends=True)
    assert heard[-1] == "done\n", "".join(heard[-3:])
    return heard


def _books(url: str) -> tuple[dict[str, int], dict[str, tuple[str, str, int]], set[str]]:
    """Balances, transfers and the commands that were answered. The balances add up."""
    store = SqlStore(url, TABLES)
    with store.transaction() as unit:
        accounts, transfers = unit.scan(ACCOUNTS), unit.scan(TRANSFERS)
        answered = {row.key for row in unit.scan(IDEMPOTENCY)}
    store.close()
    balances = {row.account_id: row.balance_fen for row in accounts}
    assert sum(row.debits_posted_fen - row.credits_posted_fen for row in accounts) == 0
    assert not any(row.debits_pending_fen or row.credits_pending_fen for row in accounts)
    moved = {
        row.transfer_id: (row.debit_account_id, row.credit_account_id, row.amount_fen)
        for row in transfers
    }
    return balances, moved, answered


@contextmanager
def _node() -> Iterator[str]:
    genesis_time_s = START_S - SETUP_S
    with anvil(required_anvil(), chain_id=CHAIN_ID_DEFAULT, genesis_time_s=genesis_time_s) as url:
        yield url


def _on_chain(node: str) -> Counter[str]:
    return Counter(entry.name for entry in entries(HttpChain(node, KeyRing(SECRET))))


@pytest.mark.slow
@pytest.mark.anvil
def test_a_service_killed_at_any_point_ends_as_if_undisturbed(tmp_path: Path) -> None:
    calm, killed = (f"sqlite:///{tmp_path}/{name}.db" for name in ("calm", "killed"))
    with _node() as node:
        _whole_life(calm, node)
        once = _on_chain(node)
    with _node() as node:
        heard = [line for words in KILLED_AT for line in _killed_life(killed, node, words)]
        heard += _whole_life(killed, node)
        assert _on_chain(node) == once, "each effect is on the chain once"
    assert (once["Disbursed"], once["Paid"]) == (INVOICES - 1, INVOICES)
    balances, moved, answered = _books(killed)
    assert (balances, moved) == _books(calm)[:2]
    told = [found.groups() for line in heard if (found := ACKNOWLEDGED.fullmatch(line))]
    assert len(told) > len(dict(told)), "later lives repeat what they do not know"
    assert len(set(told)) == len(dict(told)), "a repeat gets the answer of the first time"
    assert {command for command, _ in told} <= answered


SMALL = tuple(
    part
    for path in (
        "warmup_days=3",
        "populations.core.count=2",
        "populations.tier1.count=4",
        "populations.tier2.count=4",
        "populations.tier3.count=3",
    )
    for part in ("--set", path)
)


def _line(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "sim", "run", *arguments, "--json", "--workers", "1"]


def _study(folder: Path) -> list[str]:
    """Three small replications on SQL and py-evm, books kept beside the run folder."""
    store = f"sqlite:///{folder}/books.db"
    wish = ("--wiring", "full", "--store", store, "--arms", "chain", "--replications", "3")
    small = (*SMALL, "--horizon-days", "20", "--out", f"{folder}/run")
    return _line("receivables", *wish, *small)


def _run(line: list[str]) -> dict[str, Any]:
    done = subprocess.run(
        line, env=environment_of(), capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stderr
    return document(done)


def _committed(path: Path) -> set[str]:
    """The transfers that stand in the file; empty while there is none."""
    if not path.exists():
        return set()
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        tables = "SELECT 1 FROM sqlite_master WHERE name = ?"
        if connection.execute(tables, (TRANSFERS.name,)).fetchone() is None:
            return set()
        rows = connection.execute(f"SELECT transfer_id FROM {TRANSFERS.name}")
        return {transfer_id for (transfer_id,) in rows}


def _killed_in_mid_run(line: list[str], books: Path, enough: int) -> set[str]:
    """Kill a study and its workers while a task posts; the transfers that had been committed."""
    # A group of its own: the signal reaches the worker that holds the books, and nobody else.
    with subprocess.Popen(
        line, env=environment_of(), stdout=subprocess.DEVNULL, start_new_session=True
    ) as study:
        deadline = time.monotonic() + 120
        while len(seen := _committed(books)) < enough:
            assert study.poll() is None, "it ended before it was killed"
            assert time.monotonic() < deadline, "no task has posted anything"
            time.sleep(0.01)
        os.killpg(study.pid, signal.SIGKILL)
    return seen


@pytest.mark.slow
def test_a_killed_run_keeps_its_postings_and_resumes_to_the_same_digest(tmp_path: Path) -> None:
    calm, cut = tmp_path / "calm", tmp_path / "cut"
    calm.mkdir()
    cut.mkdir()
    digest = _run(_study(calm))["digest"]
    books = cut / "books-chain-1.db"
    seen = _killed_in_mid_run(_study(cut), books, len(_committed(calm / books.name)) // 3)
    assert seen
    store = SqlStore(f"sqlite:///{books}", TABLES)
    with store.transaction() as unit:
        accounts, transfers = unit.scan(ACCOUNTS), unit.scan(TRANSFERS)
    store.close()
    assert seen <= {row.transfer_id for row in transfers}
    posted_fen = {
        row.account_id: row.credits_posted_fen - row.debits_posted_fen for row in accounts
    }
    rebuilt_fen = ledger_balances(transfers)
    assert posted_fen == {account: rebuilt_fen.get(account, 0) for account in posted_fen}
    assert _run(_line("--resume", f"{cut}/run"))["digest"] == digest
