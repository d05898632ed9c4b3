"""What a party keeps: its half of the model, and at the bank the scores. Whole or not at all."""

import csv
import io
import json
import os
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np

from system.errors import InputError
from system.privacy.records import HalfModel, OwnData, Role, Scores

_FORMAT = "shapan-half-model-1"


def write_half(path: Path, model: HalfModel) -> None:
    """One JSON document. It tells this side's quantiles and weights: keep it as secret as data."""
    _write_whole(path, json.dumps({"format": _FORMAT, **asdict(model)}, indent=1) + "\n")


def read_half(path: Path) -> HalfModel:
    """Raises InputError for a file that is not a half, or whose parts do not fit together."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document.pop("format") != _FORMAT:
            raise ValueError("another format")
        return _half(document)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        remedy = f"give a half that `train` has written ({error})"
        raise InputError("model", str(path), remedy) from error


def write_scores(path: Path, own: OwnData, scores: Scores) -> None:
    """CSV: id, points, pd_ppm; one row for each id that both sides know."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("id", "points", "pd_ppm"))
    columns = (scores.rows.tolist(), scores.points.tolist(), scores.pd_ppm.tolist())
    writer.writerows((own.ids[row], points, pd) for row, points, pd in zip(*columns, strict=True))
    _write_whole(path, text.getvalue())


def _half(document: dict[str, Any]) -> HalfModel:
    names = {field.name for field in fields(HalfModel)}
    if document.keys() != names:
        raise ValueError(f"fields {sorted(document.keys() ^ names)}")
    knots = tuple(tuple(map(float, own)) for own in document["knots"])
    missing = tuple(map(bool, document["missing"]))
    means, weights = (tuple(map(float, document[key])) for key in ("means", "weights"))
    steps = sum(map(len, knots)) + sum(missing)
    columns = {len(document["names"]), len(knots), len(missing)}
    numbers = (*means, *weights, document["offset"], *(knot for own in knots for knot in own))
    if len(columns) != 1 or {len(means), len(weights)} != {steps} or not np.isfinite(numbers).all():
        raise ValueError("the parts do not fit together")
    return HalfModel(
        Role(document["role"]),
        str(document["pair_id"]),
        tuple(map(str, document["names"])),
        knots,
        missing,
        means,
        weights,
        float(document["offset"]),
    )


def _write_whole(path: Path, text: str) -> None:
    """A reader sees the old file or the new one; only the owner may read it."""
    draft = path.with_name(path.name + ".part")
    try:
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        raise InputError("out", str(path), f"give a file that can be written ({error})") from error
