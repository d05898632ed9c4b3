"""Bills of 30-day periods, aligned for all accounts, and how old the oldest unpaid one is.

A bill is made at the end of its period and due some days later. Payments settle bills oldest first.
"""

import numpy as np

from system.kernels.columns import I64
from system.limits import PERIOD_DAYS


def is_billing_day(day: int) -> bool:
    """True on the last day of a period."""
    return (day + 1) % PERIOD_DAYS == 0


def due_day(period: int, due_days: int) -> int:
    """The last day on which the bill of a period can be paid in time."""
    return (period + 1) * PERIOD_DAYS - 1 + due_days


def period_due_on(unpaid_due_day: I64, due_days: int) -> I64:
    """The period whose bill is due on this day: the inverse of due_day. Returns int64 (n,)."""
    return (unpaid_due_day - due_days + 1) // PERIOD_DAYS - 1


def days_past_due(unpaid_due_day: I64, day: int) -> I64:
    """Age of the oldest unpaid bill. unpaid_due_day: int64 (n,), 0 for none. Returns int64 (n,)."""
    age_days: I64 = np.maximum(day - unpaid_due_day, 0)
    return age_days * (unpaid_due_day > 0)


def settle_oldest_first(
    bill_fen: I64, paid_fen: I64, first_period: int, due_days: int
) -> tuple[I64, I64]:
    """Let payments settle bills by age.

    bill_fen: int64 (k, n), the bills of k periods from first_period on, and there are no other
    unpaid ones.  paid_fen: int64 (n,), at most the sum of each account's bills.
    Returns what is left of the bills, (k, n), and int64 (n,) the due day of the oldest with
    something left, 0 for none. Bad input asserts.
    """
    left_fen = np.empty_like(bill_fen)
    unpaid_due_day = np.zeros_like(paid_fen)
    paid = paid_fen
    for position, bill in enumerate(bill_fen):
        part = np.minimum(bill, paid)
        paid = paid - part
        left_fen[position] = bill - part
        is_oldest = (unpaid_due_day == 0) & (left_fen[position] > 0)
        unpaid_due_day[is_oldest] = due_day(first_period + position, due_days)
    assert not paid.any(), "paid more than was billed"
    return left_fen, unpaid_due_day
