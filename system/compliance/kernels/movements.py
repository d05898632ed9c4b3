"""Rules over movements of money, on whole columns: structuring, round trips, velocity.

A movement is one amount that a party paid to the bank or got from it, or from another party. Each
rule returns the places of the movements that complete its pattern.
"""

from dataclasses import dataclass

import numpy as np

from system.kernels.columns import I64, Mask, is_column
from system.limits import AMOUNT_FEN_MAX, DAY_S, PPM, TIME_S_MAX

_PARTIES_MAX = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Movements:
    """int64 (n,) each, n >= 0, by time. party, counterparty: numbers of the caller's own.
    outwards: bool (n,), True where the party paid."""

    party: I64
    counterparty: I64
    amount_fen: I64
    at_s: I64
    outwards: Mask

    def __post_init__(self) -> None:
        assert is_column(self.party, 0, _PARTIES_MAX)
        assert is_column(self.counterparty, 0, _PARTIES_MAX)
        assert is_column(self.amount_fen, 1, AMOUNT_FEN_MAX)
        assert is_column(self.at_s, 0, TIME_S_MAX)
        assert bool((np.diff(self.at_s) >= 0).all())


@dataclass(frozen=True, slots=True)
class Bounds:
    """Where patterns begin. All assumed, to be set with the bank's own figures.

    threshold_fen: what must be reported by itself (cash of 50,000 yuan).  near_ppm: from this share
    of it upwards an amount is just below.  structuring_s, structuring_count: so many of those in so
    long.  trip_s: money is back within.  trip_ppm: differing by at most this share.  trips_count,
    trips_s: so many of them in so long.  velocity_times: a day's sum over the usual day's.
    velocity_fen: a sum below this is nobody's concern.  usual_s: over which a usual day is taken;
    a party must have been known for all of it.
    """

    threshold_fen: int = 5_000_000
    near_ppm: int = 800_000
    structuring_s: int = 3 * DAY_S
    structuring_count: int = 3
    trip_s: int = 3 * DAY_S
    trip_ppm: int = 50_000
    trips_count: int = 3
    trips_s: int = 30 * DAY_S
    velocity_times: int = 10
    velocity_fen: int = 50_000_000
    usual_s: int = 30 * DAY_S


def structuring(moved: Movements, bounds: Bounds) -> I64:
    """Amounts just below the threshold, again and again, one way. Returns int64 (m,), ascending."""
    near_fen = bounds.threshold_fen * bounds.near_ppm // PPM
    near = (moved.amount_fen >= near_fen) & (moved.amount_fen < bounds.threshold_fen)
    at = np.flatnonzero(near)
    who = moved.party[at] * 2 + moved.outwards[at]
    counts = _within(who, moved.at_s[at], np.ones(at.size, np.int64), bounds.structuring_s)
    return at[counts >= bounds.structuring_count]


def round_trips(moved: Movements, bounds: Bounds) -> I64:
    """The same money goes and comes back, again and again. Returns int64 (m,), ascending.

    A trip is a movement and the pair's next one, if that goes the other way, soon, and is about as
    large.
    """
    order = np.lexsort((moved.at_s, moved.counterparty, moved.party))
    first, then = order[:-1], order[1:]
    larger = np.maximum(moved.amount_fen[first], moved.amount_fen[then])
    gap = np.abs(moved.amount_fen[first] - moved.amount_fen[then])
    back = (
        (moved.party[first] == moved.party[then])
        & (moved.counterparty[first] == moved.counterparty[then])
        & (moved.outwards[first] != moved.outwards[then])
        & (moved.at_s[then] - moved.at_s[first] <= bounds.trip_s)
        & (gap <= larger // PPM * bounds.trip_ppm + larger % PPM * bounds.trip_ppm // PPM)
    )
    at = np.sort(then[back])
    pair = moved.party[at] * (_PARTIES_MAX + 1) + moved.counterparty[at]
    counts = _within(pair, moved.at_s[at], np.ones(at.size, np.int64), bounds.trips_s)
    return at[counts >= bounds.trips_count]


def velocity(moved: Movements, bounds: Bounds) -> I64:
    """A day's money many times the usual day's. Returns int64 (m,), ascending."""
    day_fen = _within(moved.party, moved.at_s, moved.amount_fen, DAY_S)
    long_fen = _within(moved.party, moved.at_s, moved.amount_fen, bounds.usual_s + DAY_S)
    days = bounds.usual_s // DAY_S
    known_s = moved.at_s - _first(moved.party, moved.at_s)
    # Without an earlier movement nothing is usual, and any sum would be too much.
    usual_fen = long_fen - day_fen
    fast = (
        (day_fen >= bounds.velocity_fen)
        & (known_s >= bounds.usual_s)
        & (usual_fen > 0)
        & (day_fen > bounds.velocity_times * (usual_fen // days))
    )
    return np.flatnonzero(fast)


def _within(who: I64, at_s: I64, value: I64, span_s: int) -> I64:
    """For each row the sum of its own party's values in the span up to it. at_s: by time."""
    if not who.size:
        return np.zeros(0, np.int64)
    order = np.lexsort((at_s, who))
    sorted_who, sorted_s = who[order], at_s[order]
    total = np.concatenate([[0], np.cumsum(value[order])])
    _, number = np.unique(sorted_who, return_inverse=True)
    # One ascending key of party and time; a party's rows lie further apart than any span.
    stride = int(sorted_s.max()) + span_s + 1
    key = number * stride + sorted_s
    start = np.searchsorted(key, key - span_s, side="right")
    begin = np.searchsorted(number, number, side="left")
    sums = np.empty(who.size, np.int64)
    sums[order] = total[1:] - total[np.maximum(start, begin)]
    return sums


def _first(who: I64, at_s: I64) -> I64:
    """The time of each row's party's first movement."""
    if not who.size:
        return np.zeros(0, np.int64)
    _, first, number = np.unique(who, return_index=True, return_inverse=True)
    return at_s[first][number]
