"""What the leasing service is built from, and commands that may be sent again."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, Final

import numpy as np

from system.compliance import audit
from system.compliance.records import AuditEntry
from system.errors import InputError
from system.kernels.columns import I64
from system.leasing.policy import LeasingPolicy
from system.ledger.idempotency import Answered, once
from system.limits import COLUMN_ROWS_MAX, TEXT_CHARS_MAX
from system.ports.book import Book, BookUnit
from system.ports.clock import Clock

CLIENT: Final = "leasing"


@dataclass(frozen=True, slots=True)
class Parts:
    """What the service is built from."""

    clock: Clock
    book: Book
    policy: LeasingPolicy


@dataclass(frozen=True, slots=True)
class Keyed:
    """A command with its idempotency key."""

    client: str
    key: str
    fingerprint: str


def answered(parts: Parts, command: Any, work: Callable[[BookUnit, int], str]) -> str | None:
    """Do the work in one transaction unless it was done before; its answer, in text.

    work: gets the open transaction and UTC seconds.  None when the id came with other content.
    Raises InputError for a command that cannot be used; it then did nothing.
    """
    check_text("command_id", command.command_id)
    now_s = parts.clock.now_s()
    with parts.book.transaction() as unit:

        def handle(_: list[Keyed]) -> list[str]:
            text = work(unit, now_s)
            actor = getattr(command, "maker", getattr(command, "officer", "service"))
            entry = AuditEntry(actor, type(command).__name__, command.command_id, text)
            audit.append(unit.rows, [entry], now_s)
            return [text]

        [reply] = once(unit.rows, [keyed(command)], handle, now_s)
    return None if reply.answered is Answered.KEY_REUSED else reply.response


def answer_or_raise(parts: Parts, command: Any, work: Callable[[BookUnit, int], str]) -> str:
    """As ``answered``, for commands whose answers cannot carry a refusal. Raises InputError."""
    text = answered(parts, command, work)
    if text is None:
        raise InputError("command_id", command.command_id, "give a new id to other content")
    return text


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


def check_text(field: str, value: object) -> None:
    """Raises InputError for anything but a text of usual length."""
    if not isinstance(value, str) or not 1 <= len(value) <= TEXT_CHARS_MAX:
        raise InputError(field, value, f"give a text of 1 to {TEXT_CHARS_MAX} characters")


def int_column(name: str, column: object, n: int, low: int, high: int) -> I64:
    """The column, if it is int64 (n,) within bounds. Raises InputError."""
    if not isinstance(column, np.ndarray) or column.dtype != np.int64 or column.shape != (n,):
        got = getattr(column, "dtype", type(column).__name__)
        raise InputError(name, str(got), f"give an int64 array of {n} whole numbers")
    if n and not (low <= int(column.min()) and int(column.max()) <= high):
        raise InputError(name, [int(column.min()), int(column.max())], f"give {low} to {high}")
    return column


def machines_of(unit_count: int, machine: object) -> I64:
    """Rows of machines, each once. Raises InputError."""
    if not isinstance(machine, np.ndarray) or not 1 <= machine.size <= COLUMN_ROWS_MAX:
        raise InputError("machine", type(machine).__name__, f"give 1 to {COLUMN_ROWS_MAX} rows")
    rows = int_column("machine", machine, machine.size, 0, unit_count - 1)
    if np.unique(rows).size != rows.size:
        raise InputError("machine", rows.size, "name each machine once")
    return rows
