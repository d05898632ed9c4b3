"""The rules over movements of money fire on what is planted, and are silent without."""

from collections.abc import Sequence
from itertools import islice
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from system.adapters.memory_store import MemoryStore
from system.compliance import monitoring
from system.compliance.cases import CASES
from system.compliance.kernels import movements as rules
from system.compliance.kernels.movements import Bounds, Movements
from system.compliance.monitoring import Movement
from system.compliance.tables import COMPLIANCE_TABLES
from system.kernels.columns import i64
from system.limits import DAY_S
from system.ports.store import Store

T0 = 1_767_225_600
BOUNDS = Bounds()
Row = tuple[int, int, int, int, bool]  # seconds after T0, party, counterparty, fen, outwards


def columns(rows: list[Row]) -> Movements:
    at_s, party, other, fen, out = zip(*sorted(rows), strict=True) if rows else ((),) * 5
    times = i64(T0 + s for s in at_s)
    return Movements(i64(party), i64(other), i64(fen), times, np.array(out, np.bool_))


def below(party: int, hours: list[int], fen: int = 4_900_000) -> list[Row]:
    return [(hour * 3_600, party, 9, fen, True) for hour in hours]


def test_amounts_just_below_the_threshold_are_structuring() -> None:
    rows = below(1, [0, 5, 30]) + below(2, [0, 5]) + below(3, [0, 36, 72])
    rows += below(4, [0, 1, 2], fen=5_000_000) + below(5, [0, 1, 2], fen=1_000_000)
    moved = columns(rows)
    hits = rules.structuring(moved, BOUNDS)
    assert moved.party[hits].tolist() == [1]
    assert int(moved.at_s[hits][0]) == T0 + 30 * 3_600


def trip(party: int, day: int, back_fen: int = 990_000, after_s: int = 3_600) -> list[Row]:
    start = day * DAY_S
    return [(start, party, 9, 1_000_000, True), (start + after_s, party, 9, back_fen, False)]


def test_money_that_comes_back_again_and_again_is_a_round_trip() -> None:
    rows = [row for day in (1, 9, 17) for row in trip(1, day)]
    rows += [row for day in (1, 9) for row in trip(2, day)]
    rows += [row for day in (1, 9, 17) for row in trip(3, day, back_fen=900_000)]
    rows += [row for day in (1, 9, 17) for row in trip(4, day, after_s=4 * DAY_S)]
    rows += [row for day in (1, 40, 80) for row in trip(5, day)]
    moved = columns(rows)
    assert moved.party[rules.round_trips(moved, BOUNDS)].tolist() == [1]


def daily(party: int, fen: int, days: int = 40) -> list[Row]:
    return [(day * DAY_S, party, 9, fen, False) for day in range(days)]


def test_a_day_many_times_the_usual_one_is_fast() -> None:
    burst: list[Row] = [(40 * DAY_S, party, 9, 60_000_000, False) for party in (1, 2, 3)]
    rows = daily(1, 1_000_000) + daily(2, 10_000_000) + burst  # 3 was never seen before
    moved = columns(rows)
    assert moved.party[rules.velocity(moved, BOUNDS)].tolist() == [1]


moves = st.tuples(
    st.integers(0, 40 * DAY_S),
    st.integers(0, 2),
    st.integers(0, 2),
    st.sampled_from([990_000, 1_000_000, 4_900_000, 60_000_000]),
    st.booleans(),
)


@given(st.lists(moves, max_size=30, unique_by=lambda row: row[0]))
def test_structuring_is_what_a_count_by_hand_finds(rows: list[Row]) -> None:
    moved = columns(rows)
    found = []
    for n, (at_s, party, _, fen, out) in enumerate(sorted(rows)):
        near = [
            row
            for row in rows
            if row[1] == party and row[4] == out and 4_000_000 <= row[3] < 5_000_000
            if at_s - BOUNDS.structuring_s < row[0] <= at_s
        ]
        if 4_000_000 <= fen < 5_000_000 and len(near) >= BOUNDS.structuring_count:
            found.append(n)
    assert rules.structuring(moved, BOUNDS).tolist() == found
    # The other rules look at the same columns without failing.
    rules.round_trips(moved, BOUNDS)
    rules.velocity(moved, BOUNDS)


@pytest.mark.parametrize("rows", [[], below(1, [0])])
def test_little_or_nothing_raises_nothing(rows: list[Row]) -> None:
    for rule in monitoring.RULES.values():
        assert rule(columns(rows), BOUNDS).size == 0


def test_a_pattern_is_raised_once_a_month_with_its_movements() -> None:
    store = MemoryStore(COMPLIANCE_TABLES)
    rows = [
        Movement(0, T0 + hour * 3_600, "merchant/7", "bank", 4_900_000, True, f"r{hour}")
        for hour in range(5)
    ]
    with store.transaction() as unit:
        monitoring.take_in(unit, "credit", 5, rows)
    assert look(store, T0 + DAY_S) == 1
    assert look(store, T0 + 2 * DAY_S) == 0
    with store.transaction() as unit:
        assert monitoring.read_up_to(unit, "credit") == 5
        [case] = unit.scan(CASES)
    assert (case.kind, case.subject, case.state) == ("structuring", "merchant/7", "raised")
    assert '"r4"' in case.evidence
    # After the longest window nothing of it is looked at any more.
    take(store, [Movement(0, T0 + 89 * DAY_S, "merchant/7", "bank", 100, True, "late")])
    assert look(store, T0 + 90 * DAY_S) == 0


def take(store: Store, rows: list[Movement]) -> None:
    with store.transaction() as unit:
        monitoring.take_in(unit, "credit", 1, rows)


def look(store: Store, now_s: int) -> int:
    return sum(monitoring.look(store.transaction, now_s, BOUNDS))


def cases(store: Store) -> set[tuple[str, str]]:
    with store.transaction() as unit:
        return {(case.kind, case.subject) for case in unit.scan(CASES)}


def by_all_at_once(rows: list[Movement]) -> set[tuple[str, str]]:
    """What every rule finds in all movements together: rule and party."""
    ordered = sorted(rows, key=lambda row: row.at_s)
    names = sorted({row.party for row in rows} | {row.counterparty for row in rows})
    moved = Movements(
        np.array([names.index(row.party) for row in ordered], np.int64),
        np.array([names.index(row.counterparty) for row in ordered], np.int64),
        np.array([row.amount_fen for row in ordered], np.int64),
        np.array([row.at_s for row in ordered], np.int64),
        np.array([row.outwards for row in ordered], np.bool_),
    )
    found = set()
    for kind, rule in monitoring.RULES.items():
        found |= {(kind, ordered[place].party) for place in rule(moved, BOUNDS).tolist()}
    return found


MOVED = st.builds(
    Movement,
    st.just(0),
    st.integers(T0, T0 + 6 * DAY_S),
    st.sampled_from(["merchant/1", "merchant/11", "merchant/2", "supplier-1"]),
    st.sampled_from(["bank", "supplier-2"]),
    st.sampled_from([4_900_000, 4_950_000, 100, 60_000_000]),
    st.booleans(),
    st.just("moved"),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(MOVED, max_size=25), min_size=1, max_size=4), st.integers(1, 7))
def test_looks_in_small_pieces_find_what_one_look_at_everything_finds(
    days: list[list[Movement]], at_once: int
) -> None:
    once, daily = MemoryStore(COMPLIANCE_TABLES), MemoryStore(COMPLIANCE_TABLES)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(monitoring, "_ROWS_AT_ONCE", at_once)
        patch.setattr(monitoring, "_FEW", 2)
        for day in days:
            take(once, day)
            take(daily, day)
            look(daily, T0 + 6 * DAY_S)
        look(once, T0 + 6 * DAY_S)
    expected = by_all_at_once([row for day in days for row in day])
    assert cases(once) == expected
    # What came late may hide a pattern that was raised already.
    assert cases(daily) >= expected


def structured(party: str) -> list[Movement]:
    return [
        Movement(0, T0 + hour * 3_600, party, "bank", 4_900_000, True, f"r{hour}")
        for hour in range(3)
    ]


def test_a_look_that_was_left_half_done_is_done_again() -> None:
    store = MemoryStore(COMPLIANCE_TABLES)
    take(store, structured("merchant/7"))
    pieces = 0
    while not cases(store):
        pieces += 1
        for _ in islice(monitoring.look(store.transaction, T0 + DAY_S, BOUNDS), pieces):
            pass
    assert pieces > 1
    assert look(store, T0 + DAY_S) == 0
    assert cases(store) == {("structuring", "merchant/7")}


def small(party: str, day: int) -> Movement:
    return Movement(0, T0 + day * DAY_S, party, "bank", 100_000, True, f"d{day}")


def test_the_next_month_is_a_case_of_its_own_also_where_the_party_then_goes_quiet() -> None:
    store = MemoryStore(COMPLIANCE_TABLES)
    start_s = T0 // (30 * DAY_S) * 30 * DAY_S
    for day in (25, 36):
        moved = [
            Movement(0, start_s + day * DAY_S + n, "merchant/7", "bank", 4_900_000, True, "r")
            for n in range(3)
        ]
        take(store, moved)
        assert look(store, start_s + (day + 1) * DAY_S) == 1


@pytest.mark.parametrize("late_days", [0, 1, 3, 20])
def test_however_late_a_look_is_it_finds_the_same(late_days: int) -> None:
    store = MemoryStore(COMPLIANCE_TABLES)
    take(store, [small("merchant/7", day) for day in range(60)])
    look(store, T0 + 60 * DAY_S)
    large = Movement(0, T0 + 60 * DAY_S, "merchant/7", "bank", 60_000_000, True, "large")
    take(store, [large])
    assert look(store, T0 + (61 + late_days) * DAY_S) == 1
    assert cases(store) == {("velocity", "merchant/7")}


def test_a_look_goes_on_from_the_last_range_that_was_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(monitoring, "_RANGE", 3)
    store = MemoryStore(COMPLIANCE_TABLES)
    for party in ("merchant/9", "merchant/8", "merchant/7"):
        take(store, structured(party))
    pieces = monitoring.look(store.transaction, T0 + DAY_S, BOUNDS)
    while next(pieces) == 0:
        pass
    next(pieces)
    assert cases(store) == {("structuring", "merchant/9")}
    with store.transaction() as unit:
        assert monitoring.read_up_to(unit, "looked") == 3
    assert look(store, T0 + DAY_S) == 2


def test_only_who_moved_since_the_last_look_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    store = MemoryStore(COMPLIANCE_TABLES)
    for party in ("merchant/7", "merchant/8"):
        take(store, structured(party))
    assert look(store, T0 + DAY_S) == 2
    take(store, [Movement(0, T0 + DAY_S, "merchant/8", "bank", 100, True, "moved")])
    read: list[Movement] = []
    judge = monitoring._judge

    def judged(opens: Any, held: Sequence[Movement], *more: Any) -> int:
        read.extend(held)
        return judge(opens, held, *more)

    monkeypatch.setattr(monitoring, "_judge", judged)
    assert look(store, T0 + 2 * DAY_S) == 0
    assert {row.party for row in read} == {"merchant/8"}
    assert len(read) == 4


def test_movements_that_a_version_without_places_took_in_are_looked_at() -> None:
    before = MemoryStore(COMPLIANCE_TABLES)
    take(before, structured("merchant/7"))
    with before.transaction() as unit:
        rows = unit.scan(monitoring.MOVEMENTS)
    store = MemoryStore(COMPLIANCE_TABLES)
    with store.transaction() as unit:
        unit.insert(monitoring.MOVEMENTS, rows)
        unit.insert(monitoring.PROGRESS, [monitoring.Progress("window", 1)])
    take(store, structured("merchant/8"))
    assert look(store, T0 + DAY_S) == 2
    assert cases(store) == {("structuring", "merchant/7"), ("structuring", "merchant/8")}
