"""How well the fit foretells months that it has not seen.

The first months train, the last quarter of the invoices is held out. Each figure stands beside
what was observed; the debtor model stands beside the pooled baseline (one share for all), and the
law of late days that the simulation draws beside other laws that it might draw instead.
"""

from datetime import date
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sim.fit.debtor_counts import DebtorCounts, counted
from sim.fit.debtors import SHARE_EDGE, DebtorShares, fit_debtor_shares
from sim.fit.late_days import FAMILIES, SIMULATED, LateDays, fit_late_days
from sim.fit.settled_invoices import SettledInvoices

F64 = NDArray[np.float64]
_HELD_OUT_SHARE: Final = 0.25
_LATE_MIN = 10
_BINS = 5
# Kolmogorov-Smirnov at 95 %: 1.36 / sqrt(n); conservative for whole days.
_KS_95 = 1.36
_EPOCH = date(1970, 1, 1).toordinal()


def validate(invoices: SettledInvoices) -> dict[str, Any]:
    """All held-out discrepancies, and how other families of late days would have done."""
    held_out, first_month = _split(invoices)
    train, test = counted(invoices, ~held_out), counted(invoices, held_out)
    if min(train.late.sum(), test.late.sum()) < _LATE_MIN:
        return _in_sample(counted(invoices, np.ones_like(held_out)))
    laws = {family: fit_late_days(family, train.late_days.sum(axis=0)) for family in FAMILIES}
    observed_days = test.late_days.sum(axis=0)
    report = {
        "held_out_from": first_month,
        "train_rows": int(train.invoices.sum()),
        "held_out_rows": int(test.invoices.sum()),
        **_families({family: law.log_score(observed_days) for family, law in laws.items()}),
    }
    return report | _late_days(laws[SIMULATED], observed_days) | _late(train, test)


def _families(scores: dict[str, float]) -> dict[str, Any]:
    return {
        "late_days_family": SIMULATED,
        "late_days_family_best": max(FAMILIES, key=lambda family: scores[family]),
        "late_days_log_score": {family: _short(score) for family, score in scores.items()},
    }


def _split(invoices: SettledInvoices) -> tuple[NDArray[np.bool_], str]:
    """Invoices issued from the month on in which three quarters of all had been issued."""
    issued = np.array(invoices.issued_day)
    cut = int(np.quantile(issued, 1 - _HELD_OUT_SHARE, method="lower"))
    month = date.fromordinal(cut + _EPOCH).replace(day=1)
    return issued >= month.toordinal() - _EPOCH, f"{month:%Y-%m}"


def _in_sample(counts: DebtorCounts) -> dict[str, Any]:
    days = counts.late_days.sum(axis=0)
    scores = {family: fit_late_days(family, days).log_score(days) for family in FAMILIES}
    return {
        "held_out_rows": 0,
        "note": f"fewer than {_LATE_MIN} late invoices before or after the split: not validated; "
        "scores are those of the invoices that were fitted",
        **_families(scores),
    }


def _late_days(law: LateDays, counts: F64) -> dict[str, Any]:
    cdf, n = law.cdf(counts.size), float(counts.sum())
    gap = np.abs(cdf - counts.cumsum() / n)
    # The law's days beyond the longest observed count as that long.
    expected = 1 + float((1 - cdf[:-1]).sum())
    observed = float(counts @ np.arange(1, counts.size + 1)) / n
    return {
        "late_days_mean_days": _compared(expected, observed),
        "late_days_ks": _short(float(gap.max())),
        "late_days_ks_critical_95": _short(_KS_95 / n**0.5),
    }


def _late(train: DebtorCounts, test: DebtorCounts) -> dict[str, Any]:
    pooled = float(train.late.sum() / train.invoices.sum())
    shares = fit_debtor_shares(
        train.late, train.invoices, np.ones(train.debtors), DebtorShares(pooled, 0.3)
    )
    expected = shares.expected(train.late, train.invoices)
    rows = float(test.invoices.sum())
    model = _log_score(expected, test)
    one_share = np.clip(pooled, SHARE_EDGE, 1 - SHARE_EDGE)
    baseline = _log_score(np.full(test.debtors, one_share), test)
    found: dict[str, Any] = {
        "late_share": _compared(pooled, float(test.late.sum()) / rows),
        "late_share_by_debtor": _compared(
            float(expected @ test.invoices) / rows, float(test.late.sum()) / rows
        ),
        "late_log_score": {
            "debtor_model": _short(model),
            "pooled_baseline": _short(baseline),
            "gain": _short(model - baseline),
        },
        "late_calibration_error": _short(_calibration_error(expected, test)),
    }
    if train.disputes_known:
        found["dispute_share"] = _compared(
            float(train.disputed.sum() / train.invoices.sum()), float(test.disputed.sum()) / rows
        )
    return found


def _log_score(share: F64, test: DebtorCounts) -> float:
    """Mean log probability of late or not, over the held-out invoices."""
    on_time = test.invoices - test.late
    return float((test.late @ np.log(share) + on_time @ np.log1p(-share)) / test.invoices.sum())


def _calibration_error(share: F64, test: DebtorCounts) -> float:
    """Mean gap of foretold and observed share, over debtors binned by what was foretold."""
    bins = np.searchsorted(np.quantile(share, np.arange(1, _BINS) / _BINS), share)
    foretold = np.bincount(bins, share * test.invoices, _BINS)
    observed = np.bincount(bins, test.late, _BINS)
    return float(np.abs(foretold - observed).sum() / test.invoices.sum())


def _compared(predicted: float, observed: float) -> dict[str, float]:
    return {
        "predicted": _short(predicted),
        "observed": _short(observed),
        "difference": _short(predicted - observed),
    }


def _short(value: float) -> float:
    return float(f"{value:.6g}")
