"""The nouns of the audit log."""

from dataclasses import dataclass
from typing import Any

from system.ports.store import Table


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Who did what to what. ``payload`` is any JSON value; the log keeps its hash."""

    actor: str
    action: str
    subject: str
    payload: Any


@dataclass(frozen=True, slots=True)
class AuditLink:
    """One link of the chain. ``hash`` covers all other fields, ``previous_hash`` among them."""

    sequence: int
    at_s: int
    actor: str
    action: str
    subject: str
    payload_hash: str
    previous_hash: str
    hash: str


AUDIT = Table("audit", AuditLink, key=("sequence",), append_only=True)
COMPLIANCE_TABLES = (AUDIT,)
