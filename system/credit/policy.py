"""Every number by which the bank lends on this product. One frozen record.

Numbers without a named source are assumed; docs/decisions tells which ones matter.
"""

from dataclasses import dataclass
from typing import Final

from system.credit.kernels.affordability import AffordabilityPolicy
from system.credit.kernels.delinquency import BillingPolicy
from system.credit.kernels.ecl import LossPolicy
from system.credit.kernels.limit import LimitPolicy
from system.credit.kernels.pricing import PricePolicy
from system.kernels.accrual import ACT_365
from system.kernels.classification import ClassPolicy
from system.limits import BILLS_MAX, PERIOD_DAYS, PPM


@dataclass(frozen=True, slots=True)
class CreditPolicy:
    """history_periods_min, coverage_ppm_min: of the merchant's data, for a decision on it.

    draw_fen_min: a smaller drawdown is not worth a payment.  freeze_dpd_days: drawing stops from
    this many days past due, until nothing is.  charge_off_dpd_days: given up automatically above
    this; charge_off_by_hand_dpd_days: people may above that.
    """

    billing: BillingPolicy
    price: PricePolicy
    limit: LimitPolicy
    affordability: AffordabilityPolicy
    classes: ClassPolicy
    loss: LossPolicy
    history_periods_min: int
    coverage_ppm_min: int
    draw_fen_min: int
    freeze_dpd_days: int
    charge_off_dpd_days: int
    charge_off_by_hand_dpd_days: int

    def __post_init__(self) -> None:
        uplifted = self.price.cap_ppm + self.price.cap_ppm * self.billing.penalty_uplift_ppm // PPM
        assert uplifted <= self.billing.cost_cap_ppm, "penalty on the dearest line breaks the cap"
        assert self.history_periods_min >= 1
        assert 0 <= self.coverage_ppm_min <= PPM
        assert 1 <= self.draw_fen_min <= self.limit.fen_min
        assert self.freeze_dpd_days >= 1
        assert self.charge_off_by_hand_dpd_days <= self.charge_off_dpd_days
        # The oldest bill leaves with its line before the ring of bills comes round to it.
        oldest_days = self.charge_off_dpd_days + self.billing.due_days
        assert oldest_days < (BILLS_MAX - 1) * PERIOD_DAYS, "the ring of bills is too short"


DEFAULT_POLICY: Final = CreditPolicy(
    billing=BillingPolicy(
        year_days=ACT_365,
        # A twelfth of the balance per period: lines for small merchants run up to a year.
        principal_share_ppm=83_333,
        principal_fen_min=10_000,
        restructured_share_ppm=41_667,
        due_days=10,
        grace_days=3,
        # The upper end of 银发〔2003〕251号, and the cap of all cost of 法发〔2017〕22号.
        penalty_uplift_ppm=500_000,
        # Penalty interest is the whole price of lateness: loans to small firms carry no other fees.
        late_fee_ppm=0,
        cost_cap_ppm=240_000,
    ),
    price=PricePolicy(
        funding_ppm=22_000,
        operating_ppm=20_000,
        margin_ppm=10_000,
        # SBA case study, charge-off / disbursed, weighted 55 %.
        lgd_ppm=550_000,
        pd_window_days=180,
        floor_ppm=36_000,
        # With half of it on top when overdue, exactly the cap of all cost.
        cap_ppm=160_000,
    ),
    limit=LimitPolicy(
        fen_max=100_000_000,
        sandbox_fen_max=100_000_000,
        fen_min=200_000,
        step_fen=10_000,
        pd_ppm_max=60_000,
        band_ppm=100_000,
        up_days_min=90,
        explored_fen_max=500_000,
    ),
    affordability=AffordabilityPolicy(
        margin_ppm=150_000,
        service_share_ppm=500_000,
        revenue_share_ppm=1_000_000,
        stock_cycle_days=30,
    ),
    classes=ClassPolicy(),
    loss=LossPolicy(
        stage2_dpd_days=30,
        stage3_dpd_days=90,
        sicr_ratio_ppm=2_000_000,
        sicr_pd_ppm_min=20_000,
        # Revolving lines that the bank can cancel at any time: 10 % in Basel III (CRE20).
        ccf_ppm=100_000,
        lgd_ppm=550_000,
        pd_window_days=180,
        lifetime_periods=12,
        pd_unscored_ppm=30_000,
    ),
    history_periods_min=3,
    coverage_ppm_min=700_000,
    draw_fen_min=10_000,
    freeze_dpd_days=30,
    charge_off_dpd_days=360,
    charge_off_by_hand_dpd_days=90,
)
