"""Lists in pages: ``?after=CURSOR&limit=N``; the answer's ``next`` is empty on the last page."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

from system.api.problems import Code, Problem
from system.api.route import Call
from system.ports.store import Table, Unit

R = TypeVar("R")
PAGE_MAX: Final = 200
QUERY: Final = {
    "after": "the next of the page before; empty for the first",
    "limit": f"rows of a page, 1 to {PAGE_MAX}",
}


def limit_of(call: Call) -> int:
    """Raises Problem."""
    text = call.query.get("limit", str(PAGE_MAX))
    if not (text.isascii() and text.isdigit() and len(text) < 4 and 1 <= int(text) <= PAGE_MAX):
        raise Problem(Code.INVALID, f"limit: give 1 to {PAGE_MAX}.")
    return int(text)


def page(rows: Sequence[R], key_of: Callable[[R], str], call: Call) -> tuple[list[R], str]:
    """The page that the call asks for of rows in any order, and the cursor of the one after it."""
    after, limit = call.query.get("after", ""), limit_of(call)
    rest = sorted((row for row in rows if key_of(row) > after), key=key_of)
    return rest[:limit], key_of(rest[limit - 1]) if len(rest) > limit else ""


def page_of_table(unit: Unit, table: Table[R], call: Call) -> tuple[list[R], str]:
    """A page of all rows of a table whose key is one text."""
    [column] = table.key
    after, limit = call.query.get("after", ""), limit_of(call)
    rows = unit.scan(table, after=(after,) if after else None, limit=limit + 1)
    return rows[:limit], getattr(rows[limit - 1], column) if len(rows) > limit else ""


def own_or_all(
    unit: Unit, table: Table[R], call: Call, columns: Sequence[str], where: Mapping[str, Any]
) -> tuple[list[R], str]:
    """A page of what the caller may see: all, or rows one of whose columns names its party.

    where: further equalities on one index; then all columns of the table may be compared.
    """
    [key] = table.key
    if call.caller.sees_all() and not where:
        return page_of_table(unit, table, call)
    if call.caller.sees_all():
        found = unit.find(table, where)
    elif not call.caller.party_id:
        found = []
    else:
        by_key: dict[str, R] = {}
        for column in columns:
            for row in unit.find(table, {column: call.caller.party_id}):
                by_key[getattr(row, key)] = row
        found = [
            row
            for row in by_key.values()
            if all(getattr(row, name) == value for name, value in where.items())
        ]
    return page(found, lambda row: str(getattr(row, key)), call)
