"""The rules over movements of money fire on what is planted, and are silent without."""

import numpy as np
import pytest
from hypothesis import given
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
        assert monitoring.look(unit, T0 + DAY_S, BOUNDS) == 1
        assert monitoring.look(unit, T0 + 2 * DAY_S, BOUNDS) == 0
        assert monitoring.read_up_to(unit, "credit") == 5
        [case] = unit.scan(CASES)
        assert (case.kind, case.subject, case.state) == ("structuring", "merchant/7", "raised")
        assert '"r4"' in case.evidence
        # After the longest window nothing of it is looked at any more.
        assert monitoring.look(unit, T0 + 90 * DAY_S, BOUNDS) == 0
