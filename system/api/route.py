"""The route table: what the gateway offers, to whom, and whose objects each route may touch.

Every route is one row here. The app, the OpenAPI document and the authorisation test are made from
the table, so that a route without a rule cannot exist.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from pydantic import BaseModel

from system.api.access import Caller, Role
from system.api.answers import Answer, Document, not_found
from system.api.bodies import Body
from system.api.problems import Problem

_DIGITS_MAX: Final = 18
JSON: Final = "application/json"
KEY_CHARS_MAX: Final = 128


@dataclass(frozen=True, slots=True)
class Call:
    """One request as a handler sees it.

    key: the client's Idempotency-Key under its own name; empty for reads.  raw: the body's bytes,
    for documents that are not JSON.  checker: the second person where four eyes have decided.
    repeats: this very request was done before, and only its answer is asked for.
    """

    caller: Caller
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: Body | None
    raw: bytes
    media_type: str
    key: str
    checker: str = ""
    repeats: bool = False

    def number(self, name: str) -> int:
        """A number in the path. Raises Problem where it cannot be one."""
        text = self.path[name]
        if not (text.isascii() and text.isdigit() and len(text) <= _DIGITS_MAX):
            raise not_found()
        return int(text)


class Handler(Protocol):
    """Runs inside one transaction of the writer. Raises Problem."""

    def __call__(self, desk: Any, call: Call) -> Any: ...


class JoinedHandler(Protocol):
    """Does several calls as one: an answer or a Problem for each, in order."""

    def __call__(self, desk: Any, calls: list[Call]) -> list[Any]: ...


def alone(joined: JoinedHandler) -> Handler:
    """The handler of one call that a joined one makes."""

    def handle(desk: Any, call: Call) -> Any:
        [answer] = joined(desk, [call])
        if isinstance(answer, Problem):
            raise answer
        return answer

    return handle


@dataclass(frozen=True, slots=True)
class Form:
    """A body that its handler reads by itself. schema: JSON Schema, or models of which it is one.
    example: the text of a document, or the value that stands in JSON or in a form."""

    media_type: str
    schema: Mapping[str, Any] | tuple[type[BaseModel], ...]
    example: Any


@dataclass(frozen=True, slots=True)
class Route:
    """roles: any of them may call.  owns: the fields of body or path of which one must name the
    caller's own party, empty where the handler checks the object (``object_rule`` says how) or
    where the business is nobody's in particular.

    status: of success.  forms: of a request that has no ``body``.  shows: the form of an answer
    that is a Document.  signed: money moves, or is let move.  four_eyes: it runs when a second
    client has approved it, and signed what was asked for.  query: what may stand behind ``?``,
    with its meaning.  joined: does requests that wait at the same time as one batch; its product
    keeps what each key was answered.  answers_secret: the answer is kept nowhere, and the handler
    works it out again for a request that ``repeats``.
    """

    method: str
    path: str
    name: str
    summary: str
    scope: str
    roles: Role
    handler: Handler
    answer: type[Answer]
    body: type[Body] | None = None
    owns: tuple[str, ...] = ()
    object_rule: str = ""
    status: int = 200
    forms: tuple[Form, ...] = ()
    shows: Form | None = None
    signed: bool = False
    four_eyes: bool = False
    query: Mapping[str, str] = field(default_factory=dict)
    joined: JoinedHandler | None = None
    answers_secret: bool = False

    def __post_init__(self) -> None:
        assert not (self.joined and self.four_eyes), "what four eyes see stands alone"
        assert self.is_command == bool(self.body or self.forms), "a command has a body"
        assert not (self.body and self.forms), "a body has one description"
        assert (self.answer is Document) == (self.shows is not None), "a document has a form"

    @property
    def is_command(self) -> bool:
        """Whether it changes something, and so needs an Idempotency-Key."""
        return self.method != "GET"

    @property
    def is_signed(self) -> bool:
        """Whether the request carries its client's signature, where the client has a key.

        Asking is half of what four eyes do: nobody else may do it with a secret alone.
        """
        return self.signed or self.four_eyes

    @property
    def media_types(self) -> tuple[str, ...]:
        """Of the request's body."""
        return tuple(form.media_type for form in self.forms) or (JSON,)

    def changed_by(self, other: "Route") -> bool:
        """Whether this is the GET of the very thing that the other route changes."""
        return self.method == "GET" and "{" in self.path and other.path.startswith(self.path + "/")

    def allows(self, caller: Caller) -> bool:
        """Whether role and scope suffice, whatever the object."""
        return bool(caller.roles & self.roles) and self.scope in caller.scopes


def thing_of(route: Route, routes: Sequence[Route]) -> Route | None:
    """What shows the thing that a command changes: the GET whose path its own begins with."""
    found = [one for one in routes if one.changed_by(route)]
    return max(found, key=lambda one: len(one.path), default=None)
