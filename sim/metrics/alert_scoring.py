"""How good alerts are: by events, by ranges, and by windows.

Events: an alert is right when it is told while its cause lasts; a cause is found when an alert told
of it. One late word on a long event makes no other moment of it right: scores that pretend so
("point-adjust") turn alarms at random into good ones (Kim et al., AAAI 2022).
Ranges: Tatbul et al., Precision and Recall for Time Series, NeurIPS 2018.
Windows: Lavin and Ahmad, Evaluating Real-time Anomaly Detection Algorithms, ICMLA 2015 (NAB).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, exp, floor
from typing import Final, Literal

import numpy as np

from system.kernels.columns import I64, Mask

MONTH_MS: Final = 30 * 86_400_000
Bias = Literal["flat", "front", "middle", "back"]
Cardinality = Literal["one", "reciprocal"]
Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Spans:
    """Causes, or alerts: int64 (n,) each. told_ms: of alerts, when the bank was told."""

    machine: I64
    kind: I64
    start_ms: I64
    end_ms: I64
    told_ms: I64

    def of(self, kind: int) -> "Spans":
        """Those of one kind."""
        rows = self.kind == kind
        return Spans(*(getattr(self, name)[rows] for name in Spans.__slots__))


def spans_of(rows: list[tuple[int, int, int, int, int]]) -> Spans:
    """Alerts as (machine, kind, start_ms, end_ms, told_ms)."""
    columns: I64 = np.array(sorted(rows), np.int64).reshape(-1, 5)
    return Spans(*columns.T)


@dataclass(frozen=True, slots=True)
class EventScore:
    """causes, alerts: how many.  found, right: how many of each.  delays_ms: int64 (found,), from
    a cause's beginning to the first alert that tells of it, ascending.
    """

    causes: int
    found: int
    alerts: int
    right: int
    delays_ms: I64

    @property
    def precision(self) -> float:
        """Right alerts of all; NaN without alerts."""
        return self.right / self.alerts if self.alerts else float("nan")

    @property
    def recall(self) -> float:
        """Causes found of all; NaN without causes."""
        return self.found / self.causes if self.causes else float("nan")

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall: 0 where nothing was found, NaN without causes."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0

    def delay_s(self, share: float) -> float:
        """Seconds after which this share of the causes that were found was known; NaN for none."""
        if not self.delays_ms.size:
            return float("nan")
        rank = ceil(share * self.delays_ms.size)
        return float(self.delays_ms[max(rank, 1) - 1]) / 1_000

    def false_per_month(self, machine_ms: int) -> float:
        """False alerts per machine and month, over so much time of machines."""
        return (self.alerts - self.right) * MONTH_MS / machine_ms


def score_events(causes: Spans, alerts: Spans, grace_ms: Mapping[int, int]) -> EventScore:
    """Alerts against causes of the same machine and kind.

    grace_ms: by kind, how long after its end a cause may still be told: some are only seen then.
    An alert that was told before its cause began is wrong, however long it stays open.
    """
    right = np.zeros(alerts.told_ms.size, np.bool_)
    delays: list[int] = []
    rows_of = _rows_by_key(alerts)
    for machine, kind, start_ms, end_ms in zip(
        causes.machine.tolist(),
        causes.kind.tolist(),
        causes.start_ms.tolist(),
        causes.end_ms.tolist(),
        strict=True,
    ):
        rows = rows_of.get((machine, kind))
        if rows is None:
            continue
        told_ms = alerts.told_ms[rows]
        hits: Mask = (told_ms >= start_ms) & (told_ms <= end_ms + grace_ms.get(kind, 0))
        right[rows[hits]] = True
        if hits.any():
            delays.append(int(told_ms[hits].min()) - start_ms)
    found = len(delays)
    return EventScore(
        causes.machine.size,
        found,
        alerts.told_ms.size,
        int(right.sum()),
        np.array(sorted(delays), np.int64),
    )


def _rows_by_key(spans: Spans) -> dict[tuple[int, int], I64]:
    rows: dict[tuple[int, int], list[int]] = {}
    for row, key in enumerate(zip(spans.machine.tolist(), spans.kind.tolist(), strict=True)):
        rows.setdefault(key, []).append(row)
    return {key: np.array(held, np.int64) for key, held in rows.items()}


def range_recall(
    real: Sequence[Range],
    predicted: Sequence[Range],
    *,
    alpha: float = 0.0,
    cardinality: Cardinality = "one",
    bias: Bias = "flat",
) -> float:
    """Mean over real ranges of what predictions cover of each. NaN without real ranges.

    Ranges are [start, end) of whole steps, disjoint on each side.  alpha: the share of the reward
    for being found at all.  cardinality: ``reciprocal`` divides the rest by the number of
    predictions that share it.  bias: where in a range cover counts most.
    """
    if not real:
        return float("nan")
    return sum(_reward(one, predicted, alpha, cardinality, bias) for one in real) / len(real)


def range_precision(
    real: Sequence[Range],
    predicted: Sequence[Range],
    *,
    cardinality: Cardinality = "one",
    bias: Bias = "flat",
) -> float:
    """Mean over predictions of what of each is real. NaN without predictions."""
    if not predicted:
        return float("nan")
    return sum(_reward(one, real, 0.0, cardinality, bias) for one in predicted) / len(predicted)


def _reward(
    whole: Range, others: Sequence[Range], alpha: float, cardinality: Cardinality, bias: Bias
) -> float:
    shared = [
        (max(whole[0], other[0]), min(whole[1], other[1]))
        for other in others
        if other[0] < whole[1] and whole[0] < other[1]
    ]
    if not shared:
        return 0.0
    length = whole[1] - whole[0]
    weight = sum(
        _weight(stop - whole[0], length, bias) - _weight(start - whole[0], length, bias)
        for start, stop in shared
    )
    size = weight / _weight(length, length, bias)
    factor = 1 / len(shared) if cardinality == "reciprocal" else 1.0
    return alpha + (1 - alpha) * factor * size


def _weight(steps: int, length: int, bias: Bias) -> int:
    """The weight of the first ``steps`` of a range, in closed form."""
    if bias == "flat":
        return steps
    if bias == "back":
        return steps * (steps + 1) // 2
    if bias == "front":
        return steps * length - steps * (steps - 1) // 2
    rising = min(steps, length // 2)
    falling = steps - rising
    top = length - rising
    return rising * (rising + 1) // 2 + falling * top - falling * (falling - 1) // 2


@dataclass(frozen=True, slots=True)
class NabWeights:
    """What each kind of outcome costs. The defaults are NAB's standard profile."""

    right: float = 1.0
    false: float = 0.11
    missed: float = 1.0


STANDARD: Final = NabWeights()
PROBATION_SHARE: Final = 0.15
PROBATION_ROWS_MAX: Final = 5_000
_FAR_BEHIND: Final = 3.0


def nab_position_score(position: float) -> float:
    """NAB's sigmoid: 0.98661 at a window's left edge (-1), 0 at its right (0), then below."""
    if position >= _FAR_BEHIND:
        return -1.0
    return 2 / (1 + exp(5 * position)) - 1


def nab_score(
    rows: int,
    detections: Sequence[int],
    windows: Sequence[Range],
    weights: NabWeights = STANDARD,
    probation_share: float = PROBATION_SHARE,
) -> float:
    """Detections against labelled windows, 100 for perfect and 0 for none at all.

    rows: of the series.  detections: row numbers.  windows: [first, last] rows, inclusive and in
    order, as NAB labels them.  The first rows are for learning and count neither way. Only the
    earliest detection in a window counts. NaN where no window is left to find.
    """
    start = min(floor(probation_share * rows), int(probation_share * PROBATION_ROWS_MAX))
    told = sorted(row for row in set(detections) if row >= start)
    counted = [window for window in windows if window[1] >= start]
    if not counted:
        return float("nan")
    raw = sum(_window_score(window, told, weights) for window in counted)
    raw += sum(
        weights.false * nab_position_score(_past(row, windows))
        for row in told
        if not any(first <= row <= last for first, last in windows)
    )
    nothing, perfect = -weights.missed * len(counted), weights.right * len(counted)
    return 100 * (raw - nothing) / (perfect - nothing)


def _window_score(window: Range, told: Sequence[int], weights: NabWeights) -> float:
    first, last = window
    hit = next((row for row in told if first <= row <= last), None)
    if hit is None:
        return -weights.missed
    position = -(last - hit + 1) / (last - first + 1)
    return weights.right * nab_position_score(position) / nab_position_score(-1.0)


def _past(row: int, windows: Sequence[Range]) -> float:
    """How far behind the window before it a row lies, in widths of that window."""
    before = [window for window in windows if window[1] < row]
    if not before:
        return _FAR_BEHIND
    first, last = before[-1]
    return (row - last) / (last - first) if last > first else _FAR_BEHIND
