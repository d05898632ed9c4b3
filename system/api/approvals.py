"""Four eyes: what one officer asks for, another one of the same standing lets happen.

The request is kept as it was made, bound by its hash, and runs with both names when a second
client approves it. The store itself never sees a maker who is also the checker.
"""

from dataclasses import dataclass, replace
from typing import Final

from system.api.access import Caller
from system.api.answers import not_found
from system.api.problems import Code, Problem
from system.canonical import canonical_json, sha256_hex
from system.ports.store import Table, Unit


@dataclass(frozen=True, slots=True)
class Approval:
    """path, body: JSON as asked for.  request_hash: of all.

    state: asked, approved, declined, refused (approved, and then it could not be done).
    """

    approval_id: str
    route: str
    path: str
    body: str
    request_hash: str
    maker: str
    asked_at_s: int
    state: str = "asked"
    checker: str = ""
    decided_at_s: int | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for. path: canonical JSON of the path's fields.  body: as it was sent."""

    route: str
    path: str
    body: str
    key: str = ""

    def hash(self) -> str:
        """Of all that will happen."""
        return sha256_hex(canonical_json([self.route, self.path, self.body]))


APPROVALS: Final = Table(
    "approval", Approval, key=("approval_id",), index=(("state",),), sealed=("body",)
)


def ask(unit: Unit, caller: Caller, request: Request, now_s: int) -> Approval:
    """Keep a request until a second person has seen it. The same again: the same one.

    Raises Problem where the key was used for another request.
    """
    approval_id = sha256_hex(canonical_json([caller.client_id, request.key]))[:32]
    [known] = unit.get(APPROVALS, [(approval_id,)])
    if known is not None:
        if known.request_hash != request.hash():
            raise Problem(Code.IDEMPOTENCY_KEY_REUSED, "Use a new key for a new request.")
        return known
    asked = (request.route, request.path, request.body, request.hash())
    row = Approval(approval_id, *asked, caller.client_id, now_s)
    unit.insert(APPROVALS, [row])
    return row


def find(unit: Unit, approval_id: str) -> Approval:
    """What was asked for. Raises Problem."""
    [row] = unit.get(APPROVALS, [(approval_id,)])
    if row is None:
        raise not_found()
    return row


def decide(unit: Unit, caller: Caller, row: Approval, approve: bool, now_s: int) -> Approval:
    """The request, decided by this caller. Raises Problem: the caller's own, or decided before."""
    if row.maker == caller.client_id:
        raise Problem(Code.FORBIDDEN, "Another officer has to decide: you asked for it.")
    state = "approved" if approve else "declined"
    if row.state != "asked":
        if (row.state, row.checker) == (state, caller.client_id):
            return row
        raise Problem(Code.CONFLICT, f"It was {row.state} already.")
    asked = Request(row.route, row.path, row.body)
    assert row.request_hash == asked.hash(), "what was asked for is what is approved"
    decided = replace(row, state=state, checker=caller.client_id, decided_at_s=now_s)
    unit.replace(APPROVALS, [decided])
    return decided


def refuse(unit: Unit, row: Approval) -> None:
    """It was approved, could not be done, and ends: no one can let it happen later, alone."""
    unit.replace(APPROVALS, [replace(row, state="refused")])
