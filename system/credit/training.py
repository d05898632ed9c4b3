"""Training a champion: from a sample of matured outcomes to a scorecard in whole numbers."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from system.credit.models.contract import F64, Prediction, Table, check_both_classes
from system.credit.models.folds import folds_of
from system.credit.models.scorecard import Scorecard, as_scorer
from system.credit.scorer import ScorecardModel, feature_columns
from system.errors import InputError
from system.kernels.columns import I64, MISSING, Mask

# Folds of merchants: each card that calibrates has left one out.
FOLDS: Final = 4
# Fewer bad merchants than this and bins are guesses; scorecard builders ask for hundreds.
BAD_MERCHANTS_MIN: Final = 20
# Beyond this a whole number has no float64 of its own.
_VALUE_MAX: Final = 2**53


@dataclass(frozen=True, slots=True)
class Sample:
    """One row per merchant and observation day; no row knows anything after its day.

    features: int64 (n,) per name, MISSING where not known.  target: bool (n,), what target_text
    says: it names days past due and the performance window.  observed_on: int64 (n,), local days.
    merchant, region, size_band: int64 (n,).
    """

    features: dict[str, I64]
    target: Mask
    observed_on: I64
    merchant: I64
    region: I64
    size_band: I64
    target_text: str

    def __post_init__(self) -> None:
        columns = (self.observed_on, self.merchant, self.region, self.size_band)
        sizes = [self.target.size, *(x.size for x in columns), *(x.size for x in self._columns())]
        if len(dict.fromkeys(sizes)) > 1:
            raise InputError("sample", sizes, "give columns of one length")
        if not self.features:
            raise InputError("features", [], "give at least one")
        if not self.target_text.strip():
            raise InputError("target_text", self.target_text, "say what makes a row bad, by when")

    def _columns(self) -> list[I64]:
        return feature_columns(self.features, tuple(self.features))

    def table(self) -> Table:
        """The features as models read them. Raises InputError for values beyond 2**53."""
        columns = [_with_nan(*item) for item in self.features.items()]
        return Table(tuple(self.features), np.column_stack(columns), (0,) * len(columns))

    def rows(self, chosen: I64 | Mask) -> "Sample":
        """The sample of some of its rows."""
        return Sample(
            {name: values[chosen] for name, values in self.features.items()},
            self.target[chosen],
            self.observed_on[chosen],
            self.merchant[chosen],
            self.region[chosen],
            self.size_band[chosen],
            self.target_text,
        )


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """model: for production.  out_of_fold: one prediction per row of the sample, by cards and
    curves that had not seen its merchant.  folds: int64 (n,), which those were.
    """

    model: ScorecardModel
    out_of_fold: Prediction
    folds: I64


def _with_nan(name: str, values: I64) -> F64:
    known = values != MISSING
    if known.any() and max(-int(values[known].min()), int(values[known].max())) > _VALUE_MAX:
        raise InputError(name, "beyond 2**53", "give smaller numbers, in larger units")
    return np.where(known, values, np.nan)


def matured(sample: Sample, known_until_day: int, window_days: int) -> Sample:
    """The rows whose performance window is over.

    A row is bad only when it failed within its window; one that has not failed yet may still fail,
    so young rows would pass for good. known_until_day: the last day whose outcomes are known.
    window_days: of the target.  Raises InputError where no row is left.
    """
    ripe = sample.observed_on + window_days <= known_until_day
    if not ripe.any():
        first = int(sample.observed_on.min()) if sample.observed_on.size else "no row"
        raise InputError("observed_on", first, f"wait until day {window_days} after it")
    return sample.rows(ripe)


def train_champion(sample: Sample, seed: int) -> TrainedModel:
    """Fit the scorecard and its PD to a sample of matured rows; see ``matured``.

    Rows of one merchant never stand on both sides of a split. Equal samples and seeds give equal
    models. Raises InputError for fewer than BAD_MERCHANTS_MIN bad, or other, merchants, and where
    no feature tells bad from good.
    """
    check_both_classes(sample.target, BAD_MERCHANTS_MIN)
    _check_merchants(sample)
    folds = folds_of(sample.target, sample.merchant, FOLDS, seed)
    fitted = Scorecard().fit(sample.table(), sample.target, folds, seed)
    return TrainedModel(as_scorer(fitted, sample.target_text), fitted.out_of_fold, folds)


def _check_merchants(sample: Sample) -> None:
    bad = np.unique(sample.merchant[sample.target]).size
    if bad < BAD_MERCHANTS_MIN:
        raise InputError("bad merchants", bad, f"give at least {BAD_MERCHANTS_MIN}")
