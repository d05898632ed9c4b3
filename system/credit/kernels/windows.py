"""Features over windows of complete periods, newest first, in whole numbers.

A period with fewer than FEED_PERIOD_DAYS_MIN days is not known. Over windows with a period that is
not known there is no feature (MISSING). In a known period, days that did not come count as average
days of it. Ratios are rounded down, also below zero.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from system.kernels.columns import I64, MISSING, Mask
from system.limits import FEED_PERIOD_DAYS_MIN, PERIOD_DAYS, PPM

# Periods, newest first, that a window looks at.
_1P, _3P, _3P_BEFORE, _6P, _ALL = slice(1), slice(3), slice(3, 6), slice(6), slice(None)


@dataclass(frozen=True, slots=True)
class Windows:
    """What is known of n merchants over the last complete periods.

    sums: int64 (periods, n) per feed field and ``days``, newest period first.  end_day: the day
    after the newest.  since_day, and the last day that came without refunds, ratings or stock:
    int64 (n,).
    """

    sums: Mapping[str, I64]
    end_day: int
    since_day: I64
    unseen_refunds_day: I64
    unseen_ratings_day: I64
    unseen_stock_day: I64

    @property
    def known(self) -> Mask:
        """bool (periods, n)."""
        return self.sums["days"] >= FEED_PERIOD_DAYS_MIN

    def start_day(self, periods: int) -> int:
        """The first day of a window of the newest periods."""
        return self.end_day - periods * PERIOD_DAYS


def order_features(windows: Windows) -> dict[str, I64]:
    """Features of sales and orders. int64 (n,) each."""
    known = windows.known
    gross_fen = _of_full_periods(windows, "gross_fen", _ALL)
    recent, before = _all(known[_3P]), _all(known[_3P_BEFORE])
    gross_3p, gross_before = gross_fen[_3P].sum(axis=0), gross_fen[_3P_BEFORE].sum(axis=0)
    orders_3p, buyers_3p = (
        _of_full_periods(windows, name, _3P).sum(axis=0) for name in ("orders", "buyers")
    )
    return {
        "history_periods": known.sum(axis=0, dtype=np.int64),
        "revenue_1p_fen": _where(known[0], gross_fen[0]),
        "revenue_3p_fen": _where(recent, gross_3p // 3),
        "revenue_12p_fen": _where(_all(known), gross_fen.sum(axis=0) // len(gross_fen)),
        "growth_3p_ppm": _ratio(recent & before, (gross_3p - gross_before) * PPM, gross_before),
        "volatility_6p_ppm": _volatility(_all(known[_6P]), gross_fen[_6P]),
        "orders_3p": _where(recent, orders_3p),
        "ticket_3p_fen": _ratio(recent, gross_3p, orders_3p),
        "buyers_per_order_3p_ppm": _ratio(recent, buyers_3p * PPM, orders_3p),
        "coverage_3p_ppm": _coverage(windows),
    }


def refund_features(windows: Windows) -> dict[str, I64]:
    """Refunds over sales, both as they came. int64 (n,)."""
    known = _all(windows.known[_3P]) & (windows.unseen_refunds_day < windows.start_day(3))
    refund_fen = windows.sums["refund_fen"][_3P].sum(axis=0)
    gross_fen = windows.sums["gross_fen"][_3P].sum(axis=0)
    return {"refund_rate_3p_ppm": _ratio(known, refund_fen * PPM, gross_fen)}


def rating_features(windows: Windows) -> dict[str, I64]:
    """Mean rating, and how it moved. int64 (n,) each."""
    recent = _rating(windows, _3P, windows.unseen_ratings_day < windows.start_day(3))
    before = _rating(windows, _3P_BEFORE, windows.unseen_ratings_day < windows.start_day(6))
    both = (recent != MISSING) & (before != MISSING)
    return {"rating_3p_milli": recent, "rating_trend_milli": _where(both, recent - before)}


def stock_features(windows: Windows) -> dict[str, I64]:
    """For how many days of sales the stock of the newest period would last. int64 (n,)."""
    known = _all(windows.known[_3P]) & (windows.unseen_stock_day < windows.start_day(1))
    stock_fen = _of_full_periods(windows, "stock_fen", _1P)[0] // PERIOD_DAYS
    gross_3p = _of_full_periods(windows, "gross_fen", _3P).sum(axis=0)
    return {"stock_cover_days": _ratio(known, stock_fen * 3 * PERIOD_DAYS, gross_3p)}


def _of_full_periods(windows: Windows, name: str, periods: slice) -> I64:
    """Sums as if every day had come, rounded down; 0 where none came. int64 (periods, n)."""
    days = windows.sums["days"][periods]
    full: I64 = windows.sums[name][periods] * PERIOD_DAYS // np.maximum(days, 1)
    return full


def _rating(windows: Windows, periods: slice, seen: Mask) -> I64:
    known = _all(windows.known[periods]) & seen
    stars = windows.sums["rating_sum_milli"][periods].sum(axis=0)
    return _ratio(known, stars, windows.sums["rating_count"][periods].sum(axis=0))


def _coverage(windows: Windows) -> I64:
    """Days that came over days that there were since the merchant's first."""
    came = windows.sums["days"][_3P].sum(axis=0)
    there_were = np.clip(windows.end_day - windows.since_day, 0, 3 * PERIOD_DAYS)
    return _ratio(there_were > 0, came * PPM, there_were)


def _volatility(known: Mask, gross_fen: I64) -> I64:
    """Standard deviation over mean, by + - * / and square root: machines round those alike."""
    values = gross_fen.astype(np.float64)
    mean = values.sum(axis=0) / len(values)
    spread = np.sqrt(((values - mean) * (values - mean)).sum(axis=0) / len(values))
    is_known = known & (mean > 0)
    return _where(is_known, (spread * PPM / np.where(is_known, mean, 1.0)).astype(np.int64))


def _all(known: Mask) -> Mask:
    every: Mask = np.logical_and.reduce(known, axis=0)
    return every


def _ratio(known: Mask, numerator: I64, denominator: I64) -> I64:
    is_known = known & (denominator > 0)
    return _where(is_known, numerator // np.where(is_known, denominator, 1))


def _where(known: Mask, values: I64) -> I64:
    return np.where(known, values, MISSING)
