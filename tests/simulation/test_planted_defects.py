"""Each planted defect is caught by the simulation; what is not caught is named.

The table in docs/SIMULATION.md is this list.
"""

import pytest

from tests.simulation.planted import ALL, Defect
from tests.simulation.planted_runs import caught_by, clean_runs

NOT_CAUGHT: set[str] = set()


@pytest.mark.slow
@pytest.mark.parametrize("defect", ALL, ids=[f"{one.run}: {one.name}" for one in ALL])
def test_a_planted_defect_is_caught(defect: Defect) -> None:
    found = caught_by(defect)
    assert bool(found) != (defect.name in NOT_CAUGHT), found


@pytest.mark.slow
def test_without_a_defect_the_same_runs_hold() -> None:
    assert clean_runs() == []


def test_the_list_is_long_enough_and_leaves_little_out() -> None:
    assert len(ALL) >= 30
    assert len(NOT_CAUGHT) <= len(ALL) // 30
    assert {one.name for one in ALL} >= NOT_CAUGHT
