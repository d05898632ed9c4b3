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


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One Merkle root over the links from first to last. ``hash`` covers all other fields.

    head: hash of the last link.  previous_hash: of the checkpoint before.
    """

    number: int
    at_s: int
    first: int
    last: int
    root: str
    head: str
    previous_hash: str
    hash: str


AUDIT = Table("audit", AuditLink, key=("sequence",), append_only=True)
CHECKPOINTS = Table("audit_checkpoint", Checkpoint, key=("number",), append_only=True)
AUDIT_TABLES = (AUDIT, CHECKPOINTS)
