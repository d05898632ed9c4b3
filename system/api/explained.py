"""Explanations that are written down when a machine decides, because the facts move on."""

import json
from dataclasses import dataclass
from typing import Any, Final

from system.canonical import canonical_json
from system.ports.store import Table, Unit


@dataclass(frozen=True, slots=True)
class Explained:
    """kind, reference: which decision.  party_id: whom it is about.  document: JSON."""

    kind: str
    reference: str
    party_id: str
    at_s: int
    document: str


EXPLANATIONS: Final = Table("explanation", Explained, key=("kind", "reference"))


def keep(unit: Unit, kind: str, reference: str, party_id: str, at_s: int, document: Any) -> None:
    """Keep an explanation; the first one of a decision stays."""
    [known] = unit.get(EXPLANATIONS, [(kind, reference)])
    if known is None:
        row = Explained(kind, reference, party_id, at_s, canonical_json(document))
        unit.insert(EXPLANATIONS, [row])


def find(unit: Unit, kind: str, reference: str) -> tuple[Explained, dict[str, Any]] | None:
    """What was kept of a decision."""
    [row] = unit.get(EXPLANATIONS, [(kind, reference)])
    return None if row is None else (row, json.loads(row.document))
