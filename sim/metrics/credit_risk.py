"""Balances, bad loans, losses and profit of one arm, from the bank's journal and its days."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from sim.credit.facts import BAD_DPD_DAYS, NEVER, PERFORMANCE_DAYS
from sim.credit.statements import lent_of
from sim.metrics.base import Values, ratio
from sim.metrics.credit_run import Mask, Run
from sim.statements import QUARTER_DAYS, shares_of
from system.credit.records import LineState
from system.limits import DAY_S, PERIOD_DAYS, PPM, YEAR_DAYS

if TYPE_CHECKING:
    from sim.credit.facts import Days
    from system.subledger.records import JournalRow

I64 = NDArray[np.int64]

# The promise that the product is measured by.
NPL_PROMISED_PPM: Final = 15_000
_INCOME: Final = ("interest_billed", "penalty_billed", "fee_charged")
_WRITTEN_OFF: Final = (
    "principal_written_off",
    "interest_written_off",
    "penalty_written_off",
    "fee_written_off",
)


def measure_risk(run: Run, journal: Sequence[JournalRow]) -> Values:
    """Levels at the end and over time."""
    totals_fen: dict[str, int] = {}
    for row in journal:
        totals_fen[row.kind] = totals_fen.get(row.kind, 0) + row.total
    end = _End(run)
    days = run.stage.facts.days
    return {
        **_npl(days),
        **_vintages(run, end),
        **shares_of(lent_of(run.stage.bank, run.stage.lend_day)),
        **_defaults(run),
        **_fraud_loss(run, end, totals_fen),
        "loss_rate": ratio(_lost_fen(totals_fen, end), totals_fen.get("drawn", 0)),
        "limit_utilisation": ratio(sum(days.used_fen), sum(days.limit_fen)),
        "lent_fen": totals_fen.get("drawn", 0),
        "balance_fen_mean": ratio(sum(days.principal_fen), len(days.day)),
        **_profit(run, end, totals_fen),
        **_survival(run),
    }


class _End:
    """The lines after the last day, and what each would lose if it failed now.

    What secures a line is what the lender took it for at the grant, after the cost of selling it.
    """

    def __init__(self, run: Run) -> None:
        names = ("principal_fen", "outstanding_fen", "dpd_days", "state", "written_off_fen")
        lines = run.stage.bank.service.view(names, run.stage.bank.rows)
        self.principal_fen, self.outstanding_fen = lines["principal_fen"], lines["outstanding_fen"]
        self.written_off_fen = lines["written_off_fen"]
        self.bad = lines["dpd_days"] > BAD_DPD_DAYS
        self.bad &= lines["state"] != LineState.CHARGED_OFF
        p = run.setting.parameters
        secured = run.stage.facts.secured_fen
        at_risk = np.maximum(self.outstanding_fen - _part(secured, 1 - p.foreclosure_cost_share), 0)
        plain = _part(self.outstanding_fen, p.unsecured_loss_share)
        self.loss_fen = np.where(secured > 0, np.minimum(at_risk, plain), plain)


def _part(amount_fen: I64, share: float) -> I64:
    part: I64 = np.floor(amount_fen * share).astype(np.int64)
    return part


def _npl(days: Days) -> Values:
    """npl_ratio at the end; its mean over the last half; its peak once the book has aged."""
    aged = range(PERFORMANCE_DAYS, len(days.day))
    shares = [
        ratio(bad, whole) for bad, whole in zip(days.npl_fen, days.principal_fen, strict=True)
    ]
    half = range(len(days.day) // 2, len(days.day))
    broken = [
        at
        for at, (bad, whole) in enumerate(zip(days.npl_fen, days.principal_fen, strict=True))
        if bad * PPM > whole * NPL_PROMISED_PPM
    ]
    return {
        "npl_ratio": shares[-1],
        "npl_ratio_mean": ratio(
            sum(days.npl_fen[at] for at in half), sum(days.principal_fen[at] for at in half)
        ),
        "npl_peak": max((share for at in aged if (share := shares[at]) is not None), default=None),
        "time_to_npl_break_s": broken[0] * DAY_S if broken else None,
        "npl_break_share": int(bool(broken)),
    }


def _vintages(run: Run, end: _End) -> Values:
    """npl_ratio at the end by the quarter of the grant, from the start of lending on."""
    granted_day = run.stage.facts.granted_day
    quarter = np.where(
        granted_day == NEVER, NEVER, (granted_day - run.stage.lend_day) // QUARTER_DAYS
    )
    values: Values = {}
    for one in range(int(quarter.max(initial=NEVER)) + 1):
        rows = quarter == one
        bad_fen, whole_fen = (int(end.principal_fen[at].sum()) for at in (rows & end.bad, rows))
        values[f"npl_ratio.q{one + 1}"] = ratio(bad_fen, whole_fen)
    return values


def matured(run: Run) -> Mask:
    """Merchants with a line whose performance window is over: bool (n,)."""
    granted_day = run.stage.facts.granted_day
    ripe: Mask = (granted_day != NEVER) & (granted_day + PERFORMANCE_DAYS < run.stage.end_day)
    return ripe


def went_bad(run: Run) -> Mask:
    """Over 90 days past due within the window after the grant: bool (n,)."""
    facts = run.stage.facts
    days_to_bad = facts.bad_day - facts.granted_day
    bad: Mask = (facts.bad_day != NEVER) & (days_to_bad <= PERFORMANCE_DAYS)
    return bad


def _defaults(run: Run) -> Values:
    rows, bad = matured(run), went_bad(run)
    values: Values = {"default_rate": ratio(int((rows & bad).sum()), int(rows.sum()))}
    band = run.stage.economy.roster().size_band
    for one in range(int(band.max()) + 1):
        of_band = rows & (band == one)
        values[f"default_rate.size_{one}"] = ratio(int((of_band & bad).sum()), int(of_band.sum()))
    return values


def _lost_fen(totals_fen: dict[str, int], end: _End) -> int:
    """Principal given up less what came back since, and the expected loss of what is bad now."""
    lost_fen = totals_fen.get("principal_written_off", 0) - totals_fen.get("recovered", 0)
    return lost_fen + int(end.loss_fen[end.bad].sum())


def _fraud_loss(run: Run, end: _End, totals_fen: dict[str, int]) -> Values:
    """On fraudsters: claims given up and not recovered, and expected loss, over all lent."""
    fraud = run.stage.economy.truth().fraud != 0
    lost_fen = int(end.written_off_fen[fraud].sum()) + int(end.loss_fen[fraud & end.bad].sum())
    return {"fraud_loss_rate": ratio(lost_fen, totals_fen.get("drawn", 0))}


def _profit(run: Run, end: _End, totals_fen: dict[str, int]) -> Values:
    """Interest as billed; what ran up since is left out. The last day's performing balance is
    provided for at the arm's own rate of defaults."""
    p, days = run.setting.parameters, run.stage.facts.days
    digital = run.setting.process == "data"
    made = run.stage.facts.applications
    each = p.digital_application_fen if digital else p.desk_application_fen
    monthly = p.digital_account_fen_per_month if digital else p.desk_account_fen_per_month
    rows, bad = matured(run), went_bad(run)
    performing_fen = int(end.loss_fen[~end.bad].sum())
    defaults = int((rows & bad).sum()), max(int(rows.sum()), 1)
    written_off_fen = sum(totals_fen.get(kind, 0) for kind in _WRITTEN_OFF)
    parts: dict[str, int] = {
        "income": sum(totals_fen.get(kind, 0) for kind in _INCOME),
        "funding": -(sum(days.principal_fen) * p.funding_rate_ppm // (PPM * YEAR_DAYS)),
        "operating": -made.count * each
        - made.file_count * p.desk_file_fen
        - sum(days.lines) * monthly // PERIOD_DAYS,
        "losses": totals_fen.get("recovered", 0) - written_off_fen,
        "provisions": -int(end.loss_fen[end.bad].sum())
        - performing_fen * defaults[0] // defaults[1],
    }
    return {
        "bank_profit_fen": sum(parts.values()),
        **{f"bank_profit_fen.{name}": fen for name, fen in parts.items()},
    }


def _survival(run: Run) -> Values:
    truth, roster = run.stage.economy.truth(), run.stage.economy.roster()
    honest = (truth.fraud == 0) & (roster.since_day < run.stage.lend_day)
    started = honest & (truth.closed_on >= run.stage.lend_day)
    alive = started & (truth.closed_on >= run.stage.end_day)
    return {"merchant_survival_rate": ratio(int(alive.sum()), int(started.sum()))}
