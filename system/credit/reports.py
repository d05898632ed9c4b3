"""What the end of a day, a review and a look at the portfolio come to."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DayReport:
    """What one run of the end of day did; all zero where the day was closed before.

    closed: lines closed.  charged_off_fen: principal given up.
    """

    day: int
    closed: int = 0
    interest_accrued_fen: int = 0
    interest_billed_fen: int = 0
    principal_billed_fen: int = 0
    penalty_billed_fen: int = 0
    fee_charged_fen: int = 0
    past_due: int = 0
    frozen: int = 0
    unfrozen: int = 0
    charged_off: int = 0
    charged_off_fen: int = 0


@dataclass(frozen=True, slots=True)
class ReviewReport:
    """reviewed: lines with consent whose data was looked at.  kept: the rest of them."""

    day: int
    reviewed: int
    raised: int
    cut: int


@dataclass(frozen=True, slots=True)
class Portfolio:
    """The lines at the end of a day. Sums in fen over all lines that are not charged off.

    balance_fen: principal.  npl_fen: principal of substandard, doubtful and loss.
    by_class_fen: principal by AssetClass, from NORMAL on, cross-default included.
    by_stage_fen: principal by stage, from 1 on.  overdue_90_fen: principal of lines more than 90
    days past due.  due_fen: billed and unpaid, with penalty and fees.  written_off_fen: claims
    charged off and not recovered.
    """

    day: int
    lines: int
    drawn_lines: int
    limit_fen: int
    balance_fen: int
    npl_fen: int
    overdue_90_fen: int
    due_fen: int
    by_class_fen: tuple[int, ...]
    by_stage_fen: tuple[int, ...]
    ecl_fen: int
    written_off_fen: int
