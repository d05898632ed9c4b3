"""What decides: a model in use, as the product sees it, and the scorecard that is one.

A scorecard's file holds whole numbers only, so that the same row gets the same score, PD and
reasons on every machine.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, Final, Protocol, Self

import numpy as np
import orjson

from system.canonical import canonical_json, sha256_hex
from system.credit.kernels.scorecard import (
    PointsTable,
    look_up,
    loss_keys,
    pd_by_point,
    score_rows,
)
from system.errors import InputError
from system.kernels.columns import I64, MISSING, i64
from system.limits import (
    FEATURE_BINS_MAX,
    MODEL_FEATURES_MAX,
    PPM,
    SCORE_POINTS_MAX,
    TEXT_CHARS_MAX,
)

SCORECARD_FORMAT: Final = "scorecard/1"
_INT64_MAX: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Scores:
    """One row per merchant. int64 (n,), reasons int64 (n, 4).

    score: points, more is better.  pd_ppm: probability of the model's target, as calibrated;
    pd_low_ppm and pd_high_ppm: its interval.  reasons: members of ``Reason`` by points lost, 0
    where fewer than four features lost points.
    """

    score: I64
    pd_ppm: I64
    pd_low_ppm: I64
    pd_high_ppm: I64
    reasons: I64


class Scorer(Protocol):
    """A model in use. Equal features give equal scores, on every machine."""

    @property
    def model_id(self) -> str:
        """Names the model's exact content."""
        ...

    @property
    def features(self) -> tuple[str, ...]:
        """The columns that it reads."""
        ...

    def score(self, features: Mapping[str, I64]) -> Scores:
        """Scores of all rows. Raises InputError for a column that is missing or of other shape."""
        ...


@dataclass(frozen=True, slots=True)
class FeaturePoints:
    """Points of one feature's bins.

    edges: ascending; bin j holds edges[j-1] <= value < edges[j].  points: one per bin, after that
    of the missing value: edges + 2 in all.  reason: the code given when this feature loses points.
    """

    name: str
    edges: tuple[int, ...]
    points: tuple[int, ...]
    reason: int


@dataclass(frozen=True, slots=True)
class PdMap:
    """Points to probability: linear between knots, constant beyond the ends.

    points: ascending.  pd_ppm, low_ppm, high_ppm: never rise with points; low <= pd <= high. A
    step is two knots one point apart.
    """

    points: tuple[int, ...]
    pd_ppm: tuple[int, ...]
    low_ppm: tuple[int, ...]
    high_ppm: tuple[int, ...]


@dataclass(frozen=True)
class ScorecardModel:
    """A points scorecard with its PD map: the champion of the credit product.

    target_text: what the PD is a probability of.  Raises InputError for content that is not a
    scorecard; the message names field, value and remedy.
    """

    base_points: int
    features_points: tuple[FeaturePoints, ...]
    pd_map: PdMap
    target_text: str

    def __post_init__(self) -> None:
        _check_model(self)

    @cached_property
    def model_id(self) -> str:
        """Derived from the content: equal models have equal ids."""
        return f"scorecard-{sha256_hex(self.to_json())[:16]}"

    @cached_property
    def features(self) -> tuple[str, ...]:
        """Names in the order of the points table."""
        return tuple(feature.name for feature in self.features_points)

    @cached_property
    def table(self) -> PointsTable:
        """The points as the kernel reads them."""
        points = tuple(i64(feature.points) for feature in self.features_points)
        return PointsTable(
            self.base_points,
            tuple(i64((MISSING + 1, *feature.edges)) for feature in self.features_points),
            points,
            loss_keys(points),
            i64(feature.reason for feature in self.features_points),
        )

    @cached_property
    def _pd_tables(self) -> tuple[I64, I64, I64]:
        knots = i64(self.pd_map.points)
        pd_ppm, low_ppm, high_ppm = (
            pd_by_point(knots, i64(values))
            for values in (self.pd_map.pd_ppm, self.pd_map.low_ppm, self.pd_map.high_ppm)
        )
        return pd_ppm, low_ppm, high_ppm

    def score(self, features: Mapping[str, I64]) -> Scores:
        """Points, calibrated PD with its interval, and reasons of every row.

        features: int64 (n,) per name of ``features``, MISSING where not known; others are not
        read.  Raises InputError for a column that is missing, of other shape or of other type.
        """
        points, reasons = score_rows(feature_columns(features, self.features), self.table)
        first = self.pd_map.points[0]
        pd_ppm, low_ppm, high_ppm = (look_up(points, first, table) for table in self._pd_tables)
        return Scores(points, pd_ppm, low_ppm, high_ppm, reasons)

    def to_json(self) -> str:
        """The model's file: canonical, so that equal models have equal bytes."""
        return canonical_json(
            {
                "format": SCORECARD_FORMAT,
                "base_points": self.base_points,
                "features": [
                    {
                        "name": feature.name,
                        "edges": feature.edges,
                        "points": feature.points,
                        "reason": feature.reason,
                    }
                    for feature in self.features_points
                ],
                "pd_map": {name: getattr(self.pd_map, name) for name in PdMap.__slots__},
                "target_text": self.target_text,
            }
        )

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The model of a file. Raises InputError for anything but a whole and sound scorecard."""
        body = _object("scorecard", _parsed(text), {"format", *_MODEL_FIELDS})
        if body["format"] != SCORECARD_FORMAT:
            raise InputError("format", body["format"], f"give a file of format {SCORECARD_FORMAT}")
        pd_map = _object("pd_map", body["pd_map"], set(PdMap.__slots__))
        return cls(
            _whole("base_points", body["base_points"]),
            tuple(_feature(item) for item in _list("features", body["features"])),
            PdMap(*(_numbers(f"pd_map.{name}", pd_map[name]) for name in PdMap.__slots__)),
            _text("target_text", body["target_text"]),
        )


# Of an unusable text, in its error.
_SHOWN_CHARS_MAX: Final = 80
_MODEL_FIELDS: Final = ("base_points", "features", "pd_map", "target_text")


def feature_columns(features: Mapping[str, I64], names: Sequence[str]) -> list[I64]:
    """The named columns in order.

    Raises InputError where one is absent, is not int64 (n,), or differs in length.
    """
    columns = []
    for name in names:
        column = features.get(name)
        if column is None:
            raise InputError("features", sorted(features), f"add the column {name}")
        if column.dtype != np.int64 or column.ndim != 1:
            shape = f"{column.dtype}{column.shape}"
            raise InputError(name, shape, "give one whole number (int64) per row")
        columns.append(column)
    lengths = {column.size for column in columns}
    if len(lengths) > 1:
        raise InputError("features", sorted(lengths), "give columns of one length")
    return columns


def _check_model(model: ScorecardModel) -> None:
    names = [feature.name for feature in model.features_points]
    if not 1 <= len(names) <= MODEL_FEATURES_MAX:
        raise InputError("features", len(names), f"use 1 to {MODEL_FEATURES_MAX} features")
    for kind, values in (
        ("name", names),
        ("reason", [feature.reason for feature in model.features_points]),
    ):
        if len(dict.fromkeys(values)) < len(values):
            raise InputError(f"features.{kind}", values, f"give each feature a {kind} of its own")
    for feature in model.features_points:
        _check_feature(feature)
    _check_points_range(model)
    _check_pd_map(model.pd_map)


def _check_feature(feature: FeaturePoints) -> None:
    edges, points = feature.edges, feature.points
    place = f"features.{feature.name}"
    if not _ascending(edges) or (edges and not MISSING + 1 < edges[0] <= edges[-1] <= _INT64_MAX):
        raise InputError(f"{place}.edges", edges, "give int64 numbers, each above the last")
    if len(edges) + 2 > FEATURE_BINS_MAX:
        raise InputError(f"{place}.edges", len(edges), f"use at most {FEATURE_BINS_MAX - 2} edges")
    if len(points) != len(edges) + 2:
        remedy = f"give {len(edges) + 2}: of the missing value, then of each bin"
        raise InputError(f"{place}.points", points, remedy)
    if not 1 <= feature.reason <= _INT64_MAX:
        raise InputError(f"{place}.reason", feature.reason, "give a code of 1 or more")


def _check_points_range(model: ScorecardModel) -> None:
    """Every score that the card can give, and every partial sum of it, stays within bounds."""
    widest = abs(model.base_points) + sum(
        max(abs(points) for points in feature.points) for feature in model.features_points
    )
    if widest > SCORE_POINTS_MAX:
        remedy = f"scale the points so that no score leaves -{SCORE_POINTS_MAX}..{SCORE_POINTS_MAX}"
        raise InputError("points", widest, remedy)


def _check_pd_map(pd_map: PdMap) -> None:
    points = pd_map.points
    if not points or not _ascending(points):
        raise InputError("pd_map.points", points, "give one or more knots, each above the last")
    if max(abs(points[0]), abs(points[-1])) > SCORE_POINTS_MAX:
        raise InputError("pd_map.points", points, f"stay within {SCORE_POINTS_MAX} points of 0")
    for name in PdMap.__slots__[1:]:
        values = getattr(pd_map, name)
        if len(values) != len(points) or not all(0 <= value <= PPM for value in values):
            raise InputError(f"pd_map.{name}", values, f"give 0..{PPM} for each of the knots")
        if list(values) != sorted(values, reverse=True):
            raise InputError(f"pd_map.{name}", values, "let PD never rise with points")
    for low, pd, high in zip(pd_map.low_ppm, pd_map.pd_ppm, pd_map.high_ppm, strict=True):
        if not low <= pd <= high:
            raise InputError("pd_map", (low, pd, high), "keep low <= pd <= high at every knot")


def _ascending(values: Sequence[int]) -> bool:
    return all(low < high for low, high in pairwise(values))


def _parsed(text: str) -> Any:
    # Not the standard parser: its depth is the process's recursion limit, which other libraries
    # raise so far that a file of brackets alone would end the process.
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as problem:
        raise InputError(
            "scorecard", text[:_SHOWN_CHARS_MAX], f"give JSON ({problem})"
        ) from problem


def _feature(item: Any) -> FeaturePoints:
    body = _object("features", item, set(FeaturePoints.__slots__))
    return FeaturePoints(
        _text("features.name", body["name"]),
        _numbers("features.edges", body["edges"]),
        _numbers("features.points", body["points"]),
        _whole("features.reason", body["reason"]),
    )


def _object(field: str, value: Any, keys: set[str]) -> dict[str, Any]:
    if not isinstance(value, dict) or value.keys() != keys:
        raise InputError(field, value, f"give an object with exactly {', '.join(sorted(keys))}")
    return value


def _list(field: str, value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise InputError(field, value, "give a list")
    return value


def _numbers(field: str, value: Any) -> tuple[int, ...]:
    return tuple(_whole(field, item) for item in _list(field, value))


def _whole(field: str, value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise InputError(field, value, "give whole numbers")
    return value


def _text(field: str, value: Any) -> str:
    if not isinstance(value, str) or not 1 <= len(value) <= TEXT_CHARS_MAX:
        raise InputError(field, value, f"give a text of 1 to {TEXT_CHARS_MAX} characters")
    return value
