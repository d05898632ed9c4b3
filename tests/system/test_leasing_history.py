"""Each reading once, found again by time, whatever the order and however many."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from system.adapters.memory_store import MemoryStore, MemoryUnit
from system.kernels.columns import MISSING
from system.leasing import history
from system.leasing.history import HISTORY_TABLES, Kept
from system.leasing.history_tails import OPEN, TAILS
from system.leasing.readings import Readings
from system.limits import HISTORY_TAIL_ROWS
from system.ports.store import Store, Table
from tests.system.telemetry_world import NOW_MS


def readings(*rows: tuple[int, int, int, int]) -> Readings:
    """(device, boot, sequence, minutes after the start) each; fuel tells content apart."""
    n = len(rows)
    device, boot, sequence, minute = (
        np.array(column, np.int64) for column in zip(*rows, strict=True)
    )
    at_ms = NOW_MS + minute * 60_000
    columns = {name: np.full(n, MISSING, np.int64) for name in Readings.__slots__}
    known = {"device": device, "boot": boot, "sequence": sequence, "at_ms": at_ms}
    return Readings(**columns | known | {"received_ms": at_ms, "fuel_ml": sequence * 10})


def keep(store: Store, batch: Readings) -> Kept:
    with store.transaction() as unit:
        return history.keep(unit, batch)


def since(store: Store, device: int, at_ms: int = 0) -> list[tuple[int, int]]:
    with store.transaction() as unit:
        found = history.since(unit, device, at_ms)
    return list(zip(found.boot.tolist(), found.sequence.tolist(), strict=True))


@pytest.fixture
def store() -> Store:
    return MemoryStore(HISTORY_TABLES)


KEYS = st.tuples(st.integers(0, 2), st.integers(0, 2), st.integers(0, 300))


@settings(deadline=None)
@given(st.lists(st.lists(KEYS, min_size=1, max_size=120), min_size=1, max_size=12))
def test_it_holds_the_set_of_what_came_whatever_the_order(
    batches: list[list[tuple[int, int, int]]],
) -> None:
    store = MemoryStore(HISTORY_TABLES)
    seen: set[tuple[int, int, int]] = set()
    for batch in batches:
        kept = keep(store, readings(*((d, b, s, b * 400 + s) for d, b, s in batch)))
        for key, is_new in zip(batch, kept.is_new.tolist(), strict=True):
            assert is_new == (key not in seen)
            seen.add(key)
        assert not kept.is_other.any()
    for device in range(3):
        assert since(store, device) == sorted((b, s) for d, b, s in seen if d == device)


def test_a_page_that_is_put_away_is_found_again_in_every_column(store: Store) -> None:
    batch = readings(*((7, 1, n, n) for n in range(500)))
    for start in range(0, 500, 9):
        keep(store, batch.take(np.arange(start, min(start + 9, 500))))
    with store.transaction() as unit:
        found = history.since(unit, 7, NOW_MS + 100 * 60_000)
        # The last five of the seventh page are still in the machine's tail.
        assert len(unit.scan(history.HEADS)) == 6
    for name in Readings.__slots__:
        expected = getattr(batch, name)[100:]
        np.testing.assert_array_equal(getattr(found, name), expected)


def test_a_late_reading_among_packed_pages_is_new_once_and_a_liar_is_told(store: Store) -> None:
    keep(store, readings(*((0, 1, n, n) for n in range(1_000) if n != 432)))
    late = readings((0, 1, 432, 432))
    assert keep(store, late).is_new.tolist() == [True]
    assert keep(store, late).is_new.tolist() == [False]
    liar = keep(store, readings((0, 1, 433, 500)))
    assert (liar.is_new.tolist(), liar.is_other.tolist()) == ([False], [True])


def test_what_was_let_go_is_refused_not_taken_for_new(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "HISTORY_PAGES_MAX", 3)
    batch = readings(*((0, 1, n, n) for n in range(640)))
    for start in range(0, 640, 64):
        keep(store, batch.take(np.arange(start, start + 64)))
    assert since(store, 0)[0] == (1, 448)
    again = keep(store, batch.take(np.array([5])))
    assert (again.is_new.tolist(), again.is_forgotten.tolist()) == ([False], [True])


def test_retention_lets_go_of_whole_pages_and_keeps_the_rest(store: Store) -> None:
    keep(store, readings(*((0, 1, n, n) for n in range(64))))
    keep(store, readings(*((0, 1, n, n) for n in range(64, 128))))
    with store.transaction() as unit:
        assert history.forget(unit, NOW_MS + 64 * 60_000) == 1
    assert since(store, 0)[0] == (1, 64)


def test_one_by_one_a_reading_writes_its_tail_and_the_page_only_when_that_is_long(
    store: Store,
) -> None:
    pages = set()
    for n in range(60):
        assert keep(store, readings((0, 1, n, n))).is_new.tolist() == [True]
        with store.transaction() as unit:
            [page] = unit.get(OPEN, [(0,)])
        pages.add(page.rows if page is not None else b"")
        assert since(store, 0) == [(1, n) for n in range(n + 1)]
        with store.transaction() as unit:
            assert history.counts(unit) == {0: n + 1}
    assert len(pages) == 1 + 60 // HISTORY_TAIL_ROWS
    repeated = readings(*((0, 1, n, n) for n in range(60)))
    assert not keep(store, repeated).is_new.any()


def test_repeats_write_nothing_and_what_was_let_go_does_not_make_readings_dear(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "HISTORY_PAGES_MAX", 2)
    keep(store, readings(*((0, 1, n, n) for n in range(64 * 3))))
    written: list[str] = []
    replace = MemoryUnit.replace

    def noted(unit: MemoryUnit, table: Table[Any], rows: Sequence[Any]) -> None:
        written.extend(table.name for _ in rows)
        replace(unit, table, rows)

    monkeypatch.setattr(MemoryUnit, "replace", noted)
    for n in range(200, 200 + HISTORY_TAIL_ROWS - 1):
        assert keep(store, readings((0, 1, n, n))).is_new.tolist() == [True]
        assert keep(store, readings((0, 1, n, n))).is_new.tolist() == [False]
    assert set(written) == {TAILS.name}
    assert len(written) == HISTORY_TAIL_ROWS - 1


def test_a_page_from_before_there_were_tails_goes_on(store: Store) -> None:
    keep(store, readings(*((0, 1, n, n) for n in range(40))))
    with store.transaction() as unit:
        [page] = unit.get(OPEN, [(0,)])
    assert page is not None
    old = MemoryStore(HISTORY_TABLES)
    with old.transaction() as unit:
        unit.insert(OPEN, [page])
    assert since(old, 0) == [(1, n) for n in range(40)]
    kept = keep(old, readings((0, 1, 39, 39), (0, 1, 40, 40)))
    assert kept.is_new.tolist() == [False, True]
    assert keep(old, readings((0, 1, 41, 41))).is_new.tolist() == [True]
    assert since(old, 0) == [(1, n) for n in range(42)]


def test_an_undone_transaction_leaves_nothing_behind(store: Store) -> None:
    batch = readings((0, 1, 1, 1))

    def undone() -> None:
        with store.transaction() as unit:
            history.keep(unit, batch)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        undone()
    assert keep(store, batch).is_new.tolist() == [True]


def test_a_machine_that_said_nothing_has_no_history(store: Store) -> None:
    assert since(store, 3) == []
