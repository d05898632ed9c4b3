"""How good the lender's ranking and probabilities were: as the bank saw it, and in truth."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.credit.facts import NEVER
from sim.metrics.base import Values, ratio
from sim.metrics.credit_risk import matured, went_bad
from sim.metrics.credit_run import Mask, Run
from sim.metrics.credit_scores import auc, brier, calibration_error, ks, psi, tenths
from sim.statements import QUARTER_DAYS
from system.limits import PPM

I64 = NDArray[np.int64]


def measure_quality(run: Run) -> Values:
    """Observed: first decisions that led to a line, window over. All: every ranked applicant."""
    made, bad = run.stage.facts.applications, went_bad(run)
    seen = matured(run) & made.approved
    quarter = (made.asked_day - run.stage.lend_day) // QUARTER_DAYS
    ranked = run.reference.known & (made.decided_at_s != NEVER) & _was_ranked(run)
    values: Values = {
        "auc": auc(made.risk[seen], bad[seen]),
        "ks": ks(made.risk[seen], bad[seen]),
        "auc_all": auc(made.risk[ranked], run.reference.bad[ranked]),
    }
    for one in range(int(quarter[seen].max(initial=NEVER)) + 1):
        rows = seen & (quarter == one)
        values[f"auc.q{one + 1}"] = auc(made.risk[rows], bad[rows])
    return {**values, **_probabilities(run, seen, bad), **_of_model(run)}


def _was_ranked(run: Run) -> Mask:
    """A desk ranks whomever it looks at; a model those who consented and have data."""
    made = run.stage.facts.applications
    ranked: Mask = (made.decided_at_s if run.learned is None else made.pd_ppm) != NEVER
    return ranked


def _probabilities(run: Run, seen: Mask, bad: Mask) -> Values:
    made = run.stage.facts.applications
    rows = seen & (made.pd_ppm != NEVER)
    pd_ppm, is_bad = made.pd_ppm[rows], bad[rows]
    return {
        "brier": brier(pd_ppm, is_bad),
        "calibration_error": calibration_error(pd_ppm, is_bad),
        "pd_mean": ratio(int(pd_ppm.sum()), PPM * pd_ppm.size),
        **_by_tenth(pd_ppm, is_bad),
    }


def _by_tenth(pd_ppm: I64, is_bad: Mask) -> Values:
    """Predicted beside observed in ten groups of equal size, from the safest on; if any is."""
    values: Values = {}
    for number, rows in enumerate(tenths(pd_ppm) if pd_ppm.size else (), 1):
        values[f"pd_mean.tenth_{number:02d}"] = ratio(int(pd_ppm[rows].sum()), PPM * rows.size)
        values[f"default_rate.tenth_{number:02d}"] = ratio(int(is_bad[rows].sum()), rows.size)
    return values


def _of_model(run: Run) -> Values:
    """What only a lender with a model has."""
    if run.learned is None:
        return {"psi": None, "reject_bias": None, "training_rows_count": None}
    made, bad = run.stage.facts.applications, went_bad(run)
    scored = made.pd_ppm != NEVER
    explored = made.explored & matured(run)
    apart_ppm = PPM * int(bad[explored].sum()) - int(made.pd_ppm[explored].sum())
    return {
        "psi": psi(run.learned.scores, -made.risk[scored]),
        "reject_bias": ratio(apart_ppm, PPM * int(explored.sum())),
        "training_rows_count": int(run.learned.scores.size),
    }
