"""What a bill calls, and what it costs to pay it late.

All lines are billed at the end of the same periods (``system.kernels.arrears``). A bill calls the
interest that ran up and a share of the principal.
"""

from dataclasses import dataclass

import numpy as np

from system.kernels.accrual import ACT_360, ACT_365
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


def is_overdue_day(day: int, policy: BillingPolicy) -> bool:
    """True on the first day on which the latest bill, if unpaid, is past grace."""
    return (day - policy.due_days - policy.grace_days) % PERIOD_DAYS == 0


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
