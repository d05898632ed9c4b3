"""A second core changes the pace of a run, and nothing that happens in it."""

from dataclasses import fields, replace
from time import sleep

import numpy as np
import pytest

from sim.credit.economy import Economy, Feed
from sim.credit.feed_channel import FeedChannel, Space, fresh_space
from sim.credit.model import play, setting_of
from sim.credit.stage import Span, Stage
from sim.scenario import load
from system.credit.feed_records import DAY_WORDS, FEEDS, FeedBatch

# Nine days of the feed, on which nobody lends; and twelve days of lending after a hundred.
MERCHANTS = 300
UNLENT, LENT = Span(200, 9), Span(100, 112)


def played(cores: int, span: Span = UNLENT) -> Stage:
    """Some merchants and their feed."""
    setting = replace(setting_of(load("credit"), "data", 0), merchants=MERCHANTS, span=span)
    return play(setting, "memory", cores)[0]


def story(stage: Stage) -> dict[str, np.ndarray]:
    """All books of the merchants, and what the bank keeps of their last days."""
    books = stage.economy.books
    told = {field.name: getattr(books, field.name) for field in fields(books)}
    with stage.system.book.transaction() as unit:
        held = unit.read(FEEDS, DAY_WORDS, slice(0, MERCHANTS))
        told |= {name: values.copy() for name, values in held.items()}
    stage.system.close()
    return told


def happened(stage: Stage) -> set[str]:
    return {event.kind for event in stage.log.events()}


@pytest.fixture
def late(monkeypatch: pytest.MonkeyPatch) -> None:
    """While money is lent, the other process is late with its mornings and its deliveries."""
    morning, deliver = Economy.morning, FeedChannel.deliver

    def late_morning(economy: Economy, day: int) -> Feed:
        if economy.n == MERCHANTS and day - economy.p.start_day >= LENT.lend_after_days:
            sleep(0.05)
        return morning(economy, day)

    def late_delivery(channel: FeedChannel, feed: Feed, space: Space) -> FeedBatch:
        if feed.active.size == MERCHANTS and space is not fresh_space:
            sleep(0.01)
        return deliver(channel, feed, space)

    monkeypatch.setattr(Economy, "morning", late_morning)
    monkeypatch.setattr(FeedChannel, "deliver", late_delivery)


@pytest.mark.usefixtures("late")
@pytest.mark.parametrize("span", [UNLENT, LENT], ids=["unlent", "lent"])
def test_two_cores_tell_the_story_of_one(span: Span) -> None:
    first, second = played(1, span), played(2, span)
    assert ("draw_answered" in happened(first)) == (span is LENT)
    assert first.log.digest() == second.log.digest()
    alone, beside = story(first), story(second)
    assert alone["day_sales"].any()
    for name, column in alone.items():
        assert np.array_equal(column, beside[name]), name


def test_what_goes_wrong_on_the_other_core_stops_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: Economy, day: int) -> None:
        raise ArithmeticError(f"day {day}")

    monkeypatch.setattr(Economy, "evening", fail)
    with pytest.raises(ArithmeticError, match="day"):
        played(2)
