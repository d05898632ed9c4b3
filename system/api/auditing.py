"""Routes of the audit log: whether it is whole, and the proof of one link."""

from typing import Any, Final

from system.api.access import READERS, SEE_ALL
from system.api.answers import Answer
from system.api.route import Call, Route
from system.api.services import Services
from system.chain import anchors
from system.compliance import checkpoints


class AuditAnswer(Answer):
    """whole: no link was altered.  head: the last link's number and hash, to be kept elsewhere.

    covered: links under checkpoints.  anchored: checkpoints that the chain holds for good.
    """

    whole: bool
    first_altered: int | None
    fault: str
    sequence: int
    hash: str
    checkpoints: int
    covered: int
    anchored: int


class ProofAnswer(Answer):
    """A link, the checkpoint above it, and the hashes between them (RFC 6962)."""

    link: dict[str, Any]
    checkpoint: dict[str, Any]
    path: list[str]


def _audit(desk: Services, call: Call) -> AuditAnswer:
    with desk.unit() as unit:
        found, anchored = checkpoints.examine(unit), anchors.final(unit)
    return AuditAnswer(
        whole=found.whole,
        first_altered=found.first_altered,
        fault=found.fault,
        sequence=found.links,
        hash=found.head,
        checkpoints=found.checkpoints,
        covered=found.covered,
        anchored=anchored,
    )


def _prove(desk: Services, call: Call) -> ProofAnswer:
    with desk.unit() as unit:
        proof = checkpoints.prove(unit, call.number("sequence"))
    return ProofAnswer(**checkpoints.as_document(proof))


ROUTES: Final = (
    Route(
        "GET",
        "/audit",
        "checkAudit",
        "Whether the audit log is whole, its head, and how much of it the chain vouches for",
        "operations",
        SEE_ALL,
        _audit,
        AuditAnswer,
        object_rule="any: the log of all",
    ),
    Route(
        "GET",
        "/audit/{sequence}/proof",
        "proveAuditLink",
        "One link of the audit log with its proof, for whoever does not see the rest",
        "operations",
        READERS,
        _prove,
        ProofAnswer,
        object_rule="any: the log of all",
    ),
)
