"""What the banks on the platform allow: prices, limits, terms. One frozen record."""

from dataclasses import dataclass, replace

from system.chain.kernels.pricing import VALUE_FEN_PRICED_MIN, PricingPolicy
from system.limits import AMOUNT_FEN_MAX, BALANCE_FEN_MAX, DAY_S, TIER_MAX


@dataclass(frozen=True, slots=True)
class Policy:
    """Limits apply to financed value outstanding, per line; 0 closes a line.

    overdue_after_s, default_after_s: from the due date; fixed in the contracts at deployment.
    verdict_valid_s: from signing, which is just before sending; the chain refuses it later.
    pays_by_rail: what leaves a deposit is paid by the payment rail, to the account that its owner
    named; else it counts as paid when its tokens are burned.
    green_discount_ppm: off the yearly rate of receivables with green evidence, down to the floor.
    """

    pricing: PricingPolicy
    quote_valid_s: int
    amount_fen_min: int
    amount_fen_max: int
    tier_max: int
    debtor_limit_fen: int
    supplier_limit_fen: int
    bank_limit_fen: int
    group_limit_fen: int
    long_terms_approved: bool = False
    overdue_after_s: int = DAY_S
    default_after_s: int = 90 * DAY_S
    acceptance_valid_s: int = 30 * DAY_S
    verdict_valid_s: int = 3_600
    pays_by_rail: bool = False
    green_discount_ppm: int = 3_000  # assumed, 0 to 10_000

    def __post_init__(self) -> None:
        assert VALUE_FEN_PRICED_MIN <= self.amount_fen_min <= self.amount_fen_max
        assert self.amount_fen_max <= AMOUNT_FEN_MAX
        assert 0 <= self.green_discount_ppm <= self.pricing.operating_margin_ppm
        assert 1 <= self.tier_max <= TIER_MAX
        assert 0 < self.overdue_after_s < self.default_after_s
        lines = (self.debtor_limit_fen, self.supplier_limit_fen, self.bank_limit_fen)
        assert all(0 <= limit <= BALANCE_FEN_MAX for limit in (*lines, self.group_limit_fen))

    @property
    def green_pricing(self) -> PricingPolicy:
        """The price list for receivables with green evidence: the bank gives of its own margin."""
        margin_ppm = self.pricing.operating_margin_ppm - self.green_discount_ppm
        return replace(self.pricing, operating_margin_ppm=margin_ppm)


DEFAULT_PRICING = PricingPolicy(
    funding_rate_ppm=22_000,
    operating_margin_ppm=10_000,
    lgd_ppm=450_000,
    recourse_relief_ppm=500_000,
    tenor_margin_ppm_per_30_days=500,
    tenor_free_days=90,
    tier_margin_ppm=3_000,
    rate_floor_ppm=25_000,
    rate_cap_ppm=240_000,
    holdback_ppm=50_000,
)
DEFAULT_POLICY = Policy(
    pricing=DEFAULT_PRICING,
    quote_valid_s=3 * DAY_S,
    amount_fen_min=100_000,
    amount_fen_max=AMOUNT_FEN_MAX,
    tier_max=5,
    debtor_limit_fen=10**11,
    supplier_limit_fen=10**11,
    bank_limit_fen=10**12,
    group_limit_fen=2 * 10**11,
)
