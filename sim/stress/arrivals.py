"""When requests come: a Poisson stream whose rate follows a shape, from the seed alone.

Merchants and firms act independently of each other and of the bank's speed, so arrivals are an
open loop. How high a festival is and how unlike firms are, the simulated economies say.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from sim.scenario import load
from sim.streams import Luck


@dataclass(frozen=True, slots=True)
class Phase:
    """until: share of the run, exclusive.  factor: on the rate."""

    until: float
    factor: float


Shape = Sequence[Phase]


@cache
def festival_factor() -> float:
    """Demand at a festival's peak, in usual demand, as the scenario ``credit`` has it."""
    return 1.0 + _number("credit", "festival_amplitude_ratio")


@cache
def size_exponent() -> float:
    """Of the firms' sizes (Pareto), as the scenario ``receivables`` has it."""
    return _number("receivables", "size_pareto_exponent")


def _number(scenario: str, name: str) -> float:
    value = load(scenario).parameters[name].value
    assert isinstance(value, int | float)
    return float(value)


def instants_s(
    luck: Luck, stream: str, per_s: float, shape: Shape, duration_s: float
) -> NDArray[np.float64]:
    """Seconds after the start, ascending."""
    ends = np.array([0.0, *(phase.until * duration_s for phase in shape)])
    heights = np.array([phase.factor * per_s for phase in shape])
    expected = np.concatenate(([0.0], np.cumsum(np.diff(ends) * heights)))
    total = float(expected[-1])
    room = int(total + 6 * np.sqrt(total) + 20)
    passed = np.cumsum(luck.generator("arrivals", stream).exponential(size=room))
    found: NDArray[np.float64] = np.interp(passed[passed < total], expected, ends)
    return found


def ranks(luck: Luck, stream: str, n: int, count: int) -> NDArray[np.int64]:
    """Who comes at each of ``count`` instants, of n actors whose sizes are Pareto."""
    weights = (1.0 + np.arange(n)) ** (-1.0 / size_exponent())
    shares = np.cumsum(weights / weights.sum())
    drawn = np.searchsorted(shares, luck.generator("actors", stream).random(count))
    return np.minimum(drawn, n - 1).astype(np.int64)
