"""One command at work: the lines that it names, what it does to them, and the papers it leaves."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from system.compliance import audit
from system.compliance.records import AuditEntry
from system.credit import journal
from system.credit.events import SETTINGS, Kind
from system.credit.journal import Entry, total_of
from system.credit.policy import CreditPolicy
from system.credit.records import LINES
from system.credit.rules import Refusal
from system.credit.scorer import Scorer
from system.kernels.business_day import business_day
from system.kernels.columns import I64, Mask
from system.limits import LINE_FEN_MAX
from system.ports.book import Book, BookUnit, Rows
from system.ports.clock import Clock
from system.ports.store import Unit


@dataclass(frozen=True, slots=True)
class Parts:
    """What the service is built from. champion: the model in use, as the registry has it."""

    clock: Clock
    book: Book
    policy: CreditPolicy
    champion: Callable[[Unit], Scorer]


@dataclass(frozen=True, slots=True)
class Page:
    """The lines that a command names. Columns of unknown and repeated rows are zero.

    unknown: no such merchant.  repeated: an earlier row names it.
    """

    accounts: I64
    unknown: Mask
    repeated: Mask
    columns: Mapping[str, I64]

    def __getitem__(self, name: str) -> I64:
        return self.columns[name]

    @property
    def checks(self) -> tuple[tuple[Mask, Refusal], ...]:
        """What every command on merchants checks first."""
        return (
            (self.unknown, Refusal.MERCHANT_UNKNOWN),
            (self.repeated, Refusal.ACCOUNT_REPEATED),
        )


class Desk:
    """Opened over one transaction; ``close`` writes journal, ledger and audit.

    day: the business day that the command belongs to; None for the clock's.
    """

    def __init__(self, unit: BookUnit, parts: Parts, cause: str, day: int | None = None) -> None:
        self.unit, self.parts, self.policy = unit, parts, parts.policy
        self.now_s = parts.clock.now_s()
        self.today = business_day(self.now_s) if day is None else day
        self._cause = cause
        self._moved: dict[Kind, list[tuple[I64, I64]]] = {}
        self._memos: dict[Kind, int] = {}

    def page(self, accounts: I64, names: Sequence[str]) -> Page:
        """The named columns of these merchants."""
        unknown = (accounts < 0) | (accounts >= self.unit.count(LINES))
        repeated = _repeated(accounts)
        ok = ~(unknown | repeated)
        if ok.all():
            return Page(accounts, unknown, repeated, self.unit.read(LINES, names, accounts))
        found = self.unit.read(LINES, names, accounts[ok])
        columns = {name: _spread(values, ok) for name, values in found.items()}
        return Page(accounts, unknown, repeated, columns)

    def write(self, rows: Rows, columns: Mapping[str, I64]) -> None:
        """Overwrite columns of lines."""
        self.unit.write(LINES, rows, columns)

    def tell(self, kind: Kind, accounts: I64, amounts: I64) -> None:
        """Something for the journal; rows without an amount are left out where the kind is one."""
        if kind not in SETTINGS:
            moved = amounts != 0
            if not moved.all():
                accounts, amounts = accounts[moved], amounts[moved]
        if accounts.size:
            self._moved.setdefault(kind, []).append((accounts, amounts))

    def memo(self, kind: Kind, total: int) -> None:
        """Something of which the journal keeps the total only."""
        self._memos[kind] = total

    def total(self, kind: Kind) -> int:
        """The amounts told of this kind so far."""
        return sum(total_of(amounts) for _, amounts in self._moved.get(kind, ()))

    def accounts(self, kind: Kind) -> I64:
        """The accounts told of this kind so far."""
        told = [accounts for accounts, _ in self._moved.get(kind, ())]
        return np.concatenate(told) if told else np.zeros(0, np.int64)

    def close(self, actor: str, what: Any) -> None:
        """Write journal and ledger, and one audit link that names both."""
        entries = [self._entry(kind, parts) for kind, parts in self._moved.items()]
        nobody = np.zeros(0, np.int64)
        entries += [Entry(kind, total, nobody, nobody) for kind, total in self._memos.items()]
        journal.record(self.unit.rows, self._cause, self.today, self.now_s, entries)
        moved = {str(entry.kind): [entry.accounts.size, entry.total] for entry in entries}
        link = AuditEntry(actor, "credit", self._cause, {"moved": moved, "what": what})
        audit.append(self.unit.rows, [link], self.now_s)

    @staticmethod
    def _entry(kind: Kind, parts: Sequence[tuple[I64, I64]]) -> Entry:
        accounts, amounts = (np.concatenate(columns) for columns in zip(*parts, strict=True))
        return Entry(kind, total_of(amounts), accounts, amounts)


def _spread(values: I64, ok: Mask) -> I64:
    wide = np.zeros(ok.size, np.int64)
    wide[ok] = values
    return wide


def _repeated(accounts: I64) -> Mask:
    """True for rows whose account an earlier row has."""
    if accounts.size < 2 or bool((accounts[1:] > accounts[:-1]).all()):
        return np.zeros(accounts.size, np.bool_)
    order = np.argsort(accounts, kind="stable")
    repeated = np.zeros(accounts.size, np.bool_)
    ordered = accounts[order]
    repeated[order[1:]] = ordered[1:] == ordered[:-1]
    return repeated


def out_of_bounds(amount_fen: I64) -> Mask:
    """True for amounts that no line can move."""
    return (amount_fen < 1) | (amount_fen > LINE_FEN_MAX)
