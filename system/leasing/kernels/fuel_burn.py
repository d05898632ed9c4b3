"""Fuel burn against load: a sum that grows with each litre that this machine's own past does not
explain.

Each machine's past gives its burn at no load and at full load (least squares, weighted by time),
and how far its days stray from that. The sum is Page's CUSUM of the log-likelihood ratio between
"burns as ever" and "burns ``shift_ppm`` more". Learning is by whole days, and stops while the sum
is high. Source: Page, Continuous inspection schemes, Biometrika 41 (1954).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from system.kernels.columns import I64, MISSING, Mask
from system.leasing.kernels.cusum import cusum
from system.leasing.kernels.latch import Finding
from system.leasing.kernels.track import Track

F64 = NDArray[np.float64]
Carried = Mapping[str, I64]
# What is carried: the sum in thousandths, the day, sums over the past, and sums of the day.
PAST: Final = ("burn_s", "burn_load", "burn_load2", "burn_ml", "burn_ml_load")
TODAY: Final = tuple(name.replace("burn_", "today_", 1) for name in PAST)
NOISE: Final = ("burn_days", "burn_stray", "burn_stray_day", "burn_readings")
NOISE_TODAY: Final = ("today_stray", "today_rest", "today_readings")
BURN_STATE: Final = ("burn_sum", "burn_from_ms", "burn_day", *PAST, *NOISE, *TODAY, *NOISE_TODAY)
_MILLI: Final = 1_000.0


@dataclass(frozen=True, slots=True)
class BurnBounds:
    """shift_ppm: the excess that is looked for.  sum_max: where it is told, in thousandths of the
    log of odds; below half of it, it is over.  step_max: what one reading can add at most.

    days_min, engine_s_min: of its own past, before a machine is judged.  prior_s: for how many
    engine seconds its maker's word counts.  stray_ppm_min: no machine is held to less noise.
    """

    shift_ppm: int
    sum_max: int
    step_max: int
    days_min: int
    engine_s_min: int
    prior_s: int
    stray_ppm_min: int


@dataclass(frozen=True, slots=True)
class Line:
    """Expected burn: ml per engine second at no load, and more per permille of load."""

    at_rest: F64
    per_load: F64


@dataclass(frozen=True, slots=True)
class Burnt:
    """state: BURN_STATE columns after each machine's last row, int64 (m,)."""

    state: dict[str, I64]
    finding: Finding


def line_of(past: Carried, burn_idle_ml: I64, burn_full_ml: I64, bounds: BurnBounds) -> Line:
    """The machine's line from its past and its maker's word, by weighted least squares.

    Loads of the maker's word are spread evenly. Where nothing tells loads apart, the slope is 0.
    """
    told = (burn_full_ml > 0).astype(np.float64) * bounds.prior_s
    idle_rate, full_rate = burn_idle_ml / 3_600.0, burn_full_ml / 3_600.0
    time = past["burn_s"] + told
    load = past["burn_load"] + told * 500.0
    load2 = past["burn_load2"] + told * (1_000_000.0 / 3.0)
    ml = past["burn_ml"] + told * (idle_rate + full_rate) / 2.0
    ml_load = past["burn_ml_load"] + told * (
        idle_rate * 500.0 + (full_rate - idle_rate) * 1_000.0 / 3.0
    )
    spread = time * load2 - load * load
    tells = spread > 1e-6 * time * load2
    slope = np.where(tells, (time * ml_load - load * ml) / np.where(tells, spread, 1.0), 0.0)
    slope = np.maximum(slope, 0.0)
    rest = (ml - slope * load) / np.where(time > 0, time, 1.0)
    return Line(np.maximum(rest, 0.0), slope)


def stray_of(past: Carried, line: Line, bounds: BurnBounds) -> F64:
    """Variance of the residual per engine second, ml^2/s: the larger of readings' and days'.

    Days stray more than their readings taken apart would let them: an operator, a job. Few days
    say little of that, so their word is widened.
    """
    readings, days = np.maximum(past["burn_readings"], 1), np.maximum(past["burn_days"], 1)
    single = past["burn_stray"] / readings
    whole = past["burn_stray_day"] / days * (1.0 + 4.0 / days)
    time = np.maximum(past["burn_s"], 1)
    rate = line.at_rest + line.per_load * (past["burn_load"] / time)
    # The floor is a share of an hour's burn.
    floor = (rate * bounds.stray_ppm_min / 1e6) ** 2 * 3_600.0
    return np.maximum(np.maximum(single, whole), np.maximum(floor, 1e-9))


def turned_day(state: Carried, day: I64, bounds: BurnBounds) -> dict[str, I64]:
    """The state at the first reading of a new day: yesterday is learned, unless it was suspect."""
    new = {name: column.copy() for name, column in state.items()}
    turns = day != state["burn_day"]
    learns = turns & (state["burn_sum"] < bounds.sum_max // 2) & (state["today_s"] > 0)
    for past, today in zip(PAST, TODAY, strict=True):
        new[past] += np.where(learns, state[today], 0)
        new[today][turns] = 0
    rest, seconds = state["today_rest"], np.maximum(state["today_s"], 1)
    new["burn_days"] += learns
    new["burn_stray"] += np.where(learns, state["today_stray"], 0)
    new["burn_readings"] += np.where(learns, state["today_readings"], 0)
    square = np.minimum(np.abs(rest), 3_000_000_000) ** 2 // seconds
    new["burn_stray_day"] += np.where(learns, square, 0)
    for name in NOISE_TODAY:
        new[name][turns] = 0
    # However long it was high, a repaired machine is believed in days.
    new["burn_sum"] = np.minimum(new["burn_sum"], np.where(turns, bounds.sum_max * 3 // 2, 2**62))
    new["burn_day"] = day.copy()
    return new


def fuel_burn(
    track: Track,
    at_ms: I64,
    engine_step_s: I64,
    fuel_step_ml: I64,
    load: I64,
    state: Carried,
    burn_idle_ml: I64,
    burn_full_ml: I64,
    bounds: BurnBounds,
) -> Burnt:
    """One day of each machine. load: int64 (rows,) permille, MISSING counts as half.

    engine_step_s, fuel_step_ml: int64 (rows,), what each counter gained since the row before,
    MISSING where not known.  state: BURN_STATE columns int64 (m,), after ``turned_day``.
    """
    used: Mask = (engine_step_s > 0) & (fuel_step_ml != MISSING) & ~track.is_head
    used &= engine_step_s <= 86_400
    seconds = np.where(used, engine_step_s, 0)
    fuel = np.where(used, fuel_step_ml, 0)
    share = np.where(load == MISSING, 500, load)
    line = line_of(state, burn_idle_ml, burn_full_ml, bounds)
    stray = stray_of(state, line, bounds)
    judged = (state["burn_days"] >= bounds.days_min) & (state["burn_s"] >= bounds.engine_s_min)
    rates = track.spread(line.at_rest) + track.spread(line.per_load) * share
    expected = rates * seconds
    rest = np.rint(fuel - expected).astype(np.int64)
    shift = expected * (bounds.shift_ppm / 1e6)
    odds = shift * (fuel - expected - shift / 2.0)
    odds = odds * _MILLI / (track.spread(stray) * np.maximum(seconds, 1))
    step = np.rint(np.clip(odds, -bounds.step_max, bounds.step_max)).astype(np.int64)
    step = np.where(used & track.spread(judged), step, 0)
    sums, from_ms = cusum(track, at_ms, step, state["burn_sum"], state["burn_from_ms"])
    amounts = {
        "today_s": seconds,
        "today_load": seconds * share,
        "today_load2": seconds * share * share,
        "today_ml": fuel,
        "today_ml_load": fuel * share,
        "today_rest": rest * used,
        "today_stray": np.where(used, _square(rest) // np.maximum(seconds, 1), 0),
        "today_readings": used.astype(np.int64),
    }
    after = dict(state)
    for name, amount in amounts.items():
        after[name] = state[name] + track.sum_since(amount, track.head_of)[track.last]
    after["burn_sum"], after["burn_from_ms"] = sums[track.last], from_ms[track.last]
    holds = used & (sums >= bounds.sum_max)
    fails = used & (sums < bounds.sum_max // 2)
    return Burnt(after, Finding(holds, fails, from_ms, sums, bounds.sum_max))


def _square(values: I64) -> I64:
    """Squares of residuals; beyond three million litres they stop growing, and fit."""
    bounded = np.minimum(np.abs(values), 3_000_000_000)
    return bounded * bounded
