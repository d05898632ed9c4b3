"""What a merchant's data says: PD, price, limit, and what speaks against a line."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from system.credit.desk import Desk
from system.credit.features import features_as_of
from system.credit.kernels.limit import CashFlow, limit_floor
from system.credit.kernels.pricing import risk_price_ceil
from system.credit.policy import CreditPolicy
from system.credit.rules import Refusal
from system.credit.scorer import Scores
from system.kernels.columns import I64, MISSING, Mask
from system.kernels.precedence import refusals
from system.parties.consent import Purpose


@dataclass(frozen=True, slots=True)
class Appraisal:
    """One row per merchant. data_refusal: what the data lacks for a decision, or 0.

    risk_refusal: what speaks against any line, or 0.  rate_ppm: at most the cap.  limit_fen: by
    all caps.  explored_fen: by all caps but the PD's, at most the policy's for such lines.
    features, model_id: what was seen, and by which scorecard.
    """

    scores: Scores
    data_refusal: I64
    risk_refusal: I64
    rate_ppm: I64
    limit_fen: I64
    explored_fen: I64
    features: Mapping[str, I64] = field(default_factory=dict)
    model_id: str = ""


def appraise(desk: Desk, rows: I64, day: int, purpose: Purpose) -> Appraisal:
    """Look at these merchants' data as of a day, by the model in use and the policy."""
    features = features_as_of(desk.unit, rows, day, purpose, desk.now_s)
    model = desk.parts.champion(desk.unit.rows)
    model_id = getattr(model, "model_id", "")
    return judged(features, model.score(features), desk.policy, model_id)


def judged(
    features: Mapping[str, I64], scores: Scores, policy: CreditPolicy, model_id: str = ""
) -> Appraisal:
    """What the policy makes of features and their scores. features: int64 (n,), MISSING allowed."""
    price_ppm = risk_price_ceil(scores.pd_ppm, policy.price)
    rate_ppm = np.minimum(price_ppm, policy.price.cap_ppm)
    explored_fen = _limit(features, np.zeros_like(rate_ppm), rate_ppm, policy)
    return Appraisal(
        scores,
        refusals(
            (
                _below(features["history_periods"], policy.history_periods_min),
                Refusal.DECLINED_HISTORY_SHORT,
            ),
            (_lacking(features, policy), Refusal.DECLINED_DATA_INCOMPLETE),
        ),
        refusals(
            # The upper end of the PD's interval decides: an uncertain model approves less.
            (scores.pd_high_ppm > policy.limit.pd_ppm_max, Refusal.DECLINED_PD_TOO_HIGH),
            (price_ppm > policy.price.cap_ppm, Refusal.DECLINED_PRICE_ABOVE_CAP),
        ),
        rate_ppm,
        _limit(features, scores.pd_ppm, rate_ppm, policy),
        np.minimum(explored_fen, policy.limit.explored_fen_max),
        features,
        model_id,
    )


def _limit(features: Mapping[str, I64], pd_ppm: I64, rate_ppm: I64, policy: CreditPolicy) -> I64:
    flow = CashFlow(
        features["revenue_3p_fen"], features["refund_rate_3p_ppm"], features["stock_cover_days"]
    )
    share_ppm = policy.billing.principal_share_ppm
    return limit_floor(pd_ppm, rate_ppm, flow, share_ppm, policy.limit, policy.affordability)


def _below(column: I64, least: int) -> Mask:
    """True below the bound, and where nothing is known (MISSING is the lowest number there is)."""
    below: Mask = column < least
    return below


def _lacking(features: Mapping[str, I64], policy: CreditPolicy) -> Mask:
    lacking = _below(features["coverage_3p_ppm"], policy.coverage_ppm_min)
    lacking |= features["revenue_3p_fen"] == MISSING
    return lacking
