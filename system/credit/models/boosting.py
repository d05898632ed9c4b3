"""Gradient boosting by LightGBM: plain, monotone, and as a cross-fitted bag."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from system.credit.models.calibration import PdCurve, fit_curve
from system.credit.models.contract import F64, Prediction, Table, check_both_classes
from system.credit.models.folds import splits
from system.kernels.columns import I64, Mask

_ROUNDS: Final = 200
# One thread and rows in order: the same trees on every run. The rest as tried on open data.
_SETTINGS: Final[dict[str, Any]] = {
    "objective": "binary",
    "learning_rate": 0.05,
    "num_leaves": 15,
    "min_data_in_leaf": 100,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "feature_fraction": 0.3,
    "lambda_l2": 10.0,
    "num_threads": 1,
    "deterministic": True,
    "force_row_wise": True,
    "verbosity": -1,
}
# A leaf never holds more than this share of the rows, so that small files grow trees as well.
_LEAF_SHARE: Final = 0.02
# A rank correlation with the outcome beyond this many standard errors sets a direction.
_DIRECTION_Z: Final = 3.0


@dataclass(frozen=True, slots=True)
class FittedBoosting:
    """boosters: lightgbm.Booster each; the risk is their mean log odds.  curve: None where the
    log odds give the PD, which the loss function calibrates by itself.
    """

    boosters: tuple[Any, ...]
    curve: PdCurve | None
    categories: tuple[int, ...]
    directions: tuple[int, ...]

    def predict(self, table: Table) -> Prediction:
        """By the mean log odds of the boosters."""
        raws = [
            one.predict(_known(table.values, self.categories), raw_score=True, num_threads=1)
            for one in self.boosters
        ]
        risk = np.mean(raws, axis=0)
        if self.curve:
            return self.curve.predict(risk)
        pd = 1 / (1 + np.exp(-risk))
        return Prediction(risk, pd, pd, pd)

    def drivers(self, table: Table) -> F64:
        """Shapley values in log odds: (n, k)."""
        values = _known(table.values, self.categories)
        found = [one.predict(values, pred_contrib=True, num_threads=1) for one in self.boosters]
        mean: F64 = np.mean(found, axis=0)[:, :-1]
        return mean


@dataclass(frozen=True, slots=True)
class Boosting:
    """Plain LightGBM; its log loss is a proper score, so its PD needs no second fit."""

    name: str = "lightgbm"

    def fit(self, table: Table, bad: Mask, folds: I64, seed: int) -> FittedBoosting:
        """As Estimator; folds are not needed."""
        check_both_classes(bad)
        free = (0,) * len(table.names)
        return FittedBoosting((_booster(table, bad, seed, free),), None, table.categories, free)


@dataclass(frozen=True, slots=True)
class MonotoneBoosting:
    """LightGBM whose PD follows each column in one direction, where training rows show one."""

    name: str = "lightgbm_monotone"

    def fit(self, table: Table, bad: Mask, folds: I64, seed: int) -> FittedBoosting:
        """As Estimator; folds are not needed."""
        check_both_classes(bad)
        directions = directions_of(table, bad)
        booster = _booster(table, bad, seed, directions)
        return FittedBoosting((booster,), None, table.categories, directions)


@dataclass(frozen=True, slots=True)
class BoostingBag:
    """A booster per fold, each without it; their mean, calibrated by what each had left out."""

    name: str = "lightgbm_bag"

    def fit(self, table: Table, bad: Mask, folds: I64, seed: int) -> FittedBoosting:
        """As Estimator."""
        check_both_classes(bad)
        free = (0,) * len(table.names)
        boosters, risk = [], np.empty(bad.size)
        for number, (train, held_out) in enumerate(splits(folds)):
            one = _booster(table.rows(train), bad[train], seed + number, free)
            values = _known(table.values[held_out], table.categories)
            risk[held_out] = one.predict(values, raw_score=True, num_threads=1)
            boosters.append(one)
        curve = fit_curve(risk, bad)
        return FittedBoosting(tuple(boosters), curve, table.categories, free)


def directions_of(table: Table, bad: Mask) -> tuple[int, ...]:
    """1 where risk rises with the column, -1 where it falls, 0 where chance might show as much.

    By Spearman's rank correlation with the outcome over the rows that have a value.
    """
    from scipy.stats import rankdata

    found = []
    for values, count in zip(table.values.T, table.categories, strict=True):
        known = np.isfinite(values)
        ranks, outcome = rankdata(values[known]), bad[known].astype(np.float64)
        spread = float(ranks.std() * outcome.std()) if known.any() else 0.0
        if count or not spread:
            found.append(0)
            continue
        r = float(((ranks - ranks.mean()) * (outcome - outcome.mean())).mean()) / spread
        found.append(int(np.sign(r)) if abs(r) * known.sum() ** 0.5 > _DIRECTION_Z else 0)
    return tuple(found)


def _booster(table: Table, bad: Mask, seed: int, directions: Sequence[int]) -> Any:
    import lightgbm

    leaf = min(_SETTINGS["min_data_in_leaf"], max(1, int(bad.size * _LEAF_SHARE)))
    settings = {**_SETTINGS, "seed": seed, "min_data_in_leaf": leaf}
    if any(directions):
        settings["monotone_constraints"] = list(directions)
    data = lightgbm.Dataset(
        _known(table.values, table.categories),
        bad.astype(np.float64),
        # LightGBM's text takes no spaces or signs in names; columns go by position.
        feature_name=[f"column_{at}" for at in range(len(table.names))],
        categorical_feature=[at for at, count in enumerate(table.categories) if count],
        params=settings,
        free_raw_data=True,
    )
    return lightgbm.train(settings, data, num_boost_round=_ROUNDS)


def _known(values: F64, categories: tuple[int, ...]) -> F64:
    """Codes that no category has become missing."""
    limits = np.array([count or np.inf for count in categories])
    return np.where(values < limits, values, np.nan)
