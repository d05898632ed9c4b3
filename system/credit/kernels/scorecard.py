"""The scorecard at run time: bins, points, reasons and PD, all in integers.

Whole numbers only, so that a decision is the same bit for bit on every machine.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from system.kernels.columns import I64
from system.limits import FEATURE_BINS_MAX, MODEL_FEATURES_MAX, SCORE_POINTS_MAX

REASONS_PER_ROW: Final = 4
# Rows worked on at once: small enough that a chunk's columns stay in a core's cache.
CHUNK_ROWS: Final = 8_192

I32 = NDArray[np.int32]
U8 = NDArray[np.uint8]

assert 2 * SCORE_POINTS_MAX * MODEL_FEATURES_MAX < 2**31, "a loss and its feature share an int32"
assert FEATURE_BINS_MAX < 2**8, "a bin's number is a byte"


@dataclass(frozen=True, slots=True)
class PointsTable:
    """A scorecard laid out for the kernel. Tuples hold one entry per feature, in its order.

    edges: int64 (k,), strictly ascending, MISSING + 1 first; bin j holds edges[j-1] <= value <
    edges[j], so that bin 0 holds MISSING alone.  points: int64 (k + 1,).
    losses: of ``loss_keys``.  reasons: int64 (features,), above 0.  base_points: where every row
    starts.
    """

    base_points: int
    edges: tuple[I64, ...]
    points: tuple[I64, ...]
    losses: tuple[I32, ...]
    reasons: I64


def bins_of(values: I64, edges: I64) -> U8:
    """The bin of each value: the number of edges at or below it; 0 for MISSING.

    values: int64 (n,).  edges: as in PointsTable.  Returns uint8 (n,).
    """
    found = np.zeros(values.shape, dtype=np.uint8)
    above = np.empty(values.shape, dtype=np.bool_)
    # Comparing with each of a few edges runs ten times as fast as a binary search per value.
    for edge in edges:
        np.greater_equal(values, edge, out=above)
        found += above.view(np.uint8)
    return found


def score_rows(columns: Sequence[I64], table: PointsTable) -> tuple[I64, I64]:
    """Total points of each row, and the features that cost it most.

    columns: one int64 (n,) per feature of the table.  Returns points int64 (n,) and reasons int64
    (n, REASONS_PER_ROW): codes by points lost against the feature's best bin, most first, ties by
    the features' order, 0 where fewer features lost points.
    """
    n = columns[0].size
    assert len(columns) == len(table.edges) == len(table.points) == table.reasons.size
    assert all(column.dtype == np.int64 and column.shape == (n,) for column in columns)
    points = np.empty(n, dtype=np.int64)
    reasons = np.empty((n, REASONS_PER_ROW), dtype=np.int64)
    for start in range(0, n, CHUNK_ROWS):
        rows = slice(start, min(start + CHUNK_ROWS, n))
        chunk = [column[rows] for column in columns]
        points[rows], top = _score_chunk(chunk, table)
        reasons[rows] = _codes(top, table.reasons)
    return points, reasons


def loss_keys(points: Sequence[I64]) -> tuple[I32, ...]:
    """For each feature's bins one number that orders losses, then features; 0 for no loss."""
    keys = []
    for position, of_bins in enumerate(points):
        loss = of_bins.max() - of_bins
        rank = MODEL_FEATURES_MAX - 1 - position
        key = np.where(loss > 0, loss * MODEL_FEATURES_MAX + rank, 0)
        keys.append(key.astype(np.int32))
    return tuple(keys)


def _score_chunk(columns: Sequence[I64], table: PointsTable) -> tuple[I64, I32]:
    """Points (n,) and the greatest loss keys (REASONS_PER_ROW, n) of rows that fit the cache."""
    n = columns[0].size
    points = np.full(n, table.base_points, dtype=np.int64)
    top = np.zeros((REASONS_PER_ROW, n), dtype=np.int32)
    for column, edges, of_bins, keys in zip(
        columns, table.edges, table.points, table.losses, strict=True
    ):
        bins = bins_of(column, edges)
        points += of_bins.take(bins)
        _sift(top, keys.take(bins))
    return points, top


def _sift(top: I32, key: I32) -> None:
    """Put each row's key into its place among the greatest so far; the least falls out."""
    for place in top:
        smaller = np.minimum(place, key)
        np.maximum(place, key, out=place)
        key = smaller


def _codes(top: I32, reasons: I64) -> I64:
    """Reason codes (n, REASONS_PER_ROW) of loss keys (REASONS_PER_ROW, n)."""
    position = MODEL_FEATURES_MAX - 1 - top.T % MODEL_FEATURES_MAX
    codes: I64 = reasons.take(position, mode="clip")
    codes[top.T == 0] = 0
    return codes


def pd_by_point(knots_points: I64, knots_ppm: I64) -> I64:
    """The value at every whole number of points between the first knot and the last.

    knots_points: int64 (k,), strictly ascending.  knots_ppm: int64 (k,), 0..PPM.  Returns int64
    (last - first + 1,), linear between knots, rounded to the nearest ppm, halves up.
    """
    at = np.arange(knots_points[0], knots_points[-1] + 1, dtype=np.int64)
    if knots_points.size == 1:
        return knots_ppm.copy()
    left = np.clip(np.searchsorted(knots_points, at, side="right") - 1, 0, knots_points.size - 2)
    width = knots_points[left + 1] - knots_points[left]
    rise = (knots_ppm[left + 1] - knots_ppm[left]) * (at - knots_points[left])
    by_point: I64 = knots_ppm[left] + (2 * rise + width) // (2 * width)
    return by_point


def look_up(points: I64, first_points: int, by_point: I64) -> I64:
    """The entry of each row's points in a table of ``pd_by_point``; its ends hold beyond it."""
    return by_point.take(np.clip(points - first_points, 0, by_point.size - 1))
