"""A wrong clock is corrected from the least delay; the network's noise is not taken for one."""

import datetime as dt

import pytest

from system.ports.book import Book
from tests.system.telemetry_world import NOW_MS, full, message, open_book, take

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS


def stamp(at_ms: int) -> str:
    moment = dt.datetime.fromtimestamp(at_ms / 1_000, dt.UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def send(book: Book, n: int, *, skew_ms: int = 0, delay_ms: int = 500, **changes: object) -> int:
    """The n-th reading, five minutes apart; how far its time was off afterwards, in ms."""
    true_ms = NOW_MS + n * 5 * MINUTE_MS
    reading = full(sequence=n, datetime=stamp(true_ms + skew_ms), **changes)
    result = take(book, message(reading, received_ms=true_ms + delay_ms))
    return int(result.readings.at_ms[0]) - true_ms


def test_an_honest_clock_is_left_alone_whatever_the_network_does() -> None:
    book = open_book()
    delays_ms = [500, 20_000, 45_000, 300, 60_000, 4_000] * 30
    assert {send(book, n, delay_ms=delay) for n, delay in enumerate(delays_ms)} == {0}
    gathering = open_book()
    assert {send(gathering, n, delay_ms=300_000) for n in range(200)} == {0}


@pytest.mark.parametrize("skew_ms", [8 * HOUR_MS, 10 * MINUTE_MS, 3 * MINUTE_MS])
def test_a_fast_clock_is_corrected_from_its_first_message(skew_ms: int) -> None:
    book = open_book()
    assert all(abs(send(book, n, skew_ms=skew_ms)) <= 30_500 for n in range(100))


@pytest.mark.parametrize("skew_ms", [-8 * HOUR_MS, -20 * MINUTE_MS])
def test_a_slow_clock_is_believed_once_hours_of_messages_all_came_late(skew_ms: int) -> None:
    book = open_book()
    off_ms = [send(book, n, skew_ms=skew_ms) for n in range(200)]
    assert off_ms[0] == skew_ms
    assert abs(off_ms[-1]) <= 30_500


def test_an_outage_is_not_a_slow_clock_though_devices_do_not_say_that_they_buffered() -> None:
    book = open_book()
    for n in range(100):
        send(book, n)
    back_ms = NOW_MS + 400 * 5 * MINUTE_MS
    for n in range(100, 400):
        true_ms = NOW_MS + n * 5 * MINUTE_MS
        reading = full(sequence=n, datetime=stamp(true_ms))
        result = take(book, message(reading, received_ms=back_ms))
        assert result.readings.at_ms.tolist() == [true_ms]


def test_what_was_buffered_says_nothing_about_the_clock() -> None:
    book = open_book()
    for n in range(300):
        assert send(book, n, delay_ms=30 * HOUR_MS, buffered=True) == 0


def test_a_clock_that_was_set_right_is_believed_within_two_spans() -> None:
    book = open_book()
    for n in range(50):
        send(book, n, skew_ms=8 * HOUR_MS)
    off_ms = [send(book, n) for n in range(50, 300)]
    assert off_ms[-1] == 0


def test_the_order_in_which_messages_are_grouped_does_not_matter() -> None:
    messages = [
        message(
            full(sequence=n, datetime=stamp(NOW_MS + n * MINUTE_MS + 8 * HOUR_MS)),
            received_ms=NOW_MS + n * MINUTE_MS + n * 7_919 % 30_000,
        )
        for n in range(120)
    ]
    singly, at_once = open_book(), open_book()
    one = [int(take(singly, item).readings.at_ms[0]) for item in messages]
    assert take(at_once, *messages).readings.at_ms.tolist() == one
