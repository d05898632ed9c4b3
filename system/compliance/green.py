"""Green tags: what a receivable or a machine does for the environment, with evidence.

A tag is worth a discount only while its evidence is valid and two people have seen it. What was
priced stays priced: a tag that ends changes no quote and no running lease.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from system.compliance import audit
from system.compliance.records import AuditEntry
from system.errors import InputError
from system.kernels.columns import Mask
from system.limits import TEXT_CHARS_MAX, TIME_S_MAX
from system.ports.store import AtLeast, Table, Unit

KINDS: Final = ("receivable", "machine")
_HASH_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Tag:
    """kind: receivable or machine.  subject: its id.  standard: what it meets, such as an entry of
    the green bond catalogue (绿色债券支持项目目录).  document_hash: SHA-256 of the evidence, which
    lies with the issuer.  valid_until_s: exclusive."""

    kind: str
    subject: str
    standard: str
    issuer: str
    document_hash: bytes
    valid_until_s: int
    seen_by: str
    seen_at_s: int


TAGS: Final = Table(
    "green_tag", Tag, key=("kind", "subject"), checks=(AtLeast("valid_until_s", 0),)
)


def record(unit: Unit, tag: Tag) -> None:
    """Put a tag on, or renew it. Raises InputError for evidence that is none."""
    if tag.kind not in KINDS:
        raise InputError("kind", tag.kind, f"write {' or '.join(KINDS)}")
    for name in ("subject", "standard", "issuer"):
        if not 1 <= len(getattr(tag, name)) <= TEXT_CHARS_MAX:
            raise InputError(name, "…", f"give 1 to {TEXT_CHARS_MAX} characters")
    if len(tag.document_hash) != _HASH_BYTES:
        raise InputError(
            "document_hash", tag.document_hash.hex(), "give the SHA-256 of the evidence"
        )
    if not tag.seen_at_s < tag.valid_until_s <= TIME_S_MAX:
        raise InputError("valid_until_s", tag.valid_until_s, "give an end that lies ahead")
    [known] = unit.get(TAGS, [(tag.kind, tag.subject)])
    (unit.insert if known is None else unit.replace)(TAGS, [tag])
    fields = [tag.standard, tag.issuer, tag.document_hash.hex(), tag.valid_until_s]
    entry = AuditEntry(tag.seen_by, "tag green", f"{tag.kind}/{tag.subject}", fields)
    audit.append(unit, [entry], tag.seen_at_s)


def tag_of(unit: Unit, kind: str, subject: str) -> Tag | None:
    """The tag and its evidence, valid or not."""
    return unit.get(TAGS, [(kind, subject)])[0]


def are_green(unit: Unit, kind: str, subjects: Sequence[str], now_s: int) -> Mask:
    """Which of these have valid evidence at this second. Returns bool (n,)."""
    found = unit.get(TAGS, [(kind, subject) for subject in subjects]) if subjects else []
    return np.array([tag is not None and now_s < tag.valid_until_s for tag in found], np.bool_)
