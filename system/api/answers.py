"""What the gateway answers, and how a product's refusal becomes a problem."""

from enum import IntEnum
from typing import Any

from pydantic import BaseModel, ConfigDict

from system.api.problems import Code, Problem


class Answer(BaseModel):
    """What every answer is: the fields that it declares and no others."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Document(Answer):
    """A document of a standard, answered as it is and not as JSON."""

    media_type: str
    text: str


class Taken(Answer):
    """A command was taken on. ``reference`` names what it made or concerns."""

    command_id: str
    reference: str


# Whose refusals say that the caller may not even know of the thing.
_HIDDEN = ("_UNKNOWN", "_NOT_THE_HOLDER", "_NOT_THE_SUPPLIER", "_NOT_THE_DEBTOR", "_NOT_THE_BANK")
_REUSED = "COMMAND_ID_REUSED"
_UNUSABLE = ("COMMAND_UNUSABLE", "AMOUNT_OUT_OF_BOUNDS")


def refusal_problem(refusal: IntEnum, detail: str = "", **facts: Any) -> Problem:
    """The problem that tells of a refusal, with its own closed name and number."""
    name = refusal.name
    if name == _REUSED:
        return Problem(Code.IDEMPOTENCY_KEY_REUSED, "Use a new key for a new request.")
    code = Code.CONFLICT
    if name in _UNUSABLE:
        code = Code.INVALID
    elif name.endswith(_HIDDEN) or name == "MERCHANT_UNKNOWN":
        code = Code.NOT_FOUND
    text = detail or name.lower().replace("_", " ")
    return Problem(code, text, {"refusal": name.lower(), "refusal_number": int(refusal), **facts})


def not_found() -> Problem:
    """The same for what is not there and what is not the caller's."""
    return Problem(Code.NOT_FOUND, "Check the id, and whether this client may see it.")
