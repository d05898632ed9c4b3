"""Commands that may be sent again: the stored answer, or a refusal of an id with other content."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, Final

import numpy as np

from system.canonical import sha256_hex
from system.credit.columns import bool_column, int_column
from system.credit.desk import Desk, Parts
from system.credit.outcome import A, as_text, from_text, refused_all
from system.credit.rules import Refusal
from system.errors import InputError
from system.kernels.columns import I64, Mask
from system.ledger.idempotency import Answered, Reply, once
from system.limits import COLUMN_ROWS_MAX, TEXT_CHARS_MAX

CLIENT: Final = "credit"


@dataclass(frozen=True, slots=True)
class Keyed:
    """A command with its idempotency key."""

    client: str
    key: str
    fingerprint: str


def run_once(parts: Parts, command: Any, work: Callable[[Desk], str]) -> Reply:
    """Do the work in one transaction, unless it was done before, and keep what it answers."""
    with parts.book.transaction() as unit:
        desk = Desk(unit, parts, command.command_id)

        def handle(_: list[Keyed]) -> list[str]:
            text = work(desk)
            actor = getattr(command, "maker", getattr(command, "officer", "service"))
            desk.close(actor, [type(command).__name__, sha256_hex(text)])
            return [text]

        [reply] = once(unit.rows, [keyed(command)], handle, desk.now_s)
    return reply


def answered(parts: Parts, kind: type[A], command: Any, handle: Callable[[Desk, Any], A]) -> A:
    """The command's answer: worked out now, or stored before.

    Raises InputError for columns and texts that cannot be used; the command then did nothing.
    """
    n = _checked(command)
    fresh: list[A] = []

    def work(desk: Desk) -> str:
        fresh.append(handle(desk, command))
        return as_text(fresh[0])

    reply = run_once(parts, command, work)
    if fresh:
        return fresh[0]
    if reply.answered is Answered.KEY_REUSED:
        return refused_all(kind, n, int(Refusal.COMMAND_ID_REUSED))
    return from_text(kind, reply.response)


def keyed(command: Any) -> Keyed:
    """The command's key: its id, and the SHA-256 of its kind and content."""
    digest = hashlib.sha256(type(command).__name__.encode())
    for field in fields(command):
        value = getattr(command, field.name)
        if isinstance(value, np.ndarray):
            digest.update(f"|{field.name}|{value.dtype.str}{value.shape}".encode())
            digest.update(np.ascontiguousarray(value).data)
        else:
            digest.update(f"|{field.name}|{value!r}".encode())
    return Keyed(CLIENT, command.command_id, digest.hexdigest())


def _checked(command: Any) -> int:
    """How many rows the command has, all its fields being usable."""
    n = int_column("accounts", command.accounts).size
    if not 1 <= n <= COLUMN_ROWS_MAX:
        raise InputError("accounts", n, f"give 1 to {COLUMN_ROWS_MAX} rows")
    for field in fields(command):
        value = getattr(command, field.name)
        if field.type == I64:
            int_column(field.name, value, n)
        elif field.type == Mask:
            bool_column(field.name, value, n)
        elif field.type is str:
            check_text(field.name, value)
    return n


def check_text(field: str, value: object) -> None:
    """Raises InputError for anything but a text of usual length."""
    if not isinstance(value, str) or not 1 <= len(value) <= TEXT_CHARS_MAX:
        raise InputError(field, value, f"give a text of 1 to {TEXT_CHARS_MAX} characters")
