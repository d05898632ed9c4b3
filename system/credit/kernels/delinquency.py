"""Bills, and how old the oldest unpaid one is.

All lines are billed at the end of the same 30-day periods. A bill calls the interest that ran up
and a share of the principal; it is due some days later. Payments settle bills oldest first.
"""

from dataclasses import dataclass

import numpy as np

from system.credit.kernels.accrual import ACT_360, ACT_365
from system.kernels.columns import I64
from system.limits import PERIOD_DAYS, PPM


@dataclass(frozen=True, slots=True)
class BillingPolicy:
    """year_days: of the day count.  principal_share_ppm: least share of the uncalled principal
    that a bill calls, but at least principal_fen_min.  restructured_share_ppm: the same on
    restructured lines.  due_days: from bill to due date.  grace_days: from due date until an
    unpaid bill costs penalty and late fee; days past due count from the due date all the same.
    penalty_uplift_ppm: of the contract rate, added on what is past grace.  late_fee_ppm: once per
    bill, of what is unpaid of it after grace.  cost_cap_ppm: rate, penalty and fee together.
    """

    year_days: int
    principal_share_ppm: int
    principal_fen_min: int
    restructured_share_ppm: int
    due_days: int
    grace_days: int
    penalty_uplift_ppm: int
    late_fee_ppm: int
    cost_cap_ppm: int

    def __post_init__(self) -> None:
        assert self.year_days in (ACT_365, ACT_360)
        assert 0 < self.restructured_share_ppm <= self.principal_share_ppm <= PPM
        assert self.principal_fen_min >= 0
        assert self.due_days >= 1
        assert self.grace_days >= 0
        assert self.due_days + self.grace_days + 1 < PERIOD_DAYS, "a bill ages before the next"
        assert 0 <= self.penalty_uplift_ppm <= PPM
        assert 0 <= self.late_fee_ppm <= PPM
        assert 0 < self.cost_cap_ppm <= PPM


def is_billing_day(day: int) -> bool:
    """True on the last day of a period."""
    return (day + 1) % PERIOD_DAYS == 0


def is_overdue_day(day: int, policy: BillingPolicy) -> bool:
    """True on the first day on which the latest bill, if unpaid, is past grace."""
    return (day - policy.due_days - policy.grace_days) % PERIOD_DAYS == 0


def due_day(period: int, policy: BillingPolicy) -> int:
    """The last day on which the bill of a period can be paid in time."""
    return (period + 1) * PERIOD_DAYS - 1 + policy.due_days


def period_due_on(unpaid_due_day: I64, policy: BillingPolicy) -> I64:
    """The period whose bill is due on this day: the inverse of due_day. Returns int64 (n,)."""
    return (unpaid_due_day - policy.due_days + 1) // PERIOD_DAYS - 1


def days_past_due(unpaid_due_day: I64, day: int) -> I64:
    """Age of the oldest unpaid bill. unpaid_due_day: int64 (n,), 0 for none. Returns int64 (n,)."""
    age_days: I64 = np.maximum(day - unpaid_due_day, 0)
    return age_days * (unpaid_due_day > 0)


def called_principal_ceil(uncalled_fen: I64, share_ppm: I64, policy: BillingPolicy) -> I64:
    """The principal that a bill calls: a share, rounded up, or the minimum, or all there is.

    uncalled_fen: int64 (n,), 0..LINE_FEN_MAX.  share_ppm: int64 (n,), 1..PPM.
    Returns int64 (n,) fen, at most uncalled_fen.
    """
    share_fen: I64 = -(-uncalled_fen * share_ppm // PPM)
    return np.minimum(np.maximum(share_fen, policy.principal_fen_min), uncalled_fen)


def penalty_rate_ppm(rate_ppm: I64, policy: BillingPolicy) -> I64:
    """What an overdue fen costs per year above the contract rate, within the cap of all cost.

    rate_ppm: int64 (n,).  Returns int64 (n,) ppm, rounded down.
    Source: 银发〔2003〕251号 lets a bank charge 30 to 50 % above the contract rate on overdue
    loans, and the same on unpaid interest.
    """
    return np.maximum(
        np.minimum(rate_ppm * policy.penalty_uplift_ppm // PPM, policy.cost_cap_ppm - rate_ppm), 0
    )


def late_fee_floor(unpaid_fen: I64, rate_ppm: I64, policy: BillingPolicy) -> I64:
    """The fee on a bill that is unpaid after grace, within what the cap leaves for one period.

    unpaid_fen: int64 (n,), of that bill.  Returns int64 (n,) fen, rounded down.
    """
    used_ppm = rate_ppm + penalty_rate_ppm(rate_ppm, policy)
    room_ppm = np.maximum(policy.cost_cap_ppm - used_ppm, 0) * PERIOD_DAYS // policy.year_days
    fee_fen: I64 = unpaid_fen * np.minimum(policy.late_fee_ppm, room_ppm) // PPM
    return fee_fen


def settle_oldest_first(
    bill_fen: I64, paid_fen: I64, first_period: int, policy: BillingPolicy
) -> tuple[I64, I64]:
    """Let payments settle bills by age.

    bill_fen: int64 (k, n), the bills of k periods from first_period on, and there are no other
    unpaid ones.  paid_fen: int64 (n,), at most the sum of each line's bills.
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
        unpaid_due_day[is_oldest] = due_day(first_period + position, policy)
    assert not paid.any(), "paid more than was billed"
    return left_fen, unpaid_due_day
