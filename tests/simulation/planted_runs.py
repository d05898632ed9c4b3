"""The runs under which defects are planted, and what each run says about a defect.

A defect is caught by an invariant that broke, by a run that stopped, or by events or books that
differ from the undisturbed run's where the faults should leave no trace.
"""

from dataclasses import replace
from typing import Any

from sim.failure import attempt
from sim.trace import first_difference
from sim.world import Task
from tests.sim.faulty import calm as calm_receivables
from tests.sim.faulty import with_faults
from tests.sim.faulty_credit import calm as calm_credit
from tests.sim.faulty_credit import credit_with, played, taught
from tests.sim.leasing_runs import task as leasing
from tests.simulation.planted import ALL, Defect, planted

_ARMS: dict[str, dict[str, Any]] = {
    "receivables": {},
    "confirmed": {"confirmations_count": 8},
}
_HIDDEN = ("service_killed", "disk_full", "evm_timeout_after", "evm_timeout_before")


def caught_by(defect: Defect) -> str:
    """What caught it: an invariant's name, or how the run gave it away; "" for nothing."""
    run = {"credit": _in_credit, "leasing": _in_leasing}.get(defect.run, _in_receivables)
    return run(defect)


def _in_leasing(defect: Defect) -> str:
    with planted(defect):
        _, failure = attempt(leasing("usage", "horizon_days=30"))
    return "" if failure is None else failure.what


def _in_receivables(defect: Defect) -> str:
    scenario = with_faults(*defect.faults, arm=_ARMS[defect.run])
    calm = calm_receivables()
    with planted(defect):
        outcome, failure = attempt(Task(scenario, "chain", 0, "columns", "revm", "memory"))
    if failure is not None:
        return failure.what if failure.what != "crashed" else f"crash: {failure.error[:60]}"
    assert outcome is not None
    leaves_no_trace = defect.run == "receivables" and _is_hidden(defect)
    if leaves_no_trace and first_difference(calm.log, outcome.log) is not None:
        return "equal to the undisturbed run"
    return ""


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
    return bool(defect.faults) and all(entry["kind"] in _HIDDEN for entry in defect.faults)


def clean_runs() -> list[str]:
    """What breaks under the same faults where a line is changed into itself: nothing may."""
    kept = {"where": "system.ledger.idempotency:once", "old": "if key", "new": "if key"}
    runs = {(one.run, repr(one.faults)): replace(one, **kept) for one in ALL}
    found = {str(key): caught_by(defect) for key, defect in runs.items()}
    return [f"{key}: {what}" for key, what in found.items() if what]
