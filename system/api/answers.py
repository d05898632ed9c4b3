"""What the gateway answers, and how a product's refusal becomes a problem."""

from enum import IntEnum
from typing import Any, get_args

from pydantic import BaseModel, ConfigDict, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from system.api.problems import Code, Problem


class Answer(BaseModel):
    """What every answer is: the fields that it declares and no others."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @classmethod
    def example(cls) -> dict[str, Any]:
        """What it looks like. Answers inside it are their own examples."""
        extra = cls.model_config.get("json_schema_extra")
        told: Any = extra["examples"] if isinstance(extra, dict) else [{}]
        found = {}
        for name, field in cls.model_fields.items():
            if name in told[0]:
                found[name] = told[0][name]
            elif field.is_required():
                rows = get_args(field.annotation)
                assert rows, f"{cls.__name__} has no example of {name}: give it one by answered()"
                found[name] = [rows[0].example()]
            else:
                found[name] = field.default
        return found

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """The schema, with the whole example."""
        schema = handler(core_schema)
        handler.resolve_ref_schema(schema)["examples"] = [cls.example()]
        return schema


def answered(**fields: Any) -> ConfigDict:
    """The settings of an answer, with an example of it, less the answers inside it."""
    return ConfigDict(json_schema_extra={"examples": [fields]})


class Page(Answer):
    """One page of a list. next: the cursor for ``after``; empty at the end."""

    model_config = answered(next="")
    next: str


class Asked(Answer):
    """What four eyes have to see was asked for, and waits for the second pair.

    state: asked; of a request that is sent again, what became of it.
    """

    model_config = answered(approval_id="76a8580a34cfa4089db3770f29758ce1", state="asked")
    approval_id: str
    state: str


class Document(Answer):
    """A document of a standard, answered as it is and not as JSON."""

    media_type: str
    text: str


class Taken(Answer):
    """A command was taken on. ``reference`` names what it made or concerns."""

    model_config = answered(command_id="erp-7/order-16", reference="8f" * 32)
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


def changed() -> Problem:
    """It is another than the caller saw."""
    return Problem(Code.PRECONDITION_FAILED, "Look at it again, and send its new ETag.")
