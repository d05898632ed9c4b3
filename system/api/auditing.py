"""Routes of the audit log: whether it is whole, and the proof of one link."""

from dataclasses import asdict
from typing import Any, Final

from system.api.access import READERS, SEE_ALL
from system.api.answers import Answer, answered
from system.api.route import Call, Route
from system.api.services import Services
from system.chain import anchors
from system.compliance import checkpoints
from system.compliance.records import AuditLink, Checkpoint


class AuditAnswer(Answer):
    """whole: no link was altered.  head: the last link's number and hash, to be kept elsewhere.

    covered: links under checkpoints.  anchored: checkpoints that the chain holds for good.
    """

    model_config = answered(
        whole=True,
        first_altered=None,
        fault="",
        sequence=152,
        hash="86" * 32,
        checkpoints=1,
        covered=128,
        anchored=1,
    )
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

    model_config = answered(
        link=asdict(
            AuditLink(
                sequence=1,
                at_s=1_767_240_000,
                actor="administrator",
                action="enrol_party",
                subject="supplier-1",
                payload_hash="1c" * 32,
                previous_hash="00" * 32,
                hash="2d" * 32,
            )
        ),
        checkpoint=asdict(
            Checkpoint(
                number=1,
                at_s=1_767_240_060,
                first=1,
                last=2,
                root="3e" * 32,
                head="4f" * 32,
                previous_hash="00" * 32,
                hash="5a" * 32,
            )
        ),
        path=["4f" * 32],
    )
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
