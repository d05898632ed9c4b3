"""The model card: what a second person needs to know before a model may decide.

All figures are whole numbers (rates and metrics in ppm), so that a card has one text. A fact that
is not there is shown as missing, and a card that misses what promotion needs stops it.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal, Self, TypeVar

import orjson

from system.canonical import canonical_json
from system.credit.scorer import FeaturePoints, ScorecardModel
from system.errors import InputError

PRODUCT: Final = "merchant-credit"
Direction = Literal["more_is_better", "less_is_better", "mixed", "constant", "unknown"]
# Without these nobody can judge a model; names as in DESIGN's metrics.
METRICS_NEEDED: Final = ("auc", "ks", "brier", "calibration_error")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class DataWindow:
    """What the model was trained on. Days are local business days; both ends are included."""

    first_day: int
    last_day: int
    rows: int
    merchants: int
    bads: int
    source: str


@dataclass(frozen=True, slots=True)
class FeatureFact:
    """direction: how points move with the value. points_span: best bin less worst."""

    name: str
    direction: Direction
    bins: int
    points_span: int


@dataclass(frozen=True, slots=True)
class MetricFact:
    """A metric on rows that the model had not seen. low and high: its 95 % interval."""

    name: str
    split: str
    value_ppm: int
    low_ppm: int
    high_ppm: int
    n: int


@dataclass(frozen=True, slots=True)
class CalibrationBand:
    """Rows whose PD lies in from_ppm <= PD < to_ppm. low and high: interval of what was seen."""

    from_ppm: int
    to_ppm: int
    n: int
    bads: int
    expected_ppm: int
    observed_ppm: int
    low_ppm: int
    high_ppm: int


@dataclass(frozen=True, slots=True)
class FairnessGroup:
    """One group. Rates are None where no row can show them."""

    group: int
    n: int
    selection_ppm: int
    tpr_ppm: int | None
    fpr_ppm: int | None


@dataclass(frozen=True, slots=True)
class FairnessFact:
    """Approvals by group at one cut-off. Gaps are largest less smallest over groups that are
    large enough; None where fewer than two are.

    tpr: share of good merchants that are approved; fpr: of bad ones.
    """

    attribute: str
    groups: tuple[FairnessGroup, ...]
    cut_off_ppm: int
    demographic_parity_ppm: int | None
    tpr_gap_ppm: int | None
    fpr_gap_ppm: int | None
    equalized_odds_ppm: int | None


@dataclass(frozen=True, slots=True)
class RejectBias:
    """A metric on accepted rows alone, and with the explored rejects weighted to stand for all."""

    metric: str
    accepted_ppm: int
    all_ppm: int
    explored_n: int


@dataclass(frozen=True, slots=True)
class Limit:
    """Where the model must not be used, or not trusted."""

    en: str
    zh: str


@dataclass(frozen=True, slots=True)
class ModelCard:
    """Everything that is known of one model file. Empty tuples and None are missing facts."""

    model_id: str
    target_text: str
    data: DataWindow | None = None
    features: tuple[FeatureFact, ...] = ()
    metrics: tuple[MetricFact, ...] = ()
    calibration: tuple[CalibrationBand, ...] = ()
    fairness: tuple[FairnessFact, ...] = ()
    limits: tuple[Limit, ...] = ()
    reject_bias: RejectBias | None = None
    product: str = PRODUCT

    def missing(self) -> tuple[str, ...]:
        """Names of the facts that are not there, metrics as ``metrics.NAME``."""
        parts = ("data", "features", "calibration", "fairness", "limits", "reject_bias")
        held = {metric.name for metric in self.metrics}
        return (
            *(name for name in parts if not getattr(self, name)),
            *(f"metrics.{name}" for name in METRICS_NEEDED if name not in held),
        )

    def to_json(self) -> str:
        """Canonical text."""
        return canonical_json(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The card of a text. Raises InputError for anything but a card's own."""
        try:
            return cls(**_parts(orjson.loads(text)))
        except (ValueError, TypeError, KeyError) as problem:
            remedy = f"give a card that to_json wrote ({problem})"
            raise InputError("card", text, remedy) from problem


def _parts(body: dict[str, Any]) -> dict[str, Any]:
    made = dict(body)
    made["data"] = _maybe(DataWindow, body["data"])
    made["reject_bias"] = _maybe(RejectBias, body["reject_bias"])
    made["features"] = _all(FeatureFact, body["features"])
    made["metrics"] = _all(MetricFact, body["metrics"])
    made["calibration"] = _all(CalibrationBand, body["calibration"])
    made["limits"] = _all(Limit, body["limits"])
    made["fairness"] = tuple(
        FairnessFact(**{**fact, "groups": _all(FairnessGroup, fact["groups"])})
        for fact in body["fairness"]
    )
    return made


def _maybe(kind: Callable[..., T], body: dict[str, Any] | None) -> T | None:
    return None if body is None else kind(**body)


def _all(kind: Callable[..., T], bodies: list[dict[str, Any]]) -> tuple[T, ...]:
    return tuple(kind(**body) for body in bodies)


def feature_facts(model: ScorecardModel) -> tuple[FeatureFact, ...]:
    """What the card says of each feature of a scorecard."""
    return tuple(
        FeatureFact(
            feature.name,
            _direction(feature),
            len(feature.points),
            max(feature.points) - min(feature.points),
        )
        for feature in model.features_points
    )


def _direction(feature: FeaturePoints) -> Direction:
    known = list(feature.points[1:])
    if len(dict.fromkeys(known)) == 1:
        return "constant"
    if known == sorted(known):
        return "more_is_better"
    return "less_is_better" if known == sorted(known, reverse=True) else "mixed"
