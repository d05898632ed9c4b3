"""Commands that may be sent again: the stored answer, or a refusal of an id with other content."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, TypeVar

import numpy as np

from system.canonical import sha256_hex
from system.errors import InputError
from system.kernels.columns import I64, Mask
from system.ledger.idempotency import Answered, Reply, once
from system.limits import COLUMN_ROWS_MAX
from system.ports.book import Book, BookUnit
from system.subledger.answers import A, as_text, from_text, refused_all
from system.subledger.desk import Desk
from system.subledger.inputs import bool_column, check_text, int_column

D = TypeVar("D", bound=Desk)
Opens = Callable[[BookUnit, str], D]


@dataclass(frozen=True, slots=True)
class Keyed:
    """A command with its idempotency key."""

    client: str
    key: str
    fingerprint: str


def run_once(
    book: Book, client: str, opens: Opens[D], command: Any, work: Callable[[D], str]
) -> Reply:
    """Do the work in one transaction, unless it was done before, and keep what it answers.

    opens: the product's desk, over this transaction, for the command of this id.
    """
    with book.transaction() as unit:
        desk = opens(unit, command.command_id)

        def handle(_: list[Keyed]) -> list[str]:
            text = work(desk)
            actor = getattr(command, "maker", getattr(command, "officer", "service"))
            desk.close(actor, [type(command).__name__, sha256_hex(text)])
            return [text]

        [reply] = once(unit.rows, [keyed(client, command)], handle, desk.now_s)
    return reply


def answered(
    run: Callable[[Any, Callable[[D], str]], Reply],
    kind: type[A],
    command: Any,
    handle: Callable[[D, Any], A],
    *,
    rows: str,
    reused: int,
) -> A:
    """The command's answer: worked out now, or stored before.

    run: the product's run_once.  rows: the field that names accounts.  reused: its refusal of an
    id that came with other content.
    Raises InputError for columns and texts that cannot be used; the command then did nothing.
    """
    n = checked_rows(command, rows)
    fresh: list[A] = []

    def work(desk: D) -> str:
        fresh.append(handle(desk, command))
        return as_text(fresh[0])

    reply = run(command, work)
    if fresh:
        return fresh[0]
    if reply.answered is Answered.KEY_REUSED:
        return refused_all(kind, n, reused)
    return from_text(kind, reply.response)


def keyed(client: str, command: Any) -> Keyed:
    """The command's key: its id, and the SHA-256 of its kind and content."""
    digest = hashlib.sha256(type(command).__name__.encode())
    for field in fields(command):
        value = getattr(command, field.name)
        if isinstance(value, np.ndarray):
            digest.update(f"|{field.name}|{value.dtype.str}{value.shape}".encode())
            digest.update(np.ascontiguousarray(value).data)
        else:
            digest.update(f"|{field.name}|{value!r}".encode())
    return Keyed(client, command.command_id, digest.hexdigest())


def checked_rows(command: Any, rows: str) -> int:
    """How many rows the command has, all its fields being usable."""
    n = int_column(rows, getattr(command, rows)).size
    if not 1 <= n <= COLUMN_ROWS_MAX:
        raise InputError(rows, n, f"give 1 to {COLUMN_ROWS_MAX} rows")
    for field in fields(command):
        value = getattr(command, field.name)
        if field.type == I64:
            int_column(field.name, value, n)
        elif field.type == Mask:
            bool_column(field.name, value, n)
        elif field.type is str:
            check_text(field.name, value)
    return n
