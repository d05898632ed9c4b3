"""Faults as bars over a run's days."""

from sim.console.views import timeline


def test_a_fault_lies_where_it_happened_and_ends_with_the_run() -> None:
    faults = [
        {"kind": "a", "at": 10, "for": 5, "severity": 1},
        {"kind": "b", "at": 95, "for": 50, "severity": 1},
    ]
    faults.append({"kind": "c", "every": 30, "for": 1, "severity": 1})
    told = timeline({"warmup_days": 20, "horizon_days": 80, "faults": faults})
    assert [(one["left"], one["width"]) for one in told] == [(10, 5), (95, 5), (0, 100)]
