"""Every number by which leases count. One frozen record.

Numbers without a named source are assumed; docs/decisions tells which ones matter.
"""

from dataclasses import dataclass
from typing import Final

from system.kernels.accrual import ACT_360, ACT_365
from system.kernels.classification import ClassPolicy
from system.leasing.kernels.residual import ResidualCurve
from system.limits import BILLS_MAX, PERIOD_DAYS, PPM, RATE_PPM_MAX


@dataclass(frozen=True, slots=True)
class LeasePolicy:
    """due_days: from a bill to its due date.  grace_days: from then until it costs penalty, at
    penalty_ppm a year; days past due count from the due date all the same.

    silence_ms_max: a machine silent for longer at a period's end has estimated hours.
    dispute_periods: bills of so many periods back may be disputed.  default_dpd_days: a lease is in
    default above this, or once its machine was repossessed, or it was charged off.
    hold_dpd_days: from so many on the contract lets the lessor stop the machine from afar.
    repossession_dpd_days: from so many on, or for another breach.  charge_off_dpd_days: given up
    automatically above this; charge_off_by_hand_dpd_days: people may above that.
    """

    year_days: int
    due_days: int
    grace_days: int
    penalty_ppm: int
    silence_ms_max: int
    dispute_periods: int
    default_dpd_days: int
    hold_dpd_days: int
    repossession_dpd_days: int
    charge_off_by_hand_dpd_days: int
    charge_off_dpd_days: int
    classes: ClassPolicy
    residual: ResidualCurve
    green_discount_ppm: int = 20_000  # assumed, 0 to 50_000; of the rent, with green evidence

    def __post_init__(self) -> None:
        assert self.year_days in (ACT_365, ACT_360)
        assert self.due_days >= 1
        assert 0 <= self.green_discount_ppm < PPM
        assert self.grace_days >= 0
        assert self.due_days + self.grace_days + 1 < PERIOD_DAYS, "a bill ages before the next"
        assert 0 <= self.penalty_ppm <= RATE_PPM_MAX
        assert self.silence_ms_max > 0
        assert 1 <= self.dispute_periods < BILLS_MAX - 1
        assert self.hold_dpd_days >= 1
        assert 0 < self.repossession_dpd_days <= self.default_dpd_days
        assert self.charge_off_by_hand_dpd_days <= self.charge_off_dpd_days
        # The oldest bill leaves with its lease before the ring of bills comes round to it.
        oldest_days = self.charge_off_dpd_days + self.due_days
        assert oldest_days < (BILLS_MAX - 1) * PERIOD_DAYS, "the ring of bills is too short"


DEFAULT_POLICY: Final = LeasePolicy(
    year_days=ACT_365,
    due_days=10,
    grace_days=3,
    # Five in ten thousand a day, usual in Chinese leasing contracts; within the 24 % a year above
    # which courts cut claims of financial institutions (法发〔2017〕22号).
    penalty_ppm=182_500,
    silence_ms_max=86_400_000,
    dispute_periods=3,
    # 商业银行金融资产风险分类办法, article 7: over 90 days past due is at least substandard.
    default_dpd_days=90,
    hold_dpd_days=20,
    repossession_dpd_days=30,
    charge_off_by_hand_dpd_days=90,
    charge_off_dpd_days=360,
    classes=ClassPolicy(),
    residual=ResidualCurve(),
)
