"""What a model's training rows looked like, kept beside it: later days are measured against it."""

import json
from dataclasses import asdict, dataclass
from typing import Any, Final

from system.canonical import canonical_json
from system.credit.drift import DriftCounts
from system.errors import InputError
from system.ports.store import Table, Unit


@dataclass(frozen=True, slots=True)
class DriftReference:
    """counts: a DriftCounts of the training rows, as canonical JSON."""

    model_id: str
    counts: str


DRIFT_REFERENCES: Final = Table(
    "credit_drift_reference", DriftReference, key=("model_id",), append_only=True
)
DRIFT_TABLES: Final = (DRIFT_REFERENCES,)


def keep_reference(unit: Unit, counts: DriftCounts) -> None:
    """Store a model's reference. The same again changes nothing.

    Raises InputError for other counts of a model that has a reference.
    """
    row = DriftReference(counts.model_id, canonical_json(asdict(counts)))
    (held,) = unit.get(DRIFT_REFERENCES, [(counts.model_id,)])
    if held is None:
        unit.insert(DRIFT_REFERENCES, [row])
    elif held != row:
        raise InputError("counts", counts.model_id, "its reference is kept already, and stays")


def reference_of(unit: Unit, model_id: str) -> DriftCounts:
    """A model's reference. Raises InputError when none was kept."""
    (row,) = unit.get(DRIFT_REFERENCES, [(model_id,)])
    if row is None:
        raise InputError("model_id", model_id, "keep the counts of its training rows first")
    return DriftCounts(**{name: _tuples(value) for name, value in json.loads(row.counts).items()})


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value
