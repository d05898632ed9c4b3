"""What runs beside the requests goes on, whatever it meets, and says what it met."""

import asyncio
import logging
from collections.abc import Iterator

import pytest

from system.api import background
from system.errors import EvmUnavailable


def outcomes(*errors: Exception | None) -> Iterator[Exception | None]:
    yield from errors
    raise asyncio.CancelledError


def run(
    monkeypatch: pytest.MonkeyPatch, *errors: Exception | None, forget_fails: int = 0
) -> tuple[list[float], int]:
    """How long it rested after each time, and how often it forgot."""
    rests: list[float] = []
    forgot = 0
    told = outcomes(*errors)

    async def rest(seconds: float) -> None:
        rests.append(seconds)

    async def work() -> bool:
        error = next(told)
        if error is not None:
            raise error
        return len(rests) == 0

    def forget() -> None:
        nonlocal forgot
        forgot += 1
        if forgot <= forget_fails:
            raise EvmUnavailable("forget", "it is away")

    monkeypatch.setattr(asyncio, "sleep", rest)
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(background.again("chain", work, 0.5, forget))
    return rests, forgot


def test_what_has_more_to_do_does_not_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(monkeypatch, None, None) == ([0.0, 0.5], 0)


def test_an_outage_is_a_warning_and_it_is_tried_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    assert run(monkeypatch, EvmUnavailable("seal", "it is away")) == ([0.5], 0)
    [told] = caplog.records
    assert (told.levelno, "tried again" in told.getMessage()) == (logging.WARNING, True)


def test_a_bug_is_told_with_its_trace_and_ends_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    bugs = (AssertionError("a bug"), ValueError("another"))
    rests, forgot = run(monkeypatch, *bugs, None)
    assert (rests, forgot) == ([background.BUG_PAUSE_S] * 2 + [0.5], 2)
    assert "AssertionError: a bug" in caplog.text
    assert {one.levelno for one in caplog.records} == {logging.ERROR}


def test_nothing_is_done_before_what_a_bug_left_is_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rests, forgot = run(monkeypatch, ValueError("a bug"), None, forget_fails=2)
    assert rests == [background.BUG_PAUSE_S, 0.5, 0.5, 0.5]
    assert forgot == 3
