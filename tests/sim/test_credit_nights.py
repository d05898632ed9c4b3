"""A second core changes the pace of a run, and nothing that happens in it."""

from dataclasses import fields, replace

import numpy as np
import pytest

from sim.credit.economy import Economy
from sim.credit.model import play, setting_of
from sim.credit.stage import Span, Stage
from sim.scenario import load
from system.credit.feed_records import DAY_WORDS, FEEDS


def played(cores: int) -> Stage:
    """Nine days of three hundred merchants and their feed; nobody lends yet."""
    setting = replace(setting_of(load("credit"), "data", 0), merchants=300, span=Span(200, 9))
    return play(setting, "memory", cores)[0]


def story(stage: Stage) -> dict[str, np.ndarray]:
    """All books of the merchants, and what the bank keeps of their last days."""
    books = stage.economy.books
    told = {field.name: getattr(books, field.name) for field in fields(books)}
    with stage.system.book.transaction() as unit:
        held = unit.read(FEEDS, DAY_WORDS, slice(0, 300))
        told |= {name: values.copy() for name, values in held.items()}
    stage.system.close()
    return told


def test_two_cores_tell_the_story_of_one() -> None:
    alone, beside = story(played(1)), story(played(2))
    assert alone["day_sales"].any()
    for name, column in alone.items():
        assert np.array_equal(column, beside[name]), name


def test_what_goes_wrong_on_the_other_core_stops_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: Economy, day: int) -> None:
        raise ArithmeticError(f"day {day}")

    monkeypatch.setattr(Economy, "evening", fail)
    with pytest.raises(ArithmeticError, match="day"):
        played(2)
