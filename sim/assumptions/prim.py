"""In which box of assumptions a claim holds: the patient rule induction method, PRIM.

Peel: of all ways to cut a twentieth of the points off one end of one axis, take the one that gains
most per point given up, until few points are left. Choose: the largest box on that path in which
the claim holds at ``DENSITY_MIN`` of the points, or the densest. Paste: widen ends again while the
box stays as dense. Last, lift each restriction that chance could explain (Friedman and Fisher 1999;
Bryant and Lempert 2010).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

F64 = NDArray[np.float64]
Flags = NDArray[np.bool_]
PEEL_SHARE: Final = 0.05
SUPPORT_MIN: Final = 0.1
DENSITY_MIN: Final = 0.95
# Of a restriction that only chance would bring (one-sided binomial).
CHANCE_MAX: Final = 0.05


@dataclass(frozen=True, slots=True)
class Box:
    """Ends on each axis, float64 (d,); infinite where the box does not restrict.

    density: share of its points at which the claim holds.  coverage: share of all points at which
    the claim holds that lie in the box.  support: share of all points.
    """

    low: F64
    high: F64
    density: float
    coverage: float
    support: float

    def holds(self, x: F64) -> Flags:
        return _inside(x, self.low, self.high)


def find_box(x: F64, holds: Flags) -> Box:
    """x: float64 (n, d), the points.  holds: bool (n,), the claim at each. n is at least 1."""
    d = x.shape[1]
    path = list(_peel(x, holds, _box(x, holds, np.full(d, -np.inf), np.full(d, np.inf))))
    dense = [box for box in path if box.density >= DENSITY_MIN]
    # The path runs from large to small: the first one that is dense enough is the largest.
    chosen = dense[0] if dense else max(path, key=lambda box: box.density)
    return _lift(x, holds, _paste(x, holds, chosen))


def held_out_density(x: F64, holds: Flags, folds: int = 5) -> float | None:
    """The density of boxes at points that they were not found with; None if they hold none."""
    fold = np.arange(holds.size) % folds
    hits = inside = 0
    for out in range(folds):
        if not (fold != out).any():
            continue
        box = find_box(x[fold != out], holds[fold != out])
        found = box.holds(x[fold == out])
        inside += int(found.sum())
        hits += int((found & holds[fold == out]).sum())
    return hits / inside if inside else None


def _inside(x: F64, low: F64, high: F64) -> Flags:
    return np.asarray(((x >= low) & (x <= high)).all(axis=1), np.bool_)


def _box(x: F64, holds: Flags, low: F64, high: F64) -> Box:
    inside = _inside(x, low, high)
    hits = int((inside & holds).sum())
    return Box(
        low=low,
        high=high,
        density=hits / max(int(inside.sum()), 1),
        coverage=hits / max(int(holds.sum()), 1),
        support=float(inside.mean()),
    )


def _peel(x: F64, holds: Flags, box: Box) -> Iterator[Box]:
    """The path of boxes, each inside the one before."""
    while True:
        yield box
        if box.density == 1.0:
            return
        cuts = [cut for cut in _cuts(x, holds, box) if cut.support >= SUPPORT_MIN]
        gains = [(cut.density - box.density) / (box.support - cut.support) for cut in cuts]
        if not cuts or max(gains) <= 0:
            return
        box = cuts[int(np.argmax(gains))]


def _cuts(x: F64, holds: Flags, box: Box) -> Iterator[Box]:
    """The box without a twentieth of its points at one end of one axis."""
    inside = x[box.holds(x)]
    for axis in range(x.shape[1]):
        values = np.sort(inside[:, axis])
        size = max(round(PEEL_SHARE * values.size), 1)
        if values[0] == values[-1]:
            continue
        above = values[values > values[size - 1]]
        below = values[values < values[-size]]
        if above.size:
            yield _box(x, holds, _with(box.low, axis, above[0]), box.high)
        if below.size:
            yield _box(x, holds, box.low, _with(box.high, axis, below[-1]))


def _paste(x: F64, holds: Flags, box: Box) -> Box:
    """Widened as long as some end can move to the next point without making the box less dense."""
    while True:
        wider = [one for one in _wider(x, holds, box) if one.density >= box.density]
        if not wider:
            return box
        box = max(wider, key=lambda one: one.support)


def _wider(x: F64, holds: Flags, box: Box) -> Iterator[Box]:
    for axis in range(x.shape[1]):
        free = Box(_with(box.low, axis, -np.inf), _with(box.high, axis, np.inf), 0, 0, 0)
        values = x[free.holds(x), axis]
        beyond = values[values < box.low[axis]], values[values > box.high[axis]]
        if beyond[0].size:
            yield _box(x, holds, _with(box.low, axis, beyond[0].max()), box.high)
        if beyond[1].size:
            yield _box(x, holds, box.low, _with(box.high, axis, beyond[1].min()))


def _lift(x: F64, holds: Flags, box: Box) -> Box:
    """Without the restrictions that chance could explain, the likeliest first."""
    while True:
        restricted = np.flatnonzero(np.isfinite(box.low) | np.isfinite(box.high)).tolist()
        chances = [(_chance(x, holds, box, axis), axis) for axis in restricted]
        if not chances or max(chances)[0] <= CHANCE_MAX:
            return box
        box = _without(x, holds, box, max(chances)[1])


def _chance(x: F64, holds: Flags, box: Box, axis: int) -> float:
    """How likely so many points would hold, had the restriction nothing to do with it."""
    free = _without(x, holds, box, axis).holds(x)
    inside = box.holds(x)
    share = float(holds[free].mean())
    return float(binom.sf(int(holds[inside].sum()) - 1, int(inside.sum()), share))


def _without(x: F64, holds: Flags, box: Box, axis: int) -> Box:
    return _box(x, holds, _with(box.low, axis, -np.inf), _with(box.high, axis, np.inf))


def _with(ends: F64, axis: int, value: float) -> F64:
    ends = ends.copy()
    ends[axis] = value
    return ends
