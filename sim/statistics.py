"""Verdicts on claims: intervals over paired replications, honest about looking more than once.

- The replication is the unit: actors inside one replication share its shocks.
- A study looks at planned sizes only, and each look has its part of ALPHA (``sim.looks``).
- Within a look, Holm over the scenario's claims. Each printed interval has the level at which its
  own verdict was taken, so interval and verdict never disagree; its coverage is at least
  1 - ALPHA at every look.
- Methods: ``mean_t`` (level), ``paired_difference_t``, ``paired_log_ratio_t`` (ratio of geometric
  means), and, where a value is zero or negative, ``ratio_of_means_fieller``.
- Quantiles: ``median_order_statistics``, ``paired_median_…`` on differences or on ratios, from as
  many replications on as the level asks for (``sim.quantiles``); before that the methods above.
- Skewed values: Hall's correction (below). It keeps exponential values at their level from ten
  replications on; much heavier tails, and events so rare that most studies never see one, are
  beyond any interval that sees ten values: there the reason says what cannot be excluded, and
  values that are all equal decide nothing that a sign test of their number would not.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from scipy.special import nctdtrinc, stdtr, stdtrit

from sim import quantiles
from sim.looks import ALPHA
from sim.questions import OPERATORS, Interval, Judgement, Pairing, Question, Value

POWER = 0.8
# Below this the cubic is the identity to the last digit, and its inverse would divide by zero.
SKEWNESS_MIN = 1e-9
# Differences of equal shares differ in their last bits; such a spread is no spread.
JITTER_REL_MAX = 1e-12
# Above this share of replications without a value, what is left may no longer stand for the rest.
MISSING_SHARE_MAX = 0.2


@dataclass(frozen=True, slots=True)
class _Sample:
    """n >= 2 values: their mean, standard deviation and skewness.

    Intervals and p-values bend the t statistic by Hall's monotone cubic (1992), which cancels the
    leading effect of skewness and is the plain t statistic where skewness is zero.
    """

    n: int
    mean: float
    sd: float
    skewness: float

    def interval(self, alpha: float) -> tuple[float, float]:
        reach = _t_quantile(self.n, alpha) / math.sqrt(self.n)
        return self.mean - self.sd * self._unbend(reach), self.mean - self.sd * self._unbend(-reach)

    def p_value(self, threshold: float) -> float:
        """Two-sided, for a true mean at the threshold."""
        if self.sd == 0.0:  # equal values say no more than a sign test does
            return 1.0 if self.mean == threshold else 2.0 ** (1 - self.n)
        bent = self._bend((self.mean - threshold) / self.sd)
        return 2.0 * float(stdtr(self.n - 1, -abs(bent) * math.sqrt(self.n)))

    def detectable(self, alpha: float) -> float:
        """The distance that the t test finds with POWER (noncentral t); skewness aside."""
        distance = float(nctdtrinc(self.n - 1, 1.0 - POWER, _t_quantile(self.n, alpha)))
        return self.sd / math.sqrt(self.n) * distance

    def _bend(self, x: float) -> float:
        g = self.skewness
        return x + g * x**2 / 3.0 + g**2 * x**3 / 27.0 + g / (6.0 * self.n)

    def _unbend(self, y: float) -> float:
        g = self.skewness
        if abs(g) < SKEWNESS_MIN:
            return y
        return 3.0 / g * (math.cbrt(1.0 + g * (y - g / (6.0 * self.n))) - 1.0)


@dataclass(frozen=True, slots=True)
class _Pivot:
    """What one comparison can tell: estimate, p at the threshold, interval at any alpha."""

    method: str
    n: int
    estimate: float
    p_value: float
    interval: Callable[[float], tuple[float, float]]
    detectable: Callable[[float], float]


# Beyond it the exponential leaves the floats.
_EXP_MAX = 700.0


def mean_interval(values: Sequence[Value], alpha: float = ALPHA) -> Interval:
    """Mean and t interval of the defined values, for tables (no correction for looks)."""
    found = _found(values)
    if len(found) < 2:
        return Interval(found[0] if found else None, None, None, len(found))
    sample = _sample(found)
    half = sample.sd / math.sqrt(sample.n) * _t_quantile(sample.n, alpha)
    return Interval(sample.mean, sample.mean - half, sample.mean + half, sample.n)


def paired_interval(
    values: Sequence[Value], baseline: Sequence[Value], alpha: float = ALPHA
) -> Interval:
    """Mean paired difference with its t interval, over the pairs where both are defined."""
    return mean_interval([x - y for x, y in _pairs(values, baseline)], alpha)


def judge(questions: Sequence[Question], alpha: float = ALPHA) -> list[Judgement]:
    """One judgement per question, in order, at a look that may spend ``alpha`` (Holm inside)."""
    least = alpha / max(len(questions), 1)
    pivots = [_pivot(question, least) for question in questions]
    alphas = _holm([_p(pivot) for pivot in pivots], alpha)
    return [
        _judgement(question, pivot, alpha_here)
        for question, pivot, alpha_here in zip(questions, pivots, alphas, strict=True)
    ]


def _holm(p_values: Sequence[float], alpha: float) -> list[float]:
    """The level at which each p-value is tested; after the first miss, the level stays."""
    alphas = [0.0] * len(p_values)
    going, level = True, alpha
    for rank, index in enumerate(sorted(range(len(p_values)), key=lambda i: (p_values[i], i))):
        if going:
            level = alpha / (len(p_values) - rank)
            going = p_values[index] <= level
        alphas[index] = level
    return alphas


def _judgement(question: Question, pivot: _Pivot | str, alpha: float) -> Judgement:
    n, missing = _counts(question)
    if isinstance(pivot, str):
        return _unjudged(question, n, missing, pivot)
    low, high = pivot.interval(alpha)
    verdict, reason = _verdict(question, low, high), _reason(low, high, n, missing, alpha)
    is_thin = low == high and 2.0 ** (1 - n) > alpha
    if is_thin or missing > MISSING_SHARE_MAX * (n + missing):
        verdict = "undecided"
    return Judgement(
        id=question.id,
        method=pivot.method,
        estimate=pivot.estimate,
        ci_low=_finite(low),
        ci_high=_finite(high),
        level=1.0 - alpha,
        n=n,
        missing=missing,
        p_value=pivot.p_value,
        # Without spread nothing is known of spread: no distance can be named.
        mde=None if low == high else _finite(pivot.detectable(alpha)),
        verdict=verdict,
        reason=reason,
        pairing=_pairing(question),
    )


def _pairing(question: Question) -> Pairing | None:
    """On the scale on which the comparison is judged; None for a level."""
    if question.compare == "level":
        return None
    pairs = _pairs(question.values, question.baseline or ())
    if question.compare == "ratio":
        if _is_log_ratio(question, pairs):
            pairs = [(math.log(x), math.log(y)) for x, y in pairs]
        else:
            pairs = [(x, question.threshold * y) for x, y in pairs]
    x, y, gap = (
        _sample(list(side)) for side in (*zip(*pairs, strict=True), [a - b for a, b in pairs])
    )
    apart = x.sd**2 + y.sd**2
    correlation = (apart - gap.sd**2) / (2.0 * x.sd * y.sd) if x.sd and y.sd else None
    factor = apart / gap.sd**2 if gap.sd else None
    saved = None if factor is None else max(round(len(pairs) * (factor - 1.0)), 0)
    return Pairing(correlation, factor, saved)


def _unjudged(question: Question, n: int, missing: int, reason: str) -> Judgement:
    """No interval, so no verdict; a single replication still shows its value."""
    return Judgement(
        id=question.id,
        method="none",
        estimate=_single(question) if n == 1 else None,
        ci_low=None,
        ci_high=None,
        level=None,
        n=n,
        missing=missing,
        p_value=None,
        mde=None,
        verdict="undecided",
        reason=reason,
    )


def _single(question: Question) -> float | None:
    if question.compare == "level":
        return _found(question.values)[0]
    [(x, y)] = _pairs(question.values, question.baseline or ())
    if question.compare == "difference":
        return x - y
    return x / y if y > 0 else None


def _verdict(question: Question, low: float, high: float) -> str:
    """Supported when the whole interval satisfies the operator, refuted when none of it does."""
    holds = OPERATORS[question.operator]
    ends = [holds(low, question.threshold), holds(high, question.threshold)]
    if all(ends):
        return "supported"
    return "undecided" if any(ends) else "refuted"


def _reason(low: float, high: float, n: int, missing: int, alpha: float) -> str:
    parts = []
    if missing:
        parts.append(f"{missing} of {n + missing} replications have no value")
    if not (math.isfinite(low) and math.isfinite(high)):
        parts.append("the baseline's mean is not clearly above zero, so the ratio has no bound")
    elif low == high:
        unseen = 1.0 - alpha ** (1.0 / n)
        parts.append(
            "every replication gave the same value, so the interval has no width; "
            f"another value in up to {unseen:.0%} of replications cannot be excluded"
        )
    return "; ".join(parts)


def _pivot(question: Question, least: float) -> _Pivot | str:
    """The comparison's pivot, or why there is none. least: the strictest level it may be put to."""
    n, missing = _counts(question)
    if n < 2:
        return f"{n} of {n + missing} replications have a value; an interval needs two"
    if question.quantile and n >= quantiles.replications_needed(least) and _has_ratios(question):
        return _median_pivot(question)
    if question.compare == "level":
        return _mean_pivot("mean_t", _found(question.values), question.threshold)
    pairs = _pairs(question.values, question.baseline or ())
    if question.compare == "difference":
        return _mean_pivot("paired_difference_t", [x - y for x, y in pairs], question.threshold)
    if _is_log_ratio(question, pairs):
        return _log_ratio_pivot(pairs, question.threshold)
    return _fieller_pivot(pairs, question.threshold)


def _has_ratios(question: Question) -> bool:
    """Whether each pair has a ratio, where ratios are asked for."""
    if question.compare != "ratio":
        return True
    return all(y > 0 for _, y in _pairs(question.values, question.baseline or ()))


def _median_pivot(question: Question) -> _Pivot:
    """Of quantiles: the median of values, of paired differences, or of paired ratios."""
    if question.compare == "level":
        return _order_pivot("median_order_statistics", _found(question.values), question.threshold)
    pairs = _pairs(question.values, question.baseline or ())
    if question.compare == "difference":
        gaps = [x - y for x, y in pairs]
        return _order_pivot("paired_median_difference", gaps, question.threshold)
    return _order_pivot("paired_median_ratio", [x / y for x, y in pairs], question.threshold)


def _order_pivot(method: str, values: Sequence[float], threshold: float) -> _Pivot:
    sd = _sample(values).sd
    return _Pivot(
        method,
        len(values),
        quantiles.median(values),
        quantiles.sign_p_value(values, threshold),
        lambda alpha: quantiles.median_interval(values, alpha),
        lambda alpha: quantiles.detectable(values, sd, alpha, POWER),
    )


def _is_log_ratio(question: Question, pairs: Sequence[tuple[float, float]]) -> bool:
    return question.threshold > 0 and all(x > 0 and y > 0 for x, y in pairs)


def _mean_pivot(method: str, values: Sequence[float], threshold: float) -> _Pivot:
    sample = _sample(values)
    return _Pivot(
        method,
        sample.n,
        sample.mean,
        sample.p_value(threshold),
        sample.interval,
        sample.detectable,
    )


def _log_ratio_pivot(pairs: Sequence[tuple[float, float]], threshold: float) -> _Pivot:
    logs = _sample([math.log(x) - math.log(y) for x, y in pairs])

    def interval(alpha: float) -> tuple[float, float]:
        low, high = logs.interval(alpha)
        return _exp(low), _exp(high)

    return _Pivot(
        "paired_log_ratio_t",
        logs.n,
        math.exp(logs.mean),
        logs.p_value(math.log(threshold)),
        interval,
        lambda alpha: _expm1(logs.detectable(alpha)),
    )


def _exp(x: float) -> float:
    """Infinite where two wild replications say nothing, and the float ends."""
    return math.exp(x) if x < _EXP_MAX else math.inf


def _expm1(x: float) -> float:
    return math.expm1(x) if x < _EXP_MAX else math.inf


def _fieller_pivot(pairs: Sequence[tuple[float, float]], threshold: float) -> _Pivot | str:
    """Ratio of means by inverting the paired t test of x - ratio * y (Fieller 1954)."""
    n = len(pairs)
    x, y = (_sample([pair[side] for pair in pairs]) for side in (0, 1))
    if y.mean <= 0:
        return "the baseline's mean is not above zero, so the ratio says nothing"
    cov = math.fsum((a - x.mean) * (b - y.mean) for a, b in pairs) / (n - 1) / n
    at_threshold = _sample([a - threshold * b for a, b in pairs])

    def interval(alpha: float) -> tuple[float, float]:
        t2 = _t_quantile(n, alpha) ** 2
        a, c = (side.mean**2 - t2 * side.sd**2 / n for side in (y, x))
        b = x.mean * y.mean - t2 * cov
        if a <= 0:
            return -math.inf, math.inf
        half = math.sqrt(max(b * b - a * c, 0.0))
        return (b - half) / a, (b + half) / a

    return _Pivot(
        "ratio_of_means_fieller",
        n,
        x.mean / y.mean,
        _Sample(n, at_threshold.mean, at_threshold.sd, 0.0).p_value(0.0),
        interval,
        lambda alpha: at_threshold.detectable(alpha) / y.mean,
    )


def _sample(values: Sequence[float]) -> _Sample:
    """Moments by exact sums, so that no order or machine changes them."""
    n = len(values)
    if min(values) == max(values):
        return _Sample(n, values[0], 0.0, 0.0)
    mean = math.fsum(values) / n
    sd = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (n - 1))
    if sd <= JITTER_REL_MAX * max(map(abs, values)):
        return _Sample(n, mean, 0.0, 0.0)
    return _Sample(n, mean, sd, math.fsum(((value - mean) / sd) ** 3 for value in values) / n)


def _t_quantile(n: int, alpha: float) -> float:
    return float(-stdtrit(n - 1, alpha / 2.0))


def _p(pivot: _Pivot | str) -> float:
    return 1.0 if isinstance(pivot, str) else pivot.p_value


def _pairs(values: Sequence[Value], baseline: Sequence[Value]) -> list[tuple[float, float]]:
    return [
        (float(x), float(y))
        for x, y in zip(values, baseline, strict=True)
        if x is not None and y is not None and math.isfinite(x) and math.isfinite(y)
    ]


def _counts(question: Question) -> tuple[int, int]:
    """Replications with and without what the comparison needs."""
    total = len(question.values)
    if question.compare == "level":
        n = len(_found(question.values))
    else:
        n = len(_pairs(question.values, question.baseline or ()))
    return n, total - n


def _found(values: Sequence[Value]) -> list[float]:
    return [float(value) for value in values if value is not None and math.isfinite(value)]


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
