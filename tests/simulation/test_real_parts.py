"""The receivables product on a real node and a real database, one task after another."""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from benchmarks.anvil import anvil
from sim.prepare import Wish, prepare
from sim.receivables.model import run_chain, simulate_receivables
from sim.receivables.network import BANKS
from sim.scenario import Scenario
from sim.world import Task
from system.adapters.evm_devnode import start_over
from system.adapters.evm_http import HttpChain
from system.adapters.keys import KeyRing
from system.chain.commands import ChangeKyc
from system.errors import EvmUnavailable, InputError, IntegrityError
from system.parties.records import KycStep
from system.ports.evm import Call
from system.settings import CHAIN_ID_DEFAULT
from tests.ports.evm_worlds import required_anvil
from tests.postgres import fresh_database
from tests.sim.receivables_builders import small
from tests.sim.toy_runs import document, environment_of

TINY = (
    "warmup_days=3",
    "horizon_days=20",
    "populations.core.count=2",
    "populations.tier1.count=4",
    "populations.tier2.count=4",
    "populations.tier3.count=3",
)
# Twice the same replication: the second time must not meet what the first one left.
REPLICATIONS = (0, 1, 0)
# After the scenario's days: the node has to go back in time.
LATE_S = 2_000_000_000


def _digests(evm: str, store: str) -> list[str]:
    scenario: Scenario = small(*TINY)
    tasks = [Task(scenario, "chain", number, "full", evm, store) for number in REPLICATIONS]
    outcomes = [simulate_receivables(task) for task in tasks]
    assert all(set(outcome.invariants.values()) == {"held"} for outcome in outcomes)
    return [outcome.log.digest() for outcome in outcomes]


@pytest.fixture(scope="module")
def expected() -> list[str]:
    digests = _digests("revm", "memory")
    assert digests[0] == digests[2] != digests[1]
    return digests


@pytest.fixture
def database(postgres_url: str) -> Iterator[str]:
    with fresh_database(postgres_url) as url:
        yield url


@pytest.fixture(scope="module")
def node() -> Iterator[str]:
    with anvil(required_anvil(), chain_id=CHAIN_ID_DEFAULT, genesis_time_s=LATE_S) as url:
        yield url


def test_embedded_parts_give_the_same_digests(expected: list[str]) -> None:
    assert _digests("embedded", "sqlite") == expected


@pytest.mark.postgres
def test_one_database_serves_task_after_task(expected: list[str], database: str) -> None:
    assert _digests("revm", database) == expected
    with psycopg.connect(database) as connection:
        left = "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'shapan_task_%'"
        assert connection.execute(left).fetchall() == []


@pytest.mark.anvil
def test_one_node_serves_task_after_task(expected: list[str], node: str) -> None:
    assert _digests(node, "memory") == expected


@pytest.mark.slow
@pytest.mark.anvil
@pytest.mark.postgres
def test_the_command_line_gives_one_digest_on_every_wiring(
    node: str, database: str, tmp_path: Any
) -> None:
    real = ("--wiring", "full", "--evm", node, "--store", database)
    documents = [
        _shapan_run(f"{tmp_path}/{name}", *parts)
        for name, parts in (("real", real), ("columns", ("--wiring", "columns")))
    ]
    assert [found["status"] for found in documents] == ["ok", "ok"]
    assert documents[0]["invariants"]["wirings_agree"] == "held"
    assert documents[0]["digest"] == documents[1]["digest"]
    assert documents[0]["metrics"] == documents[1]["metrics"]


def _shapan_run(out: str, *parts: str) -> dict[str, Any]:
    sets = [part for path in TINY for part in ("--set", path)]
    wish = ("--arms", "chain", "--replications", "2", "--workers", "2", "--out", out, "--json")
    line = [sys.executable, "-m", "sim", "run", "receivables", *parts, *sets, *wish]
    done = subprocess.run(
        line, env=environment_of(), capture_output=True, text=True, timeout=200, check=False
    )
    assert done.returncode == 0, done.stderr
    return document(done)


def test_tasks_that_share_a_node_run_one_at_a_time(tmp_path: Any) -> None:
    def plan(evm: str | None) -> Any:
        wish = Wish("receivables", wiring="full", evm=evm)
        return prepare(wish, lambda plan: tmp_path / "run").plan

    assert plan("http://127.0.0.1:8545").at_most() == 1
    assert plan(None).at_most() is None


@pytest.mark.anvil
def test_what_waited_in_the_node_is_forgotten_with_its_blocks(node: str) -> None:
    keys = KeyRing(b"a secret of the tests only")
    chain = HttpChain(node, keys)
    sender = keys.address("sender")
    start_over(node, 1_700_000_000)
    chain.send([chain.prepare(Call(sender, sender, b"", 30_000), 0)])
    start_over(node, 1_600_000_000)
    assert chain.head().time_s == 1_600_000_000
    sealed = chain.seal(1_600_000_005)
    assert chain.block_receipts(sealed.number) == []
    assert chain.nonce(sender) == 0


def test_a_block_that_somebody_else_sealed_stops_the_task() -> None:
    _, platform = run_chain(Task(small(*TINY), "chain", 0, "columns", "revm", "memory"))
    chain = platform.system.chain
    chain.seal(chain.head().time_s + 1)
    platform.service.change_kyc([ChangeKyc("k", BANKS[0], KycStep.SUSPEND)])
    with pytest.raises(IntegrityError, match="nobody else"):
        platform.driver.finish()


@pytest.mark.anvil
def test_a_node_with_an_order_of_its_own_is_refused() -> None:
    program = required_anvil()
    options = {"chain_id": CHAIN_ID_DEFAULT, "genesis_time_s": LATE_S, "order": "fees"}
    with anvil(program, **options) as url, pytest.raises(InputError, match="--order fifo"):
        start_over(url, 1_700_000_000)


def test_a_node_that_is_not_there_is_unavailable() -> None:
    with pytest.raises(EvmUnavailable):
        start_over("http://127.0.0.1:1", 1_700_000_000)
