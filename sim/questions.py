"""What statistics is asked and what it answers: claims with their data, judgements, intervals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

Value = float | int | None
OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "<=": lambda value, threshold: value <= threshold,
    "<": lambda value, threshold: value < threshold,
    ">=": lambda value, threshold: value >= threshold,
    ">": lambda value, threshold: value > threshold,
}


@dataclass(frozen=True, slots=True)
class Question:
    """A claim with its data: values[i] and baseline[i] come from the same replication.

    compare: "level" (baseline unused), "difference" (values - baseline) or "ratio".
    quantile: whether each value is a quantile of its replication.
    """

    id: str
    compare: str
    operator: str
    threshold: float
    values: Sequence[Value]
    baseline: Sequence[Value] | None = None
    quantile: bool = False


@dataclass(frozen=True, slots=True)
class Judgement:
    """The answer. ``level`` is the interval's; None where a figure is not defined.

    n: pairs used.  missing: replications without a value.  mde: the smallest distance from the
    threshold (a factor minus one for ratios of logs) found with POWER at this n and level.
    """

    id: str
    method: str
    estimate: float | None
    ci_low: float | None
    ci_high: float | None
    level: float | None
    n: int
    missing: int
    p_value: float | None
    mde: float | None
    verdict: str
    reason: str
    pairing: Pairing | None = None


@dataclass(frozen=True, slots=True)
class Pairing:
    """What common luck is worth.

    correlation: of arm and baseline over replications; None where one of them does not vary.
    factor: variance of the comparison with luck of their own over its variance here, so that many
    times more replications would be needed without pairing; None where pairs do not vary.
    saved: that many replications more, at this n.
    """

    correlation: float | None
    factor: float | None
    saved: int | None


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean with its two-sided t interval; None where n is too small."""

    mean: float | None
    ci_low: float | None
    ci_high: float | None
    n: int
