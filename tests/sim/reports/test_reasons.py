"""Why a claim is undecided, in both languages: nothing stays in English in a Chinese report."""

import re

import pytest

from sim.assumptions.axes import Axis
from sim.assumptions.break_even import QUARTERS, Seen, break_even
from sim.questions import Question
from sim.reports.reasons import told
from sim.statistics import judge

WORD = re.compile(r"[A-Za-z]{2,}")
QUESTIONS = {
    "too few": ("level", [1.0, None, None], None),
    "some missing": ("level", [1.0, 2.0, None, 4.0], None),
    "all the same": ("level", [1.0, 1.0, 1.0], None),
    "a ratio without a base": ("ratio", [1.0, 2.0, 3.0], [-1.0, -2.0, -3.0]),
    "a ratio with a base near zero": ("ratio", [1.0, 2.0, 3.0], [0.0, 9.0, 0.1]),
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_verdicts_reason_is_told_in_chinese(name: str) -> None:
    compare, values, baseline = QUESTIONS[name]
    [found] = judge([Question("q", compare, "<=", 1.5, values, baseline)])
    assert found.reason
    assert told(found.reason, "en") == found.reason
    chinese = told(found.reason, "zh")
    assert WORD.search(chinese) is None, chinese
    assert re.findall(r"\d+", found.reason.replace("two", "")) == sorted(
        re.findall(r"\d+", chinese), key=re.findall(r"\d+", found.reason).index
    )


@pytest.mark.parametrize("margin", [1.0, -1.0, None])
def test_why_a_parameter_turns_nothing_is_told_in_chinese(margin: float | None) -> None:
    axis = Axis("x", 0.0, 1.0, 0.5, 0.0, is_log=False)
    seen = {
        at: None if margin is None else Seen(float(at), margin, margin, margin) for at in QUARTERS
    }
    reason = break_even(axis, seen).reason
    assert reason
    assert WORD.search(told(reason, "zh")) is None


def test_what_is_not_known_stands_as_it_was_written() -> None:
    assert told("something else; an interval needs two", "zh") == "something else；区间至少需要两次"
