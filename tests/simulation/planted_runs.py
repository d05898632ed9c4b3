"""The runs under which defects are planted, and what each run says about a defect.

A defect is caught by an invariant that broke, by a run that stopped, or by events or books that
differ from the undisturbed run's where the faults should leave no trace.
"""

from dataclasses import replace
from typing import Any

from sim.failure import Failure, attempt
from sim.fault_kinds import KINDS
from sim.scenario import Scenario, scenario_of
from sim.trace import first_difference
from sim.world import Outcome, Task
from tests.sim.faulty import calm as calm_receivables
from tests.sim.faulty import with_faults
from tests.sim.faulty_credit import calm as calm_credit
from tests.sim.faulty_credit import credit_with, played, taught
from tests.sim.faulty_leasing import calm as calm_leasing
from tests.sim.faulty_leasing import leasing_with
from tests.sim.joint_runs import WATCHED, task
from tests.simulation.planted import ALL, Defect, planted

_ARMS: dict[str, dict[str, Any]] = {
    "receivables": {},
    "confirmed": {"confirmations_count": 8},
    "rail": {"pays_by_rail": True},
}
# The wiring of machines' readings.
_WIRINGS = {"leasing": "columns", "broker": "full"}


def caught_by(defect: Defect) -> str:
    """What caught it: an invariant's name, or how the run gave it away; "" for nothing."""
    runs = {"credit": _in_credit, "leasing": _in_leasing, "broker": _in_leasing, "joint": _in_joint}
    run = runs.get(defect.run, _in_receivables)
    return run(defect)


def _in_leasing(defect: Defect) -> str:
    scenario, calm = leasing_with(*defect.faults), calm_leasing()
    with planted(defect):
        task = Task(scenario, "usage", 0, _WIRINGS[defect.run], "revm", "memory")
        outcome, failure = attempt(task)
    if failure is not None:
        return _words(failure)
    assert outcome is not None
    return _trace(calm, outcome) if _is_hidden(defect) else ""


def _in_joint(defect: Defect) -> str:
    """Contagion with a desk that sees everybody."""
    with planted(defect):
        _, failure = attempt(task("joint-contagion", "joint", *WATCHED))
    return _words(failure) if failure is not None else ""


def _in_receivables(defect: Defect) -> str:
    scenario = _scenario(defect)
    calm = calm_receivables(by_rail=defect.run == "rail")
    with planted(defect):
        outcome, failure = attempt(Task(scenario, "chain", 0, "columns", "revm", "memory"))
    if failure is not None:
        return _words(failure)
    assert outcome is not None
    leaves_no_trace = defect.run in ("receivables", "rail") and _is_hidden(defect)
    return _trace(calm, outcome) if leaves_no_trace else ""


def _scenario(defect: Defect) -> Scenario:
    scenario = with_faults(*defect.faults, arm=_ARMS.get(defect.run))
    if defect.run != "repaid":
        return scenario
    data = scenario.as_data()
    data["horizon_days"] = 80
    data["parameters"]["term_days_options"]["value"] = [45, 45]
    return scenario_of(data, "test")


def _words(failure: Failure) -> str:
    return failure.what if failure.what != "crashed" else f"crash: {failure.error[:60]}"


def _trace(calm: Outcome, disturbed: Outcome) -> str:
    same = first_difference(calm.log, disturbed.log) is None
    return "" if same else "equal to the undisturbed run"


def _in_credit(defect: Defect) -> str:
    taught()
    calm = calm_credit()
    with planted(defect):
        try:
            found = played(credit_with(*defect.faults))
        except Exception as error:
            return f"crash: {type(error).__name__}: {error}"[:70]
    broken = [name for name, state in found.verdicts.items() if state != "held"]
    if broken:
        return broken[0]
    same = not defect.faults or (found.state, found.feeds) == (calm.state, calm.feeds)
    return "" if same else "equal to the undisturbed run"


def _is_hidden(defect: Defect) -> bool:
    return bool(defect.faults) and all(KINDS[entry["kind"]].hidden for entry in defect.faults)


def clean_runs() -> list[str]:
    """What breaks under the same faults where a line is changed into itself: nothing may."""
    kept = {"where": "system.ledger.idempotency:once", "old": "if key", "new": "if key"}
    runs = {(one.run, repr(one.faults)): replace(one, **kept) for one in ALL}
    found = {str(key): caught_by(defect) for key, defect in runs.items()}
    return [f"{key}: {what}" for key, what in found.items() if what]
