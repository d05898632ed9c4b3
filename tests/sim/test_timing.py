"""Which run is slower: repeats in turns, and verdicts that allow for noise."""

from pathlib import Path

import numpy as np
import pytest

from sim.commands.compare import compare
from sim.prepare import reopen
from sim.run import Plan
from sim.run_folder import RunFolder
from sim.timing import FLOOR, changes, in_turns, timed
from system.errors import InputError


def rounds(factor: float, noise: float, n: int) -> list[tuple[dict[str, float], dict[str, float]]]:
    luck = np.random.Generator(np.random.Philox(5))
    return [
        ({"a": 2 * float(one)}, {"a": 2 * factor * float(two)})
        for one, two in np.exp(luck.normal(0, noise, (n, 2)))
    ]


@pytest.mark.parametrize(
    ("factor", "noise", "n", "verdict"),
    [
        (1.5, 0.02, 5, "worse"),
        (0.6, 0.02, 5, "better"),
        (1.0, 0.002, 5, "same"),
        (1.0 + FLOOR / 2, 0.002, 5, "same"),
        (1.1, 0.5, 5, "inconclusive"),
        (3.0, 0.0, 1, "inconclusive"),
    ],
)
def test_a_verdict_allows_for_noise(factor: float, noise: float, n: int, verdict: str) -> None:
    [found] = changes(rounds(factor, noise, n))
    assert found.change == verdict


def test_repeats_take_turns_and_each_side_goes_first_as_often(finished: Path) -> None:
    plan = reopen(RunFolder(finished), None).plan
    asked: list[tuple[str, int]] = []
    first, later = plan, Plan(plan.scenario, ("new",), *_rest(plan))

    def clock(of: Plan, number: int) -> dict[str, float]:
        asked.append(("first" if of is first else "later", number))
        return dict.fromkeys(of.arms, 1.0)

    found = in_turns(first, later, 4, clock)
    order = ["first", "later", "later", "first"] * 2
    assert asked == list(zip(order, [0, 0, 1, 1, 2, 2, 3, 3], strict=True))
    assert [change.arm for change in changes(found)] == ["new"]


def _rest(plan: Plan) -> tuple[str, str, str, str]:
    return plan.wiring, plan.evm, plan.store, plan.model


def test_an_arm_is_really_run(finished: Path) -> None:
    plan = reopen(RunFolder(finished), None).plan
    assert set(timed(plan, 0)) == set(plan.arms)


def test_the_command_times_two_runs_in_turns(
    finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert compare([finished, finished], repeats=3, lang="zh") == 0
    assert "真实耗时" in capsys.readouterr().out
    with pytest.raises(InputError, match="exactly two"):
        compare([finished, finished, finished], repeats=3)
