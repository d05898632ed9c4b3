import pytest

from sim.fault_kinds import KINDS, kinds_of
from sim.faults import HEAL_DAYS, Faults, Window, windows_of
from sim.receivables.chain_driver import ChainDriver
from sim.receivables.model import run_chain, simulate_receivables
from sim.scenario import scenario_of
from sim.streams import Luck
from sim.trace import first_difference
from sim.twins.patient_client import Unreachable
from sim.world import Task
from system.chain.records import REQUESTS
from system.errors import InputError
from system.limits import DAY_S
from tests.sim.faulty import BY_RAIL, broken, calm, fault, outcome, with_faults
from tests.sim.receivables_builders import small
from tests.sim.receivables_worlds import idle

HIDDEN = [kind.name for kind in KINDS.values() if kind.hidden and "receivables" in kind.products]
SEEN = [name for name in kinds_of("receivables") if name not in HIDDEN]
# The share of attempts that meet a kind, where it is not a twentieth.
SEVERITY = {"evm_timeout_before": 0.3, "evm_timeout_after": 0.3, "rail_duplicated": 1}
# Finality that no reorganisation of the plan reaches.
DEEP = {"confirmations_count": 8}


def refused(entry: dict[str, object]) -> InputError:
    data = small().as_data() | {"faults": [entry]}
    with pytest.raises(InputError) as caught:
        scenario_of(data, "test")
    return caught.value


def test_an_unknown_kind_is_refused_with_the_nearest_known_one() -> None:
    error = refused(fault("evm_timeout"))
    assert error.field == "faults.0.kind"
    assert "did you mean evm_timeout_" in error.remedy


def test_a_kind_of_another_product_is_refused() -> None:
    assert "no such fault" in refused(fault("feed_late")).remedy


def test_a_fault_is_either_scheduled_or_drawn() -> None:
    for when in ({"for": 1}, {"for": 1, "at": 1, "every": 2}):
        assert "either at" in refused({"kind": "reorg", "severity": 1, **when}).remedy
    assert "more than 0" in refused(fault("reorg", **{"for": 1, "every": 0})).remedy


def test_drawn_faults_come_at_the_stated_rate_and_leave_time_to_heal() -> None:
    data = small("horizon_days=1000").as_data()
    data["faults"] = [fault("reorg", **{"for": 0.01, "every": 4})]
    scenario = scenario_of(data, "test")
    counts = []
    for replication in range(20):
        windows = windows_of(scenario, "chain", Luck(scenario.seed, replication), 0)
        assert max(window.until_s for window in windows) <= (1010 - HEAL_DAYS) * DAY_S
        counts.append(len(windows))
    assert len(set(counts)) > 1
    assert 235 <= sum(counts) / 20 <= 265


def test_taking_one_fault_away_changes_no_other() -> None:
    both = with_faults(fault("reorg"), fault("nonce_gap", **{"every": 3, "for": 1}))
    one = with_faults(fault("gas_spike"), fault("nonce_gap", **{"every": 3, "for": 1}))
    luck = Luck(1, 0)
    first, second = (
        [w for w in windows_of(scenario, "chain", luck, 0) if w.kind == "nonce_gap"]
        for scenario in (both, one)
    )
    assert first == second
    window, struck = first[0], []
    for windows in (first, [*first, Window("reorg", 0, 10**9, 1.0)]):
        faults = Faults(tuple(windows), luck, lambda: window.from_s)
        struck.append([faults.strikes("nonce_gap") for _ in range(50)])
    assert struck[0] == struck[1]


def test_an_arm_may_be_spared() -> None:
    scenario = with_faults(fault("reorg"), arm={"faults": False})
    assert windows_of(scenario, "chain", Luck(1, 0), 0) == ()
    assert windows_of(scenario, "paper", Luck(1, 0), 0)


@pytest.mark.parametrize("kind", HIDDEN)
def test_a_hidden_fault_leaves_no_trace_in_the_events(kind: str) -> None:
    by_rail = kind.startswith("rail")
    entry = fault(kind, SEVERITY.get(kind, 0.05))
    disturbed = outcome(with_faults(entry, arm=BY_RAIL if by_rail else None))
    assert disturbed.runtime[f"fault.{kind}"] >= 10
    assert first_difference(calm(by_rail).log, disturbed.log) is None
    assert disturbed.metrics == calm(by_rail).metrics
    assert not broken(disturbed)


@pytest.mark.parametrize("kind", SEEN)
def test_every_invariant_holds_under_a_fault_that_shows(kind: str) -> None:
    disturbed = outcome(with_faults(fault(kind, 0.5, every=3, **{"for": 0.7}), arm=DEEP))
    assert disturbed.runtime[f"fault.{kind}"] >= 1
    assert not broken(disturbed)


def test_all_faults_at_once_heal_and_everything_accepted_completes() -> None:
    storm = [fault(kind, 0.1, every=4, **{"for": 0.3}) for kind in kinds_of("receivables")]
    scenario = with_faults(*storm, arm=DEEP | BY_RAIL)
    task = Task(scenario, "chain", 0, "columns", "revm", "memory")
    economy, platform = run_chain(task)
    assert len(economy.faults.struck) >= 14
    with platform.system.store.transaction() as unit:
        requests = unit.scan(REQUESTS)
    states = {request.state for request in requests}
    assert "disbursed" in states
    assert not states & {"splitting", "signing", "disbursing"}


class NoBlocks:
    def head(self) -> None:
        return None


class Silent:
    """A service that has nothing to send and does not answer the first question."""

    asked = 0

    def relay(self) -> int:
        return 0

    def confirm(self) -> list[object]:
        self.asked += 1
        if self.asked == 1:
            raise Unreachable("confirm")
        return []


def test_what_happened_is_told_even_if_there_is_nothing_to_send_any_more() -> None:
    economy, told = idle(), list[object]()
    driver = ChainDriver(economy, Silent(), NoBlocks(), lambda: iter(["stored"]))  # type: ignore
    driver.handle = told.append
    driver.drain()
    assert not told
    economy.engine.run(economy.engine.now_s + 600)
    assert told == ["stored"]
    assert driver.is_at_rest


@pytest.mark.parametrize("kind", ["store_locked", "rpc_rate_limit", "evm_timeout_before"])
def test_who_finds_the_platform_out_of_reach_comes_back_and_gets_through(kind: str) -> None:
    away = outcome(with_faults(fault(kind, 1, at=5, **{"for": 2})))
    assert first_difference(calm().log, away.log) is not None
    assert not broken(away)
    kinds = {event.kind for event in away.log.events()}
    assert {"accepted", "funded", "payout"} <= kinds


def test_without_confirmations_a_deep_reorganisation_is_caught_by_the_auditor() -> None:
    deep = fault("reorg", 0.5, every=3, **{"for": 0.1})
    found = broken(outcome(with_faults(deep)))
    assert found["ledger_equals_chain"].startswith("day 1"), "on the day, not only at the end"
    assert not broken(outcome(with_faults(deep, arm=DEEP)))


def test_a_rail_that_is_down_delays_cash_in_both_arms() -> None:
    down = fault("rail_down", 1, at=8, **{"for": 10})
    for arm in ("paper", "chain"):
        disturbed = outcome(with_faults(down), arm)
        assert disturbed.runtime["fault.rail_down"] >= 1
        assert not broken(disturbed)
        start_s = 1_767_542_400
        days = {
            (event.at_s - start_s) // DAY_S
            for event in disturbed.log.events()
            if event.kind in ("funded", "paid")
        }
        assert not days & set(range(8, 18))
        assert max(days) >= 18


@pytest.mark.slow
def test_both_wirings_meet_the_same_faults() -> None:
    scenario = with_faults(
        fault("evm_timeout_after"), fault("store_locked", 0.1), fault("transaction_dropped", 0.2)
    )
    fast = outcome(scenario)
    full = simulate_receivables(Task(scenario, "chain", 0, "full", "embedded", "sqlite"))
    assert first_difference(fast.log, full.log) is None
    assert not broken(full)
