"""The audit log: a hash chain written in the transaction of what it records.

Whoever alters or removes a link must rewrite all that follow. The end of the chain is protected
by whoever else knows its last hash: ``checkpoints`` are made for that.
"""

from collections.abc import Sequence

from system.canonical import canonical_json, sha256_hex
from system.compliance.records import AUDIT, AuditEntry, AuditLink
from system.ports.store import Unit

GENESIS_HASH = "0" * 64
PAGE_ROWS = 10_000


def append(unit: Unit, entries: Sequence[AuditEntry], now_s: int) -> None:
    """Add links at the end, in order. Sequences start at 1."""
    end = head(unit)
    sequence, previous = (end.sequence, end.hash) if end else (0, GENESIS_HASH)
    links = []
    for entry in entries:
        sequence += 1
        link = _link(sequence, now_s, entry, previous)
        previous = link.hash
        links.append(link)
    unit.insert(AUDIT, links)


def _link(sequence: int, now_s: int, entry: AuditEntry, previous: str) -> AuditLink:
    payload_hash = payload_hash_of(entry)
    text = _covered(
        sequence, now_s, entry.actor, entry.action, entry.subject, payload_hash, previous
    )
    return AuditLink(
        sequence,
        now_s,
        entry.actor,
        entry.action,
        entry.subject,
        payload_hash,
        previous,
        sha256_hex(text),
    )


def payload_hash_of(entry: AuditEntry) -> str:
    """SHA-256 of the payload's canonical JSON: proves which content a link speaks of."""
    return sha256_hex(canonical_json(entry.payload))


def _covered(*fields: int | str) -> str:
    return canonical_json(fields)


def head(unit: Unit) -> AuditLink | None:
    """The last link."""
    return unit.last(AUDIT)


def verify(unit: Unit) -> int | None:
    """The first sequence that was altered or is missing, or None when the chain is whole."""
    sequence, previous = 0, GENESIS_HASH
    while page := unit.scan(AUDIT, after=(sequence,), limit=PAGE_ROWS):
        for link in page:
            sequence += 1
            if not follows(link, sequence, previous):
                return sequence
            previous = link.hash
    return None


def follows(link: AuditLink, sequence: int, previous: str) -> bool:
    """Whether the link is the next one after this hash, and its own hash that of its fields."""
    text = _covered(
        link.sequence,
        link.at_s,
        link.actor,
        link.action,
        link.subject,
        link.payload_hash,
        link.previous_hash,
    )
    expected = (sequence, previous, sha256_hex(text))
    return (link.sequence, link.previous_hash, link.hash) == expected
