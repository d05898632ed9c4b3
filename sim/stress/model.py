"""The model of a bank under load or on trial: a scorecard of the usual size, made up, not learned.

Both ask what a decision takes, not whether it is right; its card says so.
"""

from typing import Final

from system.credit import registry
from system.credit.cards import (
    CalibrationBand,
    DataWindow,
    FairnessFact,
    Limit,
    MetricFact,
    ModelCard,
    feature_facts,
)
from system.credit.model_files import pack_scorecard
from system.credit.reasons import reason_codes
from system.credit.scorer import FeaturePoints, PdMap, ScorecardModel
from system.ports.store import Unit

_TARGET: Final = "90 days past due within 180 days"
# Revenue alone separates: below 1,000 yuan a period the PD is 30 %, above it 1 %.
_NAMES: Final = ("revenue_3p_fen", "refund_rate_3p_ppm", "tenure_days")
_METRICS: Final = ("auc", "ks", "brier", "calibration_error")


def scorecard() -> ScorecardModel:
    """Three features, of which sales count most."""
    codes = reason_codes(_NAMES)
    features = (
        FeaturePoints(_NAMES[0], (1_000_000,), (0, 0, 100), codes[0]),
        FeaturePoints(_NAMES[1], (50_000, 200_000), (0, 3, 2, 0), codes[1]),
        FeaturePoints(_NAMES[2], (365,), (0, 0, 3), codes[2]),
    )
    pd_map = PdMap((500, 600), (300_000, 10_000), (250_000, 5_000), (350_000, 20_000))
    return ScorecardModel(500, features, pd_map, _TARGET)


def propose(unit: Unit, now_s: int) -> str:
    """Put it before a second person. Returns its id."""
    model = scorecard()
    file = pack_scorecard(model)
    card = ModelCard(
        file.model_id,
        _TARGET,
        DataWindow(20_000, 20_180, 1_000, 500, 40, "none: made up for load tests and trials"),
        feature_facts(model),
        tuple(MetricFact(name, "none", 500_000, 0, 1_000_000, 1_000) for name in _METRICS),
        (CalibrationBand(0, 50_000, 1_000, 40, 41_000, 40_000, 30_000, 53_000),),
        (FairnessFact("region", (), 60_000, 10_000, 20_000, None, None),),
        (
            Limit(
                "For load tests and trials only: its figures are made up",
                "仅用于压力测试与试用：数字为虚构",
            ),
        ),
    )
    return registry.propose(unit, file, card, "load-maker", now_s, command_id="load model")


def approve(unit: Unit, model_id: str, now_s: int) -> None:
    """Make it the champion of this bank."""
    registry.approve(unit, model_id, "load-checker", now_s, command_id="load model approved")
