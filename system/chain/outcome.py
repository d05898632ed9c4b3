"""The answer to one command."""

from dataclasses import dataclass

from system.chain.rules import Refusal
from system.errors import InputError


@dataclass(frozen=True, slots=True)
class Outcome:
    """``refusal`` is None when the command was taken on. ``reference`` names what it made or
    concerns (receivable, request, lot, payment); ``detail`` explains a refusal."""

    command_id: str
    refusal: Refusal | None
    reference: str
    detail: str = ""


def taken(command_id: str, reference: str) -> Outcome:
    """The command was accepted; its effects on the chain follow as events."""
    return Outcome(command_id, None, reference)


def refused(command_id: str, refusal: Refusal, reference: str) -> Outcome:
    """The command changed nothing."""
    return Outcome(command_id, refusal, reference, refusal.name.lower().replace("_", " "))


def unusable(command_id: str, problem: InputError) -> Outcome:
    """The command could not be worked with; the detail names field, value and remedy."""
    return Outcome(command_id, Refusal.COMMAND_UNUSABLE, "", problem.message())


def as_text(outcome: Outcome) -> str:
    """What the idempotency table keeps."""
    code = 0 if outcome.refusal is None else int(outcome.refusal)
    return f"{code}|{outcome.reference}"


def from_text(command_id: str, text: str) -> Outcome:
    """The stored answer again."""
    code, _, reference = text.partition("|")
    if code == "0":
        return taken(command_id, reference)
    return refused(command_id, Refusal(int(code)), reference)
