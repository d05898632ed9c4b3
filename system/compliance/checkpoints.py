"""Checkpoints of the audit log: one Merkle root over the links since the one before.

A checkpoint's hash goes to a place that the bank cannot rewrite (``system/chain/anchors``). From
then on the links under it can neither change nor go without being missed, and one of them can be
shown to an outsider without the others.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from system.canonical import canonical_json, sha256_hex
from system.compliance import audit, merkle
from system.compliance.records import AUDIT, CHECKPOINTS, AuditLink, Checkpoint
from system.errors import InputError, IntegrityError
from system.ports.store import Unit


@dataclass(frozen=True, slots=True)
class Proof:
    """That a link is under a checkpoint. path: hex, from the link's neighbour upwards."""

    link: AuditLink
    checkpoint: Checkpoint
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """What a look at the whole log found.

    first_altered: the sequence of the first link that is not what it was, None for none.  fault:
    altered, missing (a gap, or the end is gone), rewritten (links with hashes of their own, which
    a checkpoint does not know), or checkpoint.  covered: links under checkpoints.
    """

    links: int
    head: str
    first_altered: int | None
    fault: str
    checkpoints: int
    covered: int

    @property
    def whole(self) -> bool:
        return not self.fault


def take_checkpoint(unit: Unit, now_s: int) -> Checkpoint | None:
    """Put a checkpoint behind the last link; None where nothing came since the one before."""
    before, head = unit.last(CHECKPOINTS), audit.head(unit)
    first = before.last + 1 if before else 1
    if head is None or head.sequence < first:
        return None
    leaves = _leaves(unit, first, head.sequence)
    number, previous = (before.number + 1, before.hash) if before else (1, audit.GENESIS_HASH)
    root = merkle.root_of(leaves).hex()
    made = _sealed(number, now_s, first, head.sequence, root, head.hash, previous)
    unit.insert(CHECKPOINTS, [made])
    return made


def _sealed(
    number: int, at_s: int, first: int, last: int, root: str, head: str, previous: str
) -> Checkpoint:
    text = canonical_json([number, at_s, first, last, root, head, previous])
    return Checkpoint(number, at_s, first, last, root, head, previous, sha256_hex(text))


def is_sound(made: Checkpoint) -> bool:
    """Whether its hash is that of its fields."""
    fields = (made.at_s, made.first, made.last, made.root, made.head, made.previous_hash)
    return _sealed(made.number, *fields) == made


def _leaves(unit: Unit, first: int, last: int) -> list[bytes]:
    found = unit.scan(AUDIT, after=(first - 1,), limit=last - first + 1)
    return [link.hash.encode() for link in found]


def examine(unit: Unit) -> Report:
    """Look at every link and every checkpoint. Names the first link that was altered."""
    altered = audit.verify(unit)
    head, known = audit.head(unit), unit.scan(CHECKPOINTS)
    links, text = (head.sequence, head.hash) if head else (0, audit.GENESIS_HASH)
    first, fault = (None, "") if altered is None else (altered, _kind(unit, altered))
    first, fault = _earlier((first, fault), _against(unit, known, altered))
    covered = known[-1].last if known else 0
    return Report(links, text, first, fault, len(known), covered)


def _kind(unit: Unit, sequence: int) -> str:
    [found] = unit.get(AUDIT, [(sequence,)])
    return "missing" if found is None else "altered"


def _earlier(one: tuple[int | None, str], two: tuple[int | None, str]) -> tuple[int | None, str]:
    found = [look for look in (one, two) if look[1]]
    return min(found, key=lambda look: look[0] or 0, default=(None, ""))


def _against(
    unit: Unit, known: Sequence[Checkpoint], altered: int | None
) -> tuple[int | None, str]:
    """The first checkpoint that does not fit: itself, or the links under it."""
    previous, first = audit.GENESIS_HASH, 1
    for number, made in enumerate(known, 1):
        fits = (made.number, made.first, made.previous_hash) == (number, first, previous)
        if not fits or not is_sound(made):
            return first, "checkpoint"
        if altered is not None and altered <= made.last:
            return None, ""  # the links say more closely where
        leaves = _leaves(unit, made.first, made.last)
        if len(leaves) < made.last - made.first + 1:
            return made.first + len(leaves), "missing"
        if merkle.root_of(leaves).hex() != made.root:
            return made.first, "rewritten"
        previous, first = made.hash, made.last + 1
    return None, ""


def prove(unit: Unit, sequence: int) -> Proof:
    """The proof for one link. Raises InputError where no checkpoint covers it,
    IntegrityError where the links under it are not what they were."""
    [link] = unit.get(AUDIT, [(sequence,)])
    made = next((one for one in unit.scan(CHECKPOINTS) if one.first <= sequence <= one.last), None)
    if link is None or made is None:
        raise InputError("sequence", sequence, "name a link that a checkpoint covers")
    leaves = _leaves(unit, made.first, made.last)
    if len(leaves) <= made.last - made.first or merkle.root_of(leaves).hex() != made.root:
        raise IntegrityError(f"links {made.first} to {made.last}", "as the checkpoint", "altered")
    path = merkle.path_of(leaves, sequence - made.first)
    return Proof(link, made, tuple(step.hex() for step in path))


def holds(proof: Proof) -> bool:
    """Whether the link, as shown, is under the checkpoint, as shown. Needs no books."""
    link, made = proof.link, proof.checkpoint
    if not audit.follows(link, link.sequence, link.previous_hash) or not is_sound(made):
        return False
    steps = [bytes.fromhex(step) for step in proof.path]
    place, size = link.sequence - made.first, made.last - made.first + 1
    found = merkle.root_from(link.hash.encode(), place, size, steps)
    return found is not None and found.hex() == made.root


def as_document(proof: Proof) -> dict[str, Any]:
    """The proof as JSON holds it."""
    return asdict(proof)


_PARTS: Final = ("link", "checkpoint", "path")


def from_document(document: Any) -> Proof:
    """A proof that somebody hands over. Raises InputError."""
    try:
        link, made, path = (document[name] for name in _PARTS)
        proof = Proof(AuditLink(**link), Checkpoint(**made), tuple(path))
        for step in proof.path:
            bytes.fromhex(step)
    except (TypeError, KeyError, ValueError):
        raise InputError("proof", "…", f"give an object of {', '.join(_PARTS)}") from None
    return proof
