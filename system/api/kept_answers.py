"""What a command was answered, so that the same request under the same key is the same answer.

For commands whose product keeps no answers of its own (those that are done in batches do).
"""

import json
from dataclasses import dataclass
from typing import Any, Final

from system.api.problems import Code, Problem
from system.api.route import Call, Route
from system.canonical import canonical_json, sha256_hex
from system.errors import DuplicateRow, OperationalError
from system.ports.cipher import FieldCipher
from system.ports.store import Table, Unit


@dataclass(frozen=True, slots=True)
class Kept:
    """request_hash: keyed, of all that was asked.  answer: JSON, empty where it holds a secret."""

    key: str
    request_hash: str
    answer: str
    at_s: int


KEPT: Final = Table("kept_answer", Kept, key=("key",), sealed=("answer",))


class AnsweredMeanwhile(OperationalError):
    """Another process of the bank did the same request at the same time."""

    def __init__(self) -> None:
        super().__init__("the same request was answered elsewhere; send it again for its answer")


def find(unit: Unit, cipher: FieldCipher, route: Route, call: Call) -> Kept | None:
    """What this very request was answered before, None where it was not.

    Raises Problem where its key came with another request.
    """
    [known] = unit.get(KEPT, [(call.key,)])
    if known is not None and known.request_hash != _hash(cipher, route, call):
        raise Problem(Code.IDEMPOTENCY_KEY_REUSED, "Use a new key for a new request.")
    return known


def keep(
    unit: Unit,
    cipher: FieldCipher,
    route: Route,
    call: Call,
    answer: dict[str, Any],
    now_s: int,
) -> None:
    """Remember it, in the transaction of what was done. Raises AnsweredMeanwhile: it is undone."""
    text = "" if route.answers_secret else canonical_json(answer)
    _insert(unit, Kept(call.key, _hash(cipher, route, call), text, now_s))


def _insert(unit: Unit, row: Kept) -> None:
    try:
        unit.insert(KEPT, [row])
    except DuplicateRow:
        raise AnsweredMeanwhile from None


def _hash(cipher: FieldCipher, route: Route, call: Call) -> str:
    # Keyed: of a person's name, number and phone a plain hash could be searched for.
    # Any bytes are text in Latin-1.
    body = call.raw.decode("latin-1") if call.body is None else call.body.model_dump(mode="json")
    asked = canonical_json([route.name, dict(call.path), body])
    return cipher.blind_index("request", asked).hex()


def result_of(unit: Unit, approval_id: str) -> dict[str, Any] | None:
    """What came of a request that four eyes have let happen, None where nothing has yet."""
    [known] = unit.get(KEPT, [(_key_of(approval_id),)])
    result: dict[str, Any] | None = None if known is None else json.loads(known.answer)
    return result


def keep_result(unit: Unit, approval_id: str, result: dict[str, Any], now_s: int) -> None:
    """It happens once, whoever approves it again. Raises AnsweredMeanwhile: it is undone."""
    key = _key_of(approval_id)
    _insert(unit, Kept(key, sha256_hex(key), canonical_json(result), now_s))


def _key_of(approval_id: str) -> str:
    # No key of a client has a line break.
    return f"four eyes\n{approval_id}"
