"""Random forests: the naive one as a straw man, and one of larger leaves whose PD is calibrated."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from system.credit.models.calibration import PdCurve, fit_curve
from system.credit.models.contract import F64, Prediction, Table, check_both_classes
from system.credit.models.single_thread import single_thread
from system.kernels.columns import I64, Mask


@dataclass(frozen=True, slots=True)
class FittedForest:
    """forest: a fitted RandomForestClassifier.  curve: None where its votes pass for PD.
    typical: median of each column, for ``drivers``.
    """

    forest: Any
    curve: PdCurve | None
    typical: F64

    def predict(self, table: Table) -> Prediction:
        """By the share of votes."""
        votes = self._votes(table.values)
        return self.curve.predict(votes) if self.curve else Prediction(votes, votes, votes, votes)

    def drivers(self, table: Table) -> F64:
        """Votes that would go if the column had its median: (n, k)."""
        votes = self._votes(table.values)
        added = np.empty(table.values.shape)
        for at, value in enumerate(self.typical):
            changed = table.values.copy()
            changed[:, at] = value
            added[:, at] = votes - self._votes(changed)
        return added

    @property
    def directions(self) -> tuple[int, ...]:
        """A forest promises no direction."""
        return (0,) * self.typical.size

    def _votes(self, values: F64) -> F64:
        votes: F64 = self.forest.predict_proba(values)[:, 1]
        return votes


@dataclass(frozen=True, slots=True)
class NaiveForest:
    """RandomForestClassifier(100) as the original idea has it: votes taken for probabilities."""

    name: str = "naive_random_forest"
    trees: int = 100

    def fit(self, table: Table, bad: Mask, folds: I64, seed: int) -> FittedForest:
        """As Estimator; folds are not needed."""
        check_both_classes(bad)
        forest = _forest(table, bad, seed, n_estimators=self.trees)
        return FittedForest(forest, None, _typical(table))


@dataclass(frozen=True, slots=True)
class TunedForest:
    """Leaves of 20 rows; the PD by each tree's out-of-bag rows."""

    name: str = "random_forest"
    trees: int = 100

    def fit(self, table: Table, bad: Mask, folds: I64, seed: int) -> FittedForest:
        """As Estimator; each tree leaves rows out of its bag, so folds are not needed."""
        check_both_classes(bad)
        forest = _forest(
            table,
            bad,
            seed,
            n_estimators=self.trees,
            min_samples_leaf=20,
            max_samples=0.5,
            bootstrap=True,
            oob_score=True,
        )
        votes = forest.oob_decision_function_[:, 1]
        # A row that was in every bag has no such vote.
        seen = np.isfinite(votes)
        return FittedForest(forest, fit_curve(votes[seen], bad[seen]), _typical(table))


def _forest(table: Table, bad: Mask, seed: int, **settings: Any) -> Any:
    from sklearn.ensemble import RandomForestClassifier

    with single_thread():
        forest = RandomForestClassifier(n_jobs=1, random_state=seed, **settings)
        return forest.fit(table.values, bad)


def _typical(table: Table) -> F64:
    known = np.isfinite(table.values).any(axis=0)
    typical = np.zeros(known.size)
    typical[known] = np.nanmedian(table.values[:, known], axis=0)
    return typical
