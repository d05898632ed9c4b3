"""Small commands of one kind done as one batch, each under its own key.

Commands that wait at the same time read, decide and write together; each keeps its own answer,
journal rows, transfers and audit link, as if it had come alone.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from itertools import accumulate
from typing import Any, TypeVar

import numpy as np

from system.canonical import sha256_hex
from system.kernels.columns import I64
from system.ledger.idempotency import Answered, Reply, once
from system.ports.book import Book, BookUnit
from system.subledger.answers import A, as_text, from_text, refused_all
from system.subledger.desk import Closing, Desk
from system.subledger.once import Keyed, Opens, checked_rows, keyed

D = TypeVar("D", bound=Desk)


@dataclass(frozen=True, slots=True)
class Product:
    """Whose commands they are, and how its desk opens over a transaction.

    rows: the field that names accounts.  reused: its refusal of an id with other content.
    """

    book: Book
    client: str
    opens: Opens[Any]
    rows: str
    reused: int


def answered_each(
    product: Product, kind: type[A], commands: Sequence[Any], handle: Callable[[Any, Any], A]
) -> list[A]:
    """The answer of each command, in order, as ``once.answered`` gives it.

    commands: of one type, whose fields are an id and columns.  Raises InputError where one cannot
    be used; none of them then did anything.
    """
    for command in commands:
        checked_rows(command, product.rows)
    answers: list[A] = []
    with product.book.transaction() as unit:
        for part in _apart(commands, product.rows):
            answers += _answered(product, unit, kind, part, handle)
    return answers


def _apart(commands: Sequence[Any], rows: str) -> list[list[Any]]:
    """The commands in order, in parts within which no account and no id comes twice."""
    parts: list[list[Any]] = [[]]
    seen: set[int | str] = set()
    for command in commands:
        named = {command.command_id, *getattr(command, rows).tolist()}
        if not seen.isdisjoint(named):
            parts.append([])
            seen = set()
        parts[-1].append(command)
        seen |= named
    return parts


def _answered(
    product: Product,
    unit: BookUnit,
    kind: type[A],
    commands: list[Any],
    handle: Callable[[Any, Any], A],
) -> list[A]:
    by_key = {command.command_id: command for command in commands}
    fresh: dict[str, A] = {}
    desk = product.opens(unit, "")

    def work(new: list[Keyed]) -> list[str]:
        asked = [by_key[one.key] for one in new]
        sizes = [getattr(command, product.rows).size for command in asked]
        parts = _split(handle(desk, _joined(asked)), sizes)
        texts = [as_text(part) for part in parts]
        fresh.update(zip((one.key for one in new), parts, strict=True))
        named = zip(asked, texts, strict=True)
        desk.close_each([_closing(command, text, product.rows) for command, text in named])
        return texts

    keys = [keyed(product.client, command) for command in commands]
    replies = once(unit.rows, keys, work, desk.now_s)
    return [
        _answer(product, kind, command, reply, fresh)
        for command, reply in zip(commands, replies, strict=True)
    ]


def _answer(product: Product, kind: type[A], command: Any, reply: Reply, fresh: dict[str, A]) -> A:
    if reply.answered is Answered.NOW:
        return fresh[command.command_id]
    if reply.answered is Answered.KEY_REUSED:
        return refused_all(kind, getattr(command, product.rows).size, product.reused)
    return from_text(kind, reply.response)


def _joined(commands: Sequence[Any]) -> Any:
    """One command with the columns of all; its id is that of the first and means nothing."""
    if len(commands) == 1:
        return commands[0]
    first = commands[0]
    names = [field.name for field in fields(first) if field.name != "command_id"]
    columns = {name: np.concatenate([getattr(one, name) for one in commands]) for name in names}
    return replace(first, **columns)


def _split(answer: A, sizes: list[int]) -> list[A]:
    if len(sizes) == 1:
        return [answer]
    columns = [getattr(answer, field.name) for field in fields(answer)]
    ends = list(accumulate(sizes))
    return [
        type(answer)(*(column[end - size : end] for column in columns))
        for size, end in zip(sizes, ends, strict=True)
    ]


def _closing(command: Any, text: str, rows: str) -> Closing:
    accounts: I64 = getattr(command, rows)
    what = [type(command).__name__, sha256_hex(text)]
    return Closing(command.command_id, "service", what, accounts)
