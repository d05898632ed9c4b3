"""Linked limits: one financed lot uses the lines of its debtor, supplier, bank and group at once.

The book reserves at quote time, so it is never below the contract's usage, and the contract
never refuses what the book allowed.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from system.chain.records import LIMITS, LimitLine
from system.chain.sheet import Sheet

DEBTOR: Final = 1
SUPPLIER: Final = 2
BANK: Final = 4
GROUP: Final = 8

Line = tuple[int, str]


def lines_of(debtor_id: str, supplier_id: str, bank_id: str, group_id: str | None) -> list[Line]:
    """The lines that one lot uses, in precedence order."""
    lines = [(DEBTOR, debtor_id), (SUPPLIER, supplier_id), (BANK, bank_id)]
    return [*lines, (GROUP, group_id)] if group_id else lines


def room_fen(sheet: Sheet, line: Line) -> int:
    """What the line still allows; never below zero."""
    row = sheet.get(LIMITS, *line)
    return max(0, row.limit_fen - row.used_fen) if row is not None else 0


def change_use(sheet: Sheet, lines: Sequence[Line], change_fen: int) -> None:
    """Use more (positive) or less of every line at once."""
    for line in lines:
        row = sheet.need(LIMITS, *line)
        sheet.put(LIMITS, replace(row, used_fen=row.used_fen + change_fen))


def open_line(sheet: Sheet, line: Line, limit_fen: int) -> bool:
    """Set a line's limit, keeping its use. True when the contract must be told."""
    row = sheet.get(LIMITS, *line)
    if row is None:
        sheet.add(LIMITS, LimitLine(*line, limit_fen, 0))
        return True
    if row.limit_fen == limit_fen:
        return False
    sheet.put(LIMITS, replace(row, limit_fen=limit_fen))
    return True
