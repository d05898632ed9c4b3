"""What the lease service tells about days, portfolios and single bills."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DayReport:
    """One close of a day; zeros where it had been closed before.

    estimated: bills with hours that are part guess.  past_due: leases.  defaulted: since today.
    """

    day: int
    closed: int = 0
    bills: int = 0
    rent_billed_fen: int = 0
    estimated: int = 0
    penalty_accrued_fen: int = 0
    past_due: int = 0
    defaulted: int = 0
    charged_off: int = 0
    written_off_fen: int = 0


@dataclass(frozen=True, slots=True)
class Portfolio:
    """All leases at one moment.

    claims_fen: rent, fees and penalty billed and unpaid.  exposure_fen: these, and the value at
    handover of machines that are out: unpaid rent alone is late nearly always, and says nothing of
    a book.  npl_fen: exposure of categories from substandard on, cross-default included.
    by_class_fen: exposure that is normal, special mention, substandard, doubtful, loss.  defaulted:
    leases ever in default.
    """

    day: int
    leases: int
    live: int
    claims_fen: int
    exposure_fen: int
    npl_fen: int
    by_class_fen: tuple[int, ...]
    deposits_fen: int
    written_off_fen: int
    defaulted: int


@dataclass(frozen=True, slots=True)
class Bill:
    """One invoice: its number is lease and period. left_fen: unpaid, undisputed."""

    number: str
    lease: int
    period: int
    due_day: int
    engine_s: int
    is_estimated: bool
    bill_fen: int
    left_fen: int
