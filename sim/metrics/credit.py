"""The metrics of one arm of one replication of merchant credit.

Of merchants, their first application in the measured period counts, if it came early enough to be
decided upon. A metric with nothing to count is None, never zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from sim.credit.appraisal import DeskReason
from sim.credit.facts import NEVER
from sim.metrics.base import Values, ratio
from sim.metrics.credit_quality import measure_quality
from sim.metrics.credit_risk import measure_risk
from sim.metrics.credit_run import Mask, Run
from sim.metrics.credit_scores import approved_at_bad_rate

if TYPE_CHECKING:
    from system.subledger.records import JournalRow

I64 = NDArray[np.int64]

# Applications of the last days are left out: a desk has had no time to answer them.
DECIDED_WITHIN_DAYS: Final = 60


def measure(run: Run, journal: Sequence[JournalRow]) -> Values:
    """Every metric that this run defines."""
    return {
        **_approvals(run),
        **_times(run),
        **_equal_bad_rate(run),
        **_fairness(run),
        **measure_risk(run, journal),
        **measure_quality(run),
    }


def applicants(run: Run) -> Mask:
    """Who asked for credit early enough: bool (n,)."""
    asked_day = run.stage.facts.applications.asked_day
    early: Mask = (asked_day != NEVER) & (asked_day < run.stage.end_day - DECIDED_WITHIN_DAYS)
    return early


def known(run: Run) -> Mask:
    """Applicants of whom the reference run knows what would have become of them."""
    return applicants(run) & run.reference.known


def _approvals(run: Run) -> Values:
    asked, made = applicants(run), run.stage.facts.applications
    roster, truth = run.stage.economy.roster(), run.stage.economy.truth()
    values: Values = {
        "applicant_count": int(asked.sum()),
        "approval_rate": _share(made.approved, asked),
        "good_approval_rate": _share(made.approved, known(run) & ~run.reference.bad),
        "approved_bad_rate": _share(run.reference.bad, known(run) & made.approved),
        "applicant_bad_rate": _share(run.reference.bad, known(run)),
        "fraud_approval_rate": _share(made.approved, asked & (truth.fraud != 0)),
        "approval_rate.bankable": _share(made.approved, asked & _is_bankable(run)),
        "first_time_share": _share(~run.desk_approved, asked & made.approved),
    }
    for band in range(int(roster.size_band.max()) + 1):
        of_band = asked & (roster.size_band == band)
        values[f"approval_rate.size_{band}"] = _share(made.approved, of_band)
    answered = asked & (made.decided_at_s != NEVER)
    for code in np.unique(made.reason[answered & ~made.approved]):
        name = run.reasons(int(code)).name.lower()
        values[f"declined_share.{name}"] = _share(made.reason == code, asked)
    values["declined_share.undecided"] = _share(~answered, asked)
    return values


def _is_bankable(run: Run) -> Mask:
    """Who gets beyond the desk's counter: two years in business, and a pledge or a guarantor."""
    hopeless = (DeskReason.TOO_YOUNG, DeskReason.NO_COLLATERAL)
    return ~np.isin(run.desk_reason, hopeless)


def _share(part: Mask, whole: Mask) -> float | None:
    return ratio(int((part & whole).sum()), int(whole.sum()))


def _times(run: Run) -> Values:
    """To a yes: a no at the counter takes no time anywhere."""
    made = run.stage.facts.applications
    rows = applicants(run) & made.approved
    waits_s = np.sort(made.decided_at_s[rows] - made.asked_at_s[rows])
    if not waits_s.size:
        return {f"time_to_decision_s_{name}": None for name in ("mean", "p50", "p90")}
    p50, p90 = (int(waits_s[-(-waits_s.size * p // 100) - 1]) for p in (50, 90))
    return {
        "time_to_decision_s_mean": fmean(waits_s.tolist()),
        "time_to_decision_s_p50": p50,
        "time_to_decision_s_p90": p90,
    }


def _equal_bad_rate(run: Run) -> Values:
    """Approvals at the share of bad merchants that the desk would let in among the same applicants.

    For the desk itself that is what it approves. For the data lender the cut-off on its score is
    moved until the approved are as bad, by the reference run; who gave no consent stays out.
    """
    name = "approval_rate_equal_bad_rate"
    rows, bad = known(run), run.reference.bad
    by_desk = rows & run.desk_approved
    if run.learned is None:
        return {name: _share(run.desk_approved, rows)}
    scored = rows & (run.stage.facts.applications.pd_ppm != NEVER)
    if not by_desk.any() or not rows.any():
        return {name: None}
    risk = run.stage.facts.applications.risk[scored]
    let_in = approved_at_bad_rate(risk, bad[scored], int((bad & by_desk).sum()), int(by_desk.sum()))
    return {name: ratio(let_in, int(rows.sum()))}


def _fairness(run: Run) -> Values:
    """Equal opportunity: the same chance for merchants who would repay."""
    roster = run.stage.economy.roster()
    good = known(run) & ~run.reference.bad
    gaps: dict[str, float | None] = {}
    for name, group in (("region", roster.region), ("size", roster.size_band)):
        gaps[name] = _gap(run.stage.facts.applications.approved, good, group)
    found = [gap for gap in gaps.values() if gap is not None]
    values: Values = {f"fairness_gap.{name}": gap for name, gap in gaps.items()}
    return {"fairness_gap": max(found, default=None), **values}


# A gap between smaller groups says more about chance than about the lender.
GROUP_ROWS_MIN: Final = 50


def _gap(approved: Mask, good: Mask, group: I64) -> float | None:
    shares = []
    for one in np.unique(group[good]):
        rows = good & (group == one)
        share = _share(approved, rows)
        if int(rows.sum()) >= GROUP_ROWS_MIN and share is not None:
            shares.append(share)
    return max(shares) - min(shares) if len(shares) > 1 else None
