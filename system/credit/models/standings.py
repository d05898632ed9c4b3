"""Where a model stands: its measures over folds with intervals, or over later rows together."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from system.credit.models.contract import Prediction
from system.credit.models.leaderboard import Task
from system.credit.models.measures import (
    MEASURES,
    Measures,
    calibration_by_chance,
    calibration_error,
    measured,
)
from system.kernels.columns import Mask


@dataclass(frozen=True, slots=True)
class Standing:
    """by_part: measures of each fold, or of the later rows as one. calibration_error: over all
    rows together. calibration_by_chance: mean over parts of what a perfect PD would show.
    """

    rows: int
    by_part: tuple[Measures, ...]
    calibration_error: float
    calibration_by_chance: float

    def mean(self, measure: str) -> float:
        """Over the parts."""
        return float(np.mean([getattr(one, measure) for one in self.by_part]))

    def as_json(self) -> dict[str, Any]:
        """Each measure; with two or more parts also the 95 % interval of its mean."""
        found: dict[str, Any] = {name: _short(self.mean(name)) for name in MEASURES}
        found["calibration_error"] = _short(self.calibration_error)
        found["by_fold"] = {
            "calibration_error": _short(self.mean("calibration_error")),
            "by_chance": _short(self.calibration_by_chance),
        }
        if len(self.by_part) > 1:
            found["ci95"] = {name: self._interval(name) for name in ("auc", "ks", "brier")}
        return found

    def _interval(self, measure: str) -> list[float]:
        """Student's t over folds; folds share training rows, so it is a little narrow."""
        from scipy.stats import t

        values = np.array([getattr(one, measure) for one in self.by_part])
        half = float(t.ppf(0.975, values.size - 1) * values.std(ddof=1) / values.size**0.5)
        return [_short(values.mean() - half), _short(values.mean() + half)]


def standing_in_folds(bad: Mask, results: Sequence[tuple[Task, Prediction]]) -> Standing:
    """results: one per fold, all of one contender."""
    return _standing([(one, bad[task.test]) for task, one in results])


def standing_later(bad: Mask, results: Sequence[tuple[Task, Prediction]]) -> Standing:
    """As one part, because a fold's later rows are few."""
    rows = np.concatenate([task.test for task, _ in results])
    return _standing([(_joined([one for _, one in results]), bad[rows])])


def _standing(parts: Sequence[tuple[Prediction, Mask]]) -> Standing:
    pd = np.concatenate([one.pd for one, _ in parts])
    outcome = np.concatenate([bad for _, bad in parts])
    return Standing(
        pd.size,
        tuple(measured(one, bad) for one, bad in parts),
        calibration_error(pd, outcome),
        float(np.mean([calibration_by_chance(one.pd) for one, _ in parts])),
    )


def _joined(parts: Sequence[Prediction]) -> Prediction:
    names = ("risk", "pd", "low", "high")
    return Prediction(*(np.concatenate([getattr(one, name) for one in parts]) for name in names))


def _short(value: float) -> float:
    return float(f"{value:.6g}")
