"""What the leasing service is built from, and commands that may be sent again."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from system.compliance import audit
from system.compliance.records import AuditEntry
from system.errors import InputError
from system.kernels.columns import I64
from system.leasing.devices import NO_KEYS, DeviceKeys
from system.leasing.policy import LeasingPolicy
from system.ledger.idempotency import Answered, once
from system.limits import COLUMN_ROWS_MAX
from system.ports.book import Book, BookUnit
from system.ports.clock import Clock
from system.subledger.inputs import check_text, int_column
from system.subledger.once import Keyed, keyed

CLIENT: Final = "leasing"


@dataclass(frozen=True, slots=True)
class Parts:
    """What the service is built from. keys: of devices that share a secret with us."""

    clock: Clock
    book: Book
    policy: LeasingPolicy
    keys: DeviceKeys = NO_KEYS


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

        [reply] = once(unit.rows, [keyed(CLIENT, command)], handle, now_s)
    return None if reply.answered is Answered.KEY_REUSED else reply.response


def answer_or_raise(parts: Parts, command: Any, work: Callable[[BookUnit, int], str]) -> str:
    """As ``answered``, for commands whose answers cannot carry a refusal. Raises InputError."""
    text = answered(parts, command, work)
    if text is None:
        raise InputError("command_id", command.command_id, "give a new id to other content")
    return text


def bounded(name: str, column: object, n: int, low: int, high: int) -> I64:
    """The column, if it is int64 (n,) within bounds. Raises InputError."""
    whole = int_column(name, column, n)
    if n and not (low <= int(whole.min()) and int(whole.max()) <= high):
        raise InputError(name, [int(whole.min()), int(whole.max())], f"give {low} to {high}")
    return whole


def machines_of(unit_count: int, machine: object) -> I64:
    """Rows of machines, each once. Raises InputError."""
    if not isinstance(machine, np.ndarray) or not 1 <= machine.size <= COLUMN_ROWS_MAX:
        raise InputError("machine", type(machine).__name__, f"give 1 to {COLUMN_ROWS_MAX} rows")
    rows = bounded("machine", machine, machine.size, 0, unit_count - 1)
    if np.unique(rows).size != rows.size:
        raise InputError("machine", rows.size, "name each machine once")
    return rows
