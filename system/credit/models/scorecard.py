"""The champion: a logistic regression on weights of evidence, written down as whole points."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from system.credit.models.calibration import PdCurve, cross_fitted, fit_curve
from system.credit.models.contract import F64, Prediction, Table, check_both_classes
from system.credit.models.folds import splits
from system.credit.models.single_thread import single_thread
from system.credit.models.woe import FeatureBins, fit_bins
from system.credit.reasons import reason_codes
from system.credit.scorer import FeaturePoints, PdMap, ScorecardModel
from system.errors import InputError
from system.kernels.columns import I64, Mask
from system.limits import PPM

# 600 points are odds of 30 good to 1 bad by the regression alone; 50 points double them. With 50,
# rounding a bin to whole points moves odds by at most 0.7 %.
POINTS_AT_ODDS: Final = 600
ODDS: Final = 30.0
POINTS_TO_DOUBLE: Final = 50.0
_FACTOR: Final = POINTS_TO_DOUBLE / np.log(2)
# Of squared weights: with thousands of rows it only keeps twins among columns from running apart.
_PENALTY: Final = 1.0
_SOLVER: Final = {"maxiter": 1_000, "ftol": 1e-12, "gtol": 1e-7}


@dataclass(frozen=True, slots=True)
class FeatureCard:
    """Points of one column's bins (bins as in FeatureBins), and where it stands in the table."""

    column: int
    bins: FeatureBins
    points: I64


@dataclass(frozen=True, slots=True)
class Card:
    """Whole points without a PD: more is better."""

    base_points: int
    features: tuple[FeatureCard, ...]

    def points(self, table: Table) -> I64:
        """Total points of each row: int64 (n,)."""
        total = np.full(table.values.shape[0], self.base_points, dtype=np.int64)
        for feature in self.features:
            total += feature.points.take(feature.bins.bins(table.values[:, feature.column]))
        return total

    @property
    def lowest(self) -> int:
        """The fewest points that any row can get."""
        return self.base_points + sum(int(feature.points.min()) for feature in self.features)

    @property
    def highest(self) -> int:
        """The most points that any row can get."""
        return self.base_points + sum(int(feature.points.max()) for feature in self.features)


@dataclass(frozen=True, slots=True)
class FittedScorecard:
    """A card with its PD. out_of_fold: predictions for the rows that it was trained on, each by a
    card and a curve that had not seen the row's fold.
    """

    names: tuple[str, ...]
    card: Card
    curve: PdCurve
    out_of_fold: Prediction

    def predict(self, table: Table) -> Prediction:
        """By points, so that it says what the runtime scorecard says."""
        return self.curve.predict(-self.card.points(table).astype(np.float64))

    def drivers(self, table: Table) -> F64:
        """Points lost against each column's best bin: (n, k)."""
        lost = np.zeros(table.values.shape)
        for feature in self.card.features:
            of_bins = feature.points.max() - feature.points
            bins = feature.bins.bins(table.values[:, feature.column])
            lost[:, feature.column] = of_bins.take(bins)
        return lost

    @property
    def directions(self) -> tuple[int, ...]:
        """Every feature keeps the direction of its bins; columns without points promise both."""
        found = [0] * len(self.names)
        for feature in self.card.features:
            found[feature.column] = feature.bins.direction
        return tuple(found)


class Scorecard:
    """optbinning's monotone bins, logistic regression, whole points, Venn-Abers PD."""

    name: Final = "scorecard"

    def fit(self, table: Table, bad: Mask, folds: I64, seed: int) -> FittedScorecard:
        """As Estimator; there is no chance in it. The PD comes from cards that each leave one fold
        out."""
        check_both_classes(bad)
        with single_thread():
            points = np.empty(bad.size, dtype=np.int64)
            for train, held_out in splits(folds):
                partial = _fit_card(table.rows(train), bad[train])
                points[held_out] = partial.points(table.rows(held_out))
            card = _fit_card(table, bad)
            risk = -points.astype(np.float64)
            curve = fit_curve(risk, bad, np.arange(-card.highest, -card.lowest + 1.0))
            return FittedScorecard(table.names, card, curve, cross_fitted(risk, bad, folds))


def _fit_card(table: Table, bad: Mask) -> Card:
    bins = fit_bins(table, bad)
    columns = [at for at, feature in enumerate(bins) if np.ptp(feature.woe) > 0]
    if not columns:
        raise InputError("columns", table.names, "none of them tells bad rows from good ones")
    woe = np.column_stack([bins[at].transform(table.values[:, at]) for at in columns])
    weights, intercept = _regression(woe, bad)
    base = POINTS_AT_ODDS + _FACTOR * (-intercept - np.log(ODDS))
    features = tuple(
        FeatureCard(at, bins[at], np.rint(-_FACTOR * weight * bins[at].woe).astype(np.int64))
        for at, weight in zip(columns, weights.tolist(), strict=True)
    )
    return Card(round(base), tuple(one for one in features if np.ptp(one.points)))


def _regression(woe: F64, bad: Mask) -> tuple[F64, float]:
    """Weights, none above 0, and the intercept: penalised logistic regression.

    A weight above 0 would reward what its own bins call risky, and its reason would be a riddle.
    """
    from scipy.optimize import minimize
    from scipy.special import expit

    design = np.column_stack([woe, np.ones(bad.size)])
    penalty = np.append(np.full(woe.shape[1], _PENALTY), 0.0)

    def loss(at: F64) -> tuple[float, F64]:
        odds = design @ at
        value = np.logaddexp(0, odds).sum() - odds[bad].sum() + penalty @ at**2 / 2
        slope: F64 = design.T @ (expit(odds) - bad) + penalty * at
        return float(value) / bad.size, slope / bad.size

    bounds = [(None, 0.0)] * woe.shape[1] + [(None, None)]
    start = np.append(
        np.full(woe.shape[1], -1 / woe.shape[1]), np.log(bad.mean() / (1 - bad.mean()))
    )
    found = minimize(loss, start, jac=True, bounds=bounds, method="L-BFGS-B", options=_SOLVER).x
    return found[:-1], float(found[-1])


def as_scorer(model: FittedScorecard, target_text: str) -> ScorecardModel:
    """The scorecard for production: whole numbers only.

    Raises InputError for content that is no scorecard. Columns must have held whole numbers.
    """
    used = model.card.features
    codes = dict(zip(model.names, reason_codes(model.names), strict=True))
    return ScorecardModel(
        model.card.base_points,
        tuple(_whole(feature, codes[feature.bins.name]) for feature in used),
        _pd_map(model.curve),
        target_text,
    )


def _whole(feature: FeatureCard, reason: int) -> FeaturePoints:
    """Neighbours with equal points become one bin; a whole value is below e where it is below
    the next whole number above e."""
    edges: list[int] = []
    points = [int(feature.points[0]), int(feature.points[1])]
    for edge, after in zip(feature.bins.edges.tolist(), feature.points[2:].tolist(), strict=True):
        if after != points[-1]:
            edges.append(int(np.ceil(edge)))
            points.append(after)
    return FeaturePoints(feature.bins.name, tuple(edges), tuple(points), reason)


def _pd_map(curve: PdCurve) -> PdMap:
    points = (-curve.risk[::-1]).astype(np.int64)
    pd, low, high = (
        np.rint(values[::-1] * PPM).astype(np.int64) for values in (curve.pd, curve.low, curve.high)
    )
    kept = _knots(np.column_stack([pd, low, high]))
    columns = ((values[kept]).tolist() for values in (points, pd, low, high))
    return PdMap(*(tuple(values) for values in columns))


def _knots(rows: I64) -> I64:
    """Rows that straight lines between the others cannot replace: ends of flat stretches."""
    changed = np.any(np.diff(rows, axis=0), axis=1)
    first, last = np.append(True, changed), np.append(changed, True)
    return np.flatnonzero(first | last)
