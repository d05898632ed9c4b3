"""Merchant credit's commands, each done once."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from system.credit.desk import LEDGER, Desk, Parts
from system.credit.rules import Refusal
from system.ledger.idempotency import Reply
from system.ports.book import BookUnit
from system.subledger import joined, once
from system.subledger.answers import A
from system.subledger.joined import Product


def run_once(parts: Parts, command: Any, work: Callable[[Desk], str]) -> Reply:
    """Do the work in one transaction, unless it was done before, and keep what it answers."""

    def opens(unit: BookUnit, cause: str) -> Desk:
        return Desk(unit, parts, cause)

    return once.run_once(parts.book, LEDGER.name, opens, command, work)


def answered(parts: Parts, kind: type[A], command: Any, handle: Callable[[Desk, Any], A]) -> A:
    """The command's answer: worked out now, or stored before.

    Raises InputError for columns and texts that cannot be used; the command then did nothing.
    """
    reused = int(Refusal.COMMAND_ID_REUSED)
    run = partial(run_once, parts)
    return once.answered(run, kind, command, handle, rows="accounts", reused=reused)


def answered_each(
    parts: Parts, kind: type[A], commands: Sequence[Any], handle: Callable[[Desk, Any], A]
) -> list[A]:
    """The answers of commands of one kind, done as one batch, each once. Raises InputError."""

    def opens(unit: BookUnit, cause: str) -> Desk:
        return Desk(unit, parts, cause)

    reused = int(Refusal.COMMAND_ID_REUSED)
    product = Product(parts.book, LEDGER.name, opens, "accounts", reused)
    return joined.answered_each(product, kind, commands, handle)
