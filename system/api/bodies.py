"""Request bodies: strict models made from the commands themselves, so that neither can drift.

A body has the command's fields, less those that the gateway knows by itself (the command id is the
Idempotency-Key). Strict: a number is a JSON integer, nothing is converted, unknown fields are
refused; bytes are lower-case hex.
"""

from collections.abc import Mapping
from dataclasses import MISSING, fields
from enum import StrEnum
from types import NoneType, UnionType
from typing import Annotated, Any, Final, get_args, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, create_model

from system.api.problems import Code, Problem
from system.limits import DOCUMENT_BYTES_MAX, TEXT_CHARS_MAX

BODY_BYTES_MAX: Final = DOCUMENT_BYTES_MAX
# Our bodies are flat; a deep document is an attack on the parser.
_BRACKETS_MAX: Final = 256
INT_MAX: Final = 2**63 - 1
Text = Annotated[str, StringConstraints(min_length=1, max_length=TEXT_CHARS_MAX)]
Int = Annotated[int, Field(ge=-INT_MAX, le=INT_MAX)]
_Hex = Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{2}){1,512}$")]
_FORMS: Final[dict[Any, Any]] = {str: Text, int: Int, bytes: _Hex, bool: bool}


class Body(BaseModel):
    """What every body is: strict, and closed."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


def example(**fields: Any) -> ConfigDict:
    """The settings of a body that is written by hand, with an example of it."""
    return ConfigDict(
        strict=True, extra="forbid", frozen=True, json_schema_extra={"examples": [fields]}
    )


def example_of(model: type[Body]) -> dict[str, Any]:
    """The example in a body's settings."""
    told: Any = model.model_config["json_schema_extra"]
    found: dict[str, Any] = told["examples"][0]
    return found


class Nothing(Body):
    """A command that needs no more than its path."""

    model_config = example()


def body_of(command: type, known: tuple[str, ...], shown: Mapping[str, Any]) -> type[Body]:
    """The model of a command's body. known: fields that do not come from the body."""
    hints = get_type_hints(command)
    shape: dict[str, Any] = {}
    for field in fields(command):
        if field.name not in known:
            default = ... if field.default is MISSING else field.default
            shape[field.name] = (_form(hints[field.name]), default)
    made = create_model(command.__name__, __base__=Body, **shape)
    made.model_config = example(**shown)
    made.__doc__ = command.__doc__
    made.model_rebuild(force=True)
    return made


def _form(hint: Any) -> Any:
    if isinstance(hint, UnionType):
        forms: list[Any] = [part if part is NoneType else _form(part) for part in get_args(hint)]
        return forms[0] | forms[1]
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return hint
    return _FORMS[hint]


def read(model: type[Body], raw: bytes) -> Body:
    """The body as its model. Raises Problem that names each field."""
    if raw.count(b"[") + raw.count(b"{") > _BRACKETS_MAX:
        raise Problem(Code.MALFORMED, "The document is nested too deeply: send a flat object.")
    try:
        return model.model_validate_json(raw)
    except ValidationError as error:
        found = [_error(one) for one in error.errors(include_url=False)]
    if any(one["rule"] == "json_invalid" for one in found):
        raise Problem(Code.MALFORMED, f"The body is not JSON: {found[0]['remedy']}.")
    fields_named = ", ".join(one["field"] for one in found)
    raise Problem(Code.INVALID, f"These fields cannot be used: {fields_named}.", {"errors": found})


def _error(one: Any) -> dict[str, str]:
    field = ".".join(map(str, one["loc"])) or "body"
    return {"field": field, "rule": one["type"], "remedy": one["msg"]}


def values(body: Body, command: type) -> dict[str, Any]:
    """The body's values as the command takes them."""
    hints = get_type_hints(command)
    return {
        name: bytes.fromhex(value) if hints[name] is bytes and isinstance(value, str) else value
        for name, value in body
    }
