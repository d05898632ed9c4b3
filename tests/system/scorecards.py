"""Scorecards for tests."""

from dataclasses import replace

import numpy as np

from system.credit.cards import (
    CalibrationBand,
    DataWindow,
    FairnessFact,
    Limit,
    MetricFact,
    ModelCard,
    feature_facts,
)
from system.credit.features import FEATURES
from system.credit.model_files import ModelFile, pack_scorecard
from system.credit.reasons import reason_codes
from system.credit.scorer import FeaturePoints, PdMap, ScorecardModel
from system.kernels.columns import I64, MISSING

TARGET = "90 days past due within 180 days"


def scorecard(base_points: int = 500) -> ScorecardModel:
    """Three features; 20 + 30 + 10 points between the best and the worst bins."""
    names = ("revenue_3p_fen", "refund_rate_3p_ppm", "tenure_days")
    refunds, revenue, tenure = (0, 30, 15, 0), (5, 0, 10, 20), (10, 0, 10)
    codes = dict(zip(names, reason_codes(names), strict=True))
    features = (
        FeaturePoints(names[0], (100, 200), revenue, codes[names[0]]),
        FeaturePoints(names[1], (50, 90), refunds, codes[names[1]]),
        FeaturePoints(names[2], (365,), tenure, codes[names[2]]),
    )
    pd_map = PdMap(
        (500, 530, 560), (90_000, 40_000, 10_000), (80_000, 30_000, 8_000), (99_000,) * 3
    )
    return ScorecardModel(base_points, features, pd_map, TARGET)


def random_scorecard(luck: np.random.Generator, features: int) -> ScorecardModel:
    """A card whose edges, points and PD come from luck."""
    parts = []
    for position in range(features):
        edges = np.unique(luck.integers(-1_000, 1_000, luck.integers(0, 9))).tolist()
        points = luck.integers(-30, 31, len(edges) + 2).tolist()
        parts.append(FeaturePoints(f"f{position}", tuple(edges), tuple(points), position + 1))
    knots = np.unique(luck.integers(-200, 200, 6)).tolist()
    pd_ppm = sorted(luck.integers(0, 1_000_001, len(knots)).tolist(), reverse=True)
    low = [value // 2 for value in pd_ppm]
    pd_map = PdMap(tuple(knots), tuple(pd_ppm), tuple(low), (1_000_000,) * len(knots))
    return ScorecardModel(int(luck.integers(-50, 50)), tuple(parts), pd_map, TARGET)


def random_columns(luck: np.random.Generator, model: ScorecardModel, n: int) -> dict[str, I64]:
    """Values around the edges; one in ten is missing."""
    columns = {}
    for name in model.features:
        values = luck.integers(-1_200, 1_200, n)
        values[luck.random(n) < 0.1] = MISSING
        columns[name] = values
    return columns


def full_card(file: ModelFile, model: ScorecardModel) -> ModelCard:
    """A card that misses nothing."""
    names = ("auc", "ks", "brier", "calibration_error")
    return ModelCard(
        file.model_id,
        TARGET,
        DataWindow(20_000, 20_180, 1_000, 500, 40, "legacy loans"),
        feature_facts(model),
        tuple(MetricFact(name, "5 folds", 700_000, 650_000, 750_000, 1_000) for name in names),
        (CalibrationBand(0, 50_000, 1_000, 40, 41_000, 40_000, 30_000, 53_000),),
        (FairnessFact("region", (), 60_000, 10_000, 20_000, None, None),),
        (Limit("Not for people", "不得用于个人"),),
    )


def proposal(base_points: int = 500) -> tuple[ModelFile, ModelCard]:
    """A file and its whole card; other base points make another model."""
    model = scorecard(base_points)
    file = pack_scorecard(model)
    return file, full_card(file, model)


def without_metric(card: ModelCard, name: str) -> ModelCard:
    """The card without one of its metrics."""
    return replace(card, metrics=tuple(fact for fact in card.metrics if fact.name != name))


assert set(scorecard().features) <= set(FEATURES)
