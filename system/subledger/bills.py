"""What is left of each period's bill, in plane period % BILLS_MAX of a frame's ``bill_fen``."""

import numpy as np

from system.kernels import arrears
from system.kernels.columns import I64
from system.limits import BILLS_MAX
from system.ports.book import BookUnit, Frame

BILL: str = "bill_fen"


def settle(
    unit: BookUnit,
    frame: Frame,
    accounts: I64,
    paid_fen: I64,
    unpaid_due_day: I64,
    last_period: int,
    due_days: int,
) -> I64:
    """Let payments settle bills, the oldest first; the due day of the oldest unpaid one then.

    paid_fen: int64 (n,), 1 or more, at most what is left of the account's bills.  unpaid_due_day:
    as it was.  last_period: no bill is younger.  Returns int64 (n,), 0 for none.
    """
    after = np.zeros_like(unpaid_due_day)
    oldest = arrears.period_due_on(unpaid_due_day, due_days)
    # Mostly all owe the latest bill alone: few planes are read, and those of few accounts.
    for period in np.unique(oldest).tolist():
        at = np.flatnonzero(oldest == period)
        rows, periods = accounts[at], range(period, last_period + 1)
        bill_fen = np.stack(
            [unit.read_plane(frame, BILL, one % BILLS_MAX, rows) for one in periods]
        )
        left_fen, after[at] = arrears.settle_oldest_first(bill_fen, paid_fen[at], period, due_days)
        for one, values in zip(periods, left_fen, strict=True):
            unit.write_plane(frame, BILL, one % BILLS_MAX, rows, values)
    return after


def oldest_due_day(
    unit: BookUnit, frame: Frame, accounts: I64, last_period: int, due_days: int
) -> I64:
    """The due day of each account's oldest unpaid bill, 0 for none. Returns int64 (n,)."""
    first = last_period - BILLS_MAX + 1
    bill_fen = np.stack(
        [
            unit.read_plane(frame, BILL, period % BILLS_MAX, accounts)
            for period in range(first, last_period + 1)
        ]
    )
    nothing = np.zeros(accounts.size, np.int64)
    return arrears.settle_oldest_first(bill_fen, nothing, first, due_days)[1]
