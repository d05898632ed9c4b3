"""The queue of suspicions: raised, reviewed by one person, filed or dismissed by another.

A case is never deleted, and what was decided is never decided again; every step leaves an audit
link. Whoever is under suspicion must not learn of it: only risk officers and supervisors see cases.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from system.canonical import canonical_json, sha256_hex
from system.compliance import audit
from system.compliance.records import AuditEntry
from system.errors import InputError
from system.limits import TEXT_CHARS_MAX
from system.ports.store import Table, Unit


@dataclass(frozen=True, slots=True)
class Case:
    """kind: sanction, pep, structuring, round_trip, velocity, or report of a person.

    evidence: canonical JSON.  raised_by: screening, monitoring, or who reported it.  state: raised,
    reviewed, filed, dismissed.  finding: the reviewer's words.  reason: the decider's.
    """

    case_id: str
    kind: str
    subject: str
    evidence: str
    raised_at_s: int
    raised_by: str
    state: str = "raised"
    reviewer: str = ""
    finding: str = ""
    reviewed_at_s: int | None = None
    decider: str = ""
    reason: str = ""
    decided_at_s: int | None = None


class CaseRefusal(StrEnum):
    """Why a step is refused, in precedence order."""

    CASE_UNKNOWN = "case_unknown"
    CASE_NOT_RAISED = "case_not_raised"
    CASE_NOT_REVIEWED = "case_not_reviewed"
    CASE_NEEDS_FOUR_EYES = "case_needs_four_eyes"


_STANDING: Final = ("raised", "reviewed", "filed")
CASES: Final = Table(
    "compliance_case",
    Case,
    key=("case_id",),
    index=(("state",), ("subject",)),
    sealed=("evidence", "finding", "reason"),
)


def case_id_of(kind: str, subject: str, evidence: str) -> str:
    """The same suspicion has the same id, so that it is raised once."""
    return sha256_hex(canonical_json([kind, subject, evidence]))[:32]


def undismissed(unit: Unit) -> list[Case]:
    """All suspicions that nobody has dismissed."""
    return [case for state in _STANDING for case in unit.find(CASES, {"state": state})]


def raise_case(unit: Unit, case: Case) -> int:
    """Put a suspicion into the queue; 1, or 0 where it is there already and stays as it is."""
    [known] = unit.get(CASES, [(case.case_id,)])
    if known is not None:
        return 0
    unit.insert(CASES, [case])
    _note(unit, case.raised_by, "raise", case, case.raised_at_s)
    return 1


def review(unit: Unit, case_id: str, reviewer: str, finding: str, now_s: int) -> CaseRefusal | None:
    """One person has looked. Raises InputError for a finding without words."""
    _check_text("finding", finding)
    [case] = unit.get(CASES, [(case_id,)])
    if case is None:
        return CaseRefusal.CASE_UNKNOWN
    if case.state != "raised":
        return CaseRefusal.CASE_NOT_RAISED
    reviewed = replace(
        case, state="reviewed", reviewer=reviewer, finding=finding, reviewed_at_s=now_s
    )
    unit.replace(CASES, [reviewed])
    _note(unit, reviewer, "review", reviewed, now_s)
    return None


def decide(
    unit: Unit, case_id: str, decider: str, reason: str, now_s: int, *, filed: bool
) -> CaseRefusal | None:
    """Another person files the report with the authority, or dismisses it. Raises InputError."""
    _check_text("reason", reason)
    [case] = unit.get(CASES, [(case_id,)])
    if case is None:
        return CaseRefusal.CASE_UNKNOWN
    if case.state != "reviewed":
        return CaseRefusal.CASE_NOT_REVIEWED
    if case.reviewer.casefold() == decider.casefold():
        return CaseRefusal.CASE_NEEDS_FOUR_EYES
    state = "filed" if filed else "dismissed"
    decided = replace(case, state=state, decider=decider, reason=reason, decided_at_s=now_s)
    unit.replace(CASES, [decided])
    _note(unit, decider, state, decided, now_s)
    return None


def _check_text(field: str, text: str) -> None:
    if not 1 <= len(text.strip()) <= TEXT_CHARS_MAX:
        raise InputError(field, "…", f"give 1 to {TEXT_CHARS_MAX} characters")


def _note(unit: Unit, actor: str, step: str, case: Case, now_s: int) -> None:
    fields = [case.kind, case.subject, case.evidence, case.finding, case.reason]
    audit.append(unit, [AuditEntry(actor, f"case {step}", case.case_id, fields)], now_s)
