"""The event log: total order, and a digest that depends on nothing but what happened."""

from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.trace import EventLog, first_difference, log_of

Entry = tuple[int, str, str, tuple[int, ...], int]

NAMES = st.text(st.characters(codec="utf-8", exclude_characters=" \n"), min_size=1, max_size=5)
FIGURES = st.lists(st.integers(-(2**63), 2**63 - 1), max_size=3).map(tuple)
ENTRIES = st.lists(st.tuples(st.integers(0, 3), NAMES, NAMES, FIGURES, st.integers(0, 2)))


def log_with(entries: Iterable[Entry]) -> EventLog:
    log = EventLog()
    for at_s, kind, subject, values, priority in entries:
        log.add(at_s, kind, subject, values, priority=priority)
    return log


def test_events_are_ordered_by_time_then_priority_then_adding() -> None:
    log = log_with(
        [(5, "d", "x", (), 0), (1, "c", "x", (), 1), (1, "a", "x", (), 0), (1, "b", "x", (), 0)]
    )
    assert [event.kind for event in log.events()] == ["a", "b", "c", "d"]
    assert [event.sequence for event in log.events()] == [0, 1, 0, 0]


@given(ENTRIES)
def test_the_digest_ignores_when_events_of_different_moments_were_added(
    entries: list[Entry],
) -> None:
    by_moment = sorted(entries, key=lambda entry: (entry[0], entry[4]))
    assert log_with(by_moment).digest() == log_with(entries).digest()


@given(ENTRIES, ENTRIES)
def test_equal_digests_mean_equal_logs(one: list[Entry], two: list[Entry]) -> None:
    first, second = log_with(one), log_with(two)
    same = list(first.events()) == list(second.events())
    assert (first.digest() == second.digest()) == same
    assert (first_difference(first, second) is None) == same


@given(ENTRIES)
def test_a_log_survives_the_way_through_its_table(entries: list[Entry]) -> None:
    log = log_with(entries)
    table = log.table("paper", 3)
    assert table.num_rows == len(log)
    assert log_of(table).digest("s") == log.digest("s")


def test_the_table_has_the_columns_of_a_run_folder() -> None:
    table = log_with([(7, "paid", "lot-1", (5, -6), 0)]).table("chain", 2)
    assert table.to_pylist() == [
        {
            "arm": "chain",
            "replication": 2,
            "at_s": 7,
            "priority": 0,
            "sequence": 0,
            "kind": "paid",
            "subject": "lot-1",
            "values": [5, -6],
        }
    ]
    assert EventLog().table("chain", 0).schema == table.schema


def test_the_digest_is_the_sha256_of_readable_lines() -> None:
    log = log_with([(7, "paid", "lot-1", (5, -6), 0), (8, "ended", "", (), 2)])
    # printf 'S\n7 0 0 paid lot-1 5,-6\n8 2 0 ended  ' | sha256sum
    assert log.digest("S") == KNOWN_DIGEST
    assert log.digest("T") != log.digest("S")


KNOWN_DIGEST = "1518ff03b9c14b71aaa3b78cde8c496076ed10a92682ad0521bcfe6ecbb86cb4"


def test_the_first_difference_names_both_events() -> None:
    first = log_with([(1, "a", "x", (1,), 0), (2, "b", "x", (2,), 0)])
    second = log_with([(1, "a", "x", (1,), 0), (2, "b", "x", (3,), 0)])
    found = first_difference(first, second)
    assert found is not None
    assert found.position == 1
    assert "values=(2,)" in str(found)
    assert "values=(3,)" in str(found)
    shorter = first_difference(first, log_with([(1, "a", "x", (1,), 0)]))
    assert shorter is not None
    assert shorter.second is None
    assert "log ended" in str(shorter)


def test_only_whole_numbers_and_names_enter_a_log() -> None:
    log = EventLog()
    log.add(np.int64(3), "paid", "x", (np.int64(4),))
    assert type(next(log.events()).values[0]) is int
    for value in (1.0, "1"):
        with pytest.raises(TypeError):
            log.add(3, "paid", "x", (value,))  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        log.add(3.5, "paid", "x")  # type: ignore[arg-type]
    with pytest.raises(AssertionError):
        log.add(3, "paid", "two words")
    log.add(3, "paid", "two\nlines")
    with pytest.raises(AssertionError, match="line end"):
        log.digest()
