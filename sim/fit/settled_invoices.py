"""Reading a user's settled invoices from CSV: columns found or named, every value checked.

The first thing that cannot be used is named with file, line, column, value and remedy; nothing is
repaired, guessed or skipped.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from sim.fit.csv_rows import read_rows
from system.errors import InputError

# A date that far off is a slip of the pen, not a late payment.
LATE_DAYS_MAX: Final = 3_650
REQUIRED: Final = ("customer", "issued_on", "due_on", "settled_on")
OPTIONAL: Final = ("disputed", "amount")
_DATES: Final = ("issued_on", "due_on", "settled_on")
_KNOWN_NAMES: Final = {
    "customer": "customerid customer customernumber debtorid debtor buyerid buyer clientid client "
    "客户编号 客户 买方 付款方 债务人",
    "issued_on": "invoicedate issuedate issuedon issued documentdate 开票日期 发票日期",
    "due_on": "duedate dueon due paymentduedate 到期日 到期日期 应付日期",
    "settled_on": "settleddate settledon settled paiddate paidon paymentdate cleardate "
    "结清日期 付款日期 回款日期",
    "disputed": "disputed isdisputed dispute 争议 是否争议",
    "amount": "invoiceamount amount totalamount 金额 发票金额",
}
_YES, _NO = {"yes", "y", "true", "1", "是"}, {"no", "n", "false", "0", "否"}
_THREE_NUMBERS = re.compile(r"(\d{1,4})[-/.](\d{1,2})[-/.](\d{1,4})")
# Where year, month and day stand among three numbers.
_ORDERS: Final = {"Y-M-D": (0, 1, 2), "M/D/Y": (2, 0, 1), "D/M/Y": (2, 1, 0)}


@dataclass(frozen=True, slots=True)
class SettledInvoices:
    """One entry per invoice, in file order. Days count from 1970-01-01.

    disputed: None where the file does not say.
    """

    customer: tuple[str, ...]
    issued_day: tuple[int, ...]
    late_days: tuple[int, ...]
    disputed: tuple[bool, ...] | None

    def __len__(self) -> int:
        return len(self.customer)


@dataclass(frozen=True, slots=True)
class _Table:
    file: str
    columns: dict[str, str]  # role -> header
    lines: tuple[int, ...]
    cells: dict[str, tuple[str, ...]]  # role -> trimmed text by row

    def error(self, role: str, row: int, remedy: str) -> InputError:
        value = self.cells[role][row]
        return InputError(self.columns[role], value, remedy, file=self.file, line=self.lines[row])


def read_settled_invoices(path: Path, columns: dict[str, str] | None) -> SettledInvoices:
    """All invoices of a CSV file (UTF-8 or GB18030).

    columns: role -> header for the roles of REQUIRED and OPTIONAL that detection does not find.
    Raises InputError with file, line, column, value and remedy.
    """
    table = _table(path, columns or {})
    _check_present(table)
    _check_amounts(table)
    days = _days(table)
    return SettledInvoices(
        customer=table.cells["customer"],
        issued_day=days["issued_on"],
        late_days=_late_days(table, days),
        disputed=_disputed(table),
    )


def _table(path: Path, named: dict[str, str]) -> _Table:
    header, lines, rows = read_rows(path)
    chosen = _columns(header, named, str(path))
    cells = {
        role: tuple(row[header.index(name)].strip() for row in rows)
        for role, name in chosen.items()
    }
    return _Table(str(path), chosen, lines, cells)


def _columns(header: Sequence[str], named: dict[str, str], file: str) -> dict[str, str]:
    for role, name in named.items():
        if role not in REQUIRED + OPTIONAL:
            raise InputError(role, name, f"known roles: {', '.join(REQUIRED + OPTIONAL)}")
        if header.count(name) != 1:
            remedy = f"name one of its columns: {', '.join(header)}"
            raise InputError(role, name, remedy, file=file, line=1)
    chosen = dict(named)
    for role in REQUIRED + OPTIONAL:
        if role not in chosen and (found := _detected(role, header, file)):
            chosen[role] = found
    for role in REQUIRED:
        if role not in chosen:
            remedy = f"not found; map it to one of: {', '.join(header)}"
            raise InputError(role, None, remedy, file=file, line=1)
    return chosen


def _detected(role: str, header: Sequence[str], file: str) -> str | None:
    known = _KNOWN_NAMES[role].split()
    found = [name for name in header if _squeezed(name) in known]
    if len(found) > 1:
        remedy = f"several columns fit ({', '.join(found)}); map one"
        raise InputError(role, None, remedy, file=file, line=1)
    return found[0] if found else None


def _squeezed(name: str) -> str:
    return "".join(c for c in name.casefold() if c.isalnum())


def _check_present(table: _Table) -> None:
    for row in range(len(table.lines)):
        for role, cells in table.cells.items():
            if cells[row].casefold() in ("", "nan", "null", "none", "n/a"):
                remedy = "is missing: fill it in, or leave out invoices that are not settled"
                raise table.error(role, row, remedy)


def _check_amounts(table: _Table) -> None:
    for row, cell in enumerate(table.cells.get("amount", ())):
        try:
            amount = float(cell.replace(",", ""))
        except ValueError:
            raise table.error("amount", row, "write a number") from None
        if not (math.isfinite(amount) and amount > 0):
            raise table.error("amount", row, "give an amount above zero; leave out credit notes")


def _days(table: _Table) -> dict[str, tuple[int, ...]]:
    """Days since 1970-01-01 by role. One order of year, month and day holds for the whole file."""
    cells = [cell for role in _DATES for cell in table.cells[role]]
    wrong = {name: sum(_day(cell, name) is None for cell in cells) for name in _ORDERS}
    order = min(wrong, key=lambda name: wrong[name])
    if not wrong["M/D/Y"] and not wrong["D/M/Y"]:
        remedy = "day and month cannot be told apart in this file; write dates as YYYY-MM-DD"
        raise table.error("issued_on", 0, remedy)
    return {role: _days_of(table, role, order) for role in _DATES}


def _days_of(table: _Table, role: str, order: str) -> tuple[int, ...]:
    days = []
    for row, cell in enumerate(table.cells[role]):
        day = _day(cell, order)
        if day is None:
            raise table.error(role, row, f"write a date as {order} as elsewhere in the file")
        days.append(day)
    return tuple(days)


def _day(cell: str, order: str) -> int | None:
    match = _THREE_NUMBERS.fullmatch(cell)
    if not match:
        return None
    year, month, day = (int(match.group(1 + place)) for place in _ORDERS[order])
    if year < 1970:
        return None
    try:
        return date(year, month, day).toordinal() - date(1970, 1, 1).toordinal()
    except ValueError:
        return None


def _late_days(table: _Table, days: dict[str, tuple[int, ...]]) -> tuple[int, ...]:
    late = []
    for row in range(len(table.lines)):
        issued, due, settled = (days[role][row] for role in _DATES)
        if due < issued:
            raise table.error("due_on", row, "lies before the issue date")
        if settled < issued:
            raise table.error("settled_on", row, "lies before the issue date")
        if settled - due > LATE_DAYS_MAX:
            remedy = f"lies more than {LATE_DAYS_MAX} days after the due date"
            raise table.error("settled_on", row, remedy)
        late.append(max(settled - due, 0))
    return tuple(late)


def _disputed(table: _Table) -> tuple[bool, ...] | None:
    if "disputed" not in table.cells:
        return None
    for row, cell in enumerate(table.cells["disputed"]):
        if cell.casefold() not in _YES | _NO:
            raise table.error("disputed", row, "write Yes or No")
    return tuple(cell.casefold() in _YES for cell in table.cells["disputed"])
