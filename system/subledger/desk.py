"""One command at work: the accounts that it names, what it does to them, the papers it leaves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np

from system.compliance import audit
from system.compliance.records import AuditEntry
from system.kernels.business_day import business_day
from system.kernels.columns import I64, Mask
from system.ports.book import BookUnit, Frame, Rows
from system.subledger import journal
from system.subledger.journal import Chart, total_of
from system.subledger.records import Entry


@dataclass(frozen=True, slots=True)
class SubLedger:
    """A product's accounts: columns, ledger accounts, and how it speaks of them.

    name: of the product, in keys and audit links.  settings: kinds whose amount is a new value,
    which may be zero.  unknown, repeated: its refusals of rows that name no account, or one that
    an earlier row names.
    """

    name: str
    frame: Frame
    chart: Chart
    settings: frozenset[str]
    unknown: int
    repeated: int


@dataclass(frozen=True, slots=True)
class Page:
    """The accounts that a command names. Columns of unknown and repeated rows are zero.

    checks: what every command on accounts checks first.
    """

    accounts: I64
    columns: Mapping[str, I64]
    checks: tuple[tuple[Mask, int], tuple[Mask, int]]

    def __getitem__(self, name: str) -> I64:
        return self.columns[name]

    @property
    def usable(self) -> Mask:
        """True for rows that name an account, each for the first time."""
        return ~(self.checks[0][0] | self.checks[1][0])


class Desk:
    """Opened over one transaction; ``close`` writes journal, ledger and audit.

    day: the business day that the command belongs to; None for that of ``now_s``.
    """

    def __init__(
        self, unit: BookUnit, book: SubLedger, now_s: int, cause: str, day: int | None = None
    ) -> None:
        self.unit, self.now_s = unit, now_s
        self.today = business_day(now_s) if day is None else day
        self._book, self._cause = book, cause
        self._moved: dict[str, list[tuple[I64, I64]]] = {}
        self._memos: dict[str, int] = {}

    def page(self, accounts: I64, names: Sequence[str]) -> Page:
        """The named columns of these accounts."""
        frame = self._book.frame
        unknown = (accounts < 0) | (accounts >= self.unit.count(frame))
        repeated = repeated_rows(accounts)
        checks = (unknown, self._book.unknown), (repeated, self._book.repeated)
        ok = ~(unknown | repeated)
        if ok.all():
            return Page(accounts, self.unit.read(frame, names, accounts), checks)
        found = self.unit.read(frame, names, accounts[ok])
        return Page(accounts, {name: _spread(values, ok) for name, values in found.items()}, checks)

    def write(self, rows: Rows, columns: Mapping[str, I64]) -> None:
        """Overwrite columns of accounts."""
        self.unit.write(self._book.frame, rows, columns)

    def tell(self, kind: str, accounts: I64, amounts: I64) -> None:
        """Something for the journal; rows without an amount are left out where the kind is one."""
        if kind not in self._book.settings:
            moved = amounts != 0
            if not moved.all():
                accounts, amounts = accounts[moved], amounts[moved]
        if accounts.size:
            self._moved.setdefault(kind, []).append((accounts, amounts))

    def memo(self, kind: str, total: int) -> None:
        """Something of which the journal keeps the total only."""
        self._memos[kind] = total

    def total(self, kind: str) -> int:
        """The amounts told of this kind so far."""
        return sum(total_of(amounts) for _, amounts in self._moved.get(kind, ()))

    def accounts(self, kind: str) -> I64:
        """The accounts told of this kind so far."""
        told = [accounts for accounts, _ in self._moved.get(kind, ())]
        return np.concatenate(told) if told else np.zeros(0, np.int64)

    def close(self, actor: str, what: Any) -> None:
        """Write journal and ledger, and one audit link that names both."""
        entries = [self._entry(kind, parts) for kind, parts in self._moved.items()]
        nobody = np.zeros(0, np.int64)
        entries += [Entry(kind, total, nobody, nobody) for kind, total in self._memos.items()]
        self._write([Closing(self._cause, actor, what, nobody)], [entries])

    def close_each(self, closings: Sequence["Closing"]) -> None:
        """As ``close``, for commands that were done as one; no account belongs to two of them."""
        if len(closings) == 1:
            [one] = closings
            self._cause = one.cause
            self.close(one.actor, one.what)
            return
        assert not self._memos, "a memorandum belongs to no account"
        entries: list[list[Entry]] = [[] for _ in closings]
        owners = _owners([one.accounts for one in closings])
        for kind, parts in self._moved.items():
            for n, entry in _by_owner(self._entry(kind, parts), owners):
                entries[n].append(entry)
        self._write(closings, entries)

    def _write(self, closings: Sequence["Closing"], entries: Sequence[list[Entry]]) -> None:
        chart, rows = self._book.chart, self.unit.rows
        told = [(one.cause, some) for one, some in zip(closings, entries, strict=True)]
        journal.record(rows, chart, self.today, self.now_s, told)
        links = [self._link(one, some) for one, some in zip(closings, entries, strict=True)]
        audit.append(rows, links, self.now_s)

    def _link(self, closing: "Closing", entries: list[Entry]) -> AuditEntry:
        moved = {str(entry.kind): [entry.accounts.size, entry.total] for entry in entries}
        payload = {"moved": moved, "what": closing.what}
        return AuditEntry(closing.actor, self._book.name, closing.cause, payload)

    @staticmethod
    def _entry(kind: str, parts: Sequence[tuple[I64, I64]]) -> Entry:
        accounts, amounts = (np.concatenate(columns) for columns in zip(*parts, strict=True))
        return Entry(kind, total_of(amounts), accounts, amounts)


@dataclass(frozen=True, slots=True)
class Closing:
    """One command's name, who asked for it, what the audit link says, and its accounts."""

    cause: str
    actor: str
    what: Any
    accounts: I64


# Accounts in ascending order, and beside each the number of the command that named it.
_Owners = tuple[I64, I64]


def _owners(accounts: Sequence[I64]) -> _Owners:
    numbers = np.repeat(np.arange(len(accounts)), [some.size for some in accounts])
    named = np.concatenate(accounts)
    order = np.argsort(named)
    return named[order], numbers[order]


def _by_owner(entry: Entry, owners: _Owners) -> list[tuple[int, Entry]]:
    """The entry's rows, apart by command, in the order of the commands."""
    named, numbers = owners
    whose = numbers[np.searchsorted(named, entry.accounts)]
    order = np.argsort(whose, kind="stable")
    accounts, amounts = entry.accounts[order], entry.amounts[order]
    found, first = [], 0
    for n, rows in groupby(whose[order].tolist()):
        part = slice(first, first + sum(1 for _ in rows))
        first = part.stop
        some = amounts[part]
        found.append((n, Entry(entry.kind, total_of(some), accounts[part], some)))
    return found


def _spread(values: I64, ok: Mask) -> I64:
    wide = np.zeros(ok.size, np.int64)
    wide[ok] = values
    return wide


def repeated_rows(accounts: I64) -> Mask:
    """True for rows whose account an earlier row has."""
    if accounts.size < 2 or bool((accounts[1:] > accounts[:-1]).all()):
        return np.zeros(accounts.size, np.bool_)
    order = np.argsort(accounts, kind="stable")
    repeated = np.zeros(accounts.size, np.bool_)
    ordered = accounts[order]
    repeated[order[1:]] = ordered[1:] == ordered[:-1]
    return repeated


def four_eyes_missing(maker: str, checker: str, n: int) -> Mask:
    """True for all rows when one person plays both parts."""
    return np.full(n, maker.strip().casefold() == checker.strip().casefold())
