"""What common luck is worth in the credit pilot: one lender beside a variant of itself."""

from statistics import variance

import pytest

from sim.questions import Question
from sim.scenario import apply, load
from sim.statistics import judge
from sim.world import Task, simulate

pytestmark = pytest.mark.slow
REPLICATIONS = 6
SMALL = ("populations.merchant.count=1000",)


def _default_rates(refused_share: float) -> list[float]:
    """Of the desk that lends on collateral, by replication."""
    changes = [*SMALL, f"parameters.desk_wrong_refusal_share={refused_share}"]
    scenario = apply(load("credit"), changes)
    tasks = [
        Task(scenario, "collateral", number, "columns", "revm", "memory")
        for number in range(REPLICATIONS)
    ]
    return [float(simulate(task).metrics["default_rate"] or 0) for task in tasks]


def test_a_difference_of_default_rates_needs_twenty_times_fewer_pairs_than_own_seeds() -> None:
    strict, loose = _default_rates(0.12), _default_rates(0.06)
    paired = variance(x - y for x, y in zip(strict, loose, strict=True))
    # The same figures as if each arm had had seeds of its own: nobody meets the other's luck.
    alone = variance(x - y for x, y in zip(strict, loose[1:] + loose[:1], strict=True))
    assert variance(strict) > 0, "nobody failed to pay: there is nothing to compare"
    assert alone >= 20 * paired
    told = judge([Question("q", "difference", "<=", 0.0, strict, loose)])[0].pairing
    assert told is not None
    assert told.factor is None or told.factor >= 20
