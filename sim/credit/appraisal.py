"""A traditional lender's desk: collateral, statements, rules of thumb and the clerks' own errors.

What it answers is a function of the merchant, the day and the luck of the year in which it asks, so
that the desk can also be asked what it would have said about another lender's applicants.
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from sim.credit.economy import Economy
from sim.credit.parameters import Parameters
from sim.streams import Luck
from system.limits import LINE_FEN_MAX, PPM, YEAR_DAYS

I64 = NDArray[np.int64]
Mask = NDArray[np.bool_]

# An appraiser is never off by more than this many standard deviations.
_NOISE_SIGMA_MAX = 3.0
# Coverage beyond this ranks alike.
_COVERAGE_PPM_MAX = 1_000 * PPM


class DeskReason(IntEnum):
    """Why the desk declines, in the order of its checks. NONE: it does not."""

    NONE = 0
    TOO_YOUNG = 1
    NO_COLLATERAL = 2
    SALES_TOO_SMALL = 3
    PROFIT_TOO_SMALL = 4
    CLERKS_DOUBT = 5


@dataclass(frozen=True, slots=True)
class Appraisal:
    """One row per application. int64 (n,).

    reason: a DeskReason.  limit_fen: 0 where declined.  secured_fen: what the pledge or guarantee
    is worth to the lender.  risk: the desk's own ranking, higher is riskier.
    """

    reason: I64
    limit_fen: I64
    secured_fen: I64
    risk: I64


class Desk:
    """Appraises applications. since_day: int64 (n,), of all merchants."""

    def __init__(
        self, economy: Economy, luck: Luck, parameters: Parameters, since_day: I64
    ) -> None:
        self._economy, self._luck, self._parameters = economy, luck, parameters
        self._since_day = since_day
        self._year, self._draws = -1, {"": np.zeros(0)}

    def appraise(self, day: int, rows: I64, requested_fen: I64) -> Appraisal:
        """What the desk says on this day. rows: merchants.  requested_fen: int64, same length.

        An owner asks for no less than the smallest loan that the desk makes.
        """
        p = self._parameters
        draws = self._year_draws(day)
        secured_fen = self._secured_fen(day, rows)
        books = self._economy.statements(day, rows)
        sales_fen, profit_fen = books.sales_fen, np.maximum(books.profit_fen, 0)
        bounds = (
            (secured_fen, DeskReason.NO_COLLATERAL),
            (_scaled(sales_fen, p.desk_sales_share), DeskReason.SALES_TOO_SMALL),
            (_scaled(profit_fen, p.desk_profit_ratio), DeskReason.PROFIT_TOO_SMALL),
        )
        reason = self._reason(day, rows, bounds)
        waved = draws["desk_wrong_approval"][rows] < p.desk_wrong_approval_share
        reason[(reason > DeskReason.NO_COLLATERAL) & waved] = DeskReason.NONE
        doubted = draws["desk_wrong_refusal"][rows] < p.desk_wrong_refusal_share
        reason[(reason == DeskReason.NONE) & doubted] = DeskReason.CLERKS_DOUBT
        wanted_fen = np.clip(requested_fen, p.desk_ticket_fen_min, LINE_FEN_MAX)
        limit_fen = np.minimum.reduce([wanted_fen, *(bound for bound, _ in bounds)])
        limit_fen = np.maximum(limit_fen, p.desk_ticket_fen_min)
        coverage_ppm = np.minimum(profit_fen * PPM // limit_fen, _COVERAGE_PPM_MAX)
        return Appraisal(
            reason, np.where(reason == DeskReason.NONE, limit_fen, 0), secured_fen, -coverage_ppm
        )

    def _reason(self, day: int, rows: I64, bounds: tuple[tuple[I64, DeskReason], ...]) -> I64:
        """The first check that fails: each bound must leave room for the smallest loan."""
        reason = np.zeros(rows.size, np.int64)
        for bound_fen, code in reversed(bounds):
            reason[bound_fen < self._parameters.desk_ticket_fen_min] = code
        young = day - self._since_day[rows] < self._parameters.desk_tenure_days_min
        reason[young] = DeskReason.TOO_YOUNG
        return reason

    def _secured_fen(self, day: int, rows: I64) -> I64:
        """Loan to value of the property as appraised, or a guarantor's promise."""
        p = self._parameters
        draws = self._year_draws(day)
        noise = draws["desk_appraisal"][rows]
        value_fen = self._economy.property_fen(day, rows)
        appraised_fen = value_fen + np.rint(value_fen * (p.desk_appraisal_cv * noise)).astype(
            np.int64
        )
        pledge_fen = _scaled(np.maximum(appraised_fen, 0), p.desk_loan_to_value_share)
        guaranteed = draws["desk_guarantor"][rows] < p.desk_guarantor_share
        return np.maximum(pledge_fen, np.where(guaranteed, p.desk_guarantee_fen, 0))

    def _year_draws(self, day: int) -> dict[str, NDArray[np.float64]]:
        """The same appraiser, guarantor and clerks for a merchant that asks twice in a year."""
        year = day // YEAR_DAYS
        if year != self._year:
            n = self._since_day.size
            purposes = ("desk_wrong_approval", "desk_wrong_refusal", "desk_guarantor")
            self._year = year
            self._draws = {name: self._luck.cohort(name, year, n) for name in purposes}
            noise = self._luck.generator("desk_appraisal", year).standard_normal(n)
            self._draws["desk_appraisal"] = np.clip(noise, -_NOISE_SIGMA_MAX, _NOISE_SIGMA_MAX)
        return self._draws


def _scaled(amount_fen: I64, factor: float) -> I64:
    """amount x factor, rounded down. Amounts and factors are small enough for exact doubles."""
    scaled: I64 = np.floor(amount_fen * factor).astype(np.int64)
    return scaled
