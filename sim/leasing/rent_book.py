"""Contracts, invoices and payments of one arm, as columns that grow; integer fen."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from sim.portable import I64

LASTS: Final = 2**40
# More days past due than this is default.
DEFAULT_DPD_DAYS: Final = 90


class Table:
    """Columns of int64 that rows are added to."""

    def __init__(self, *names: str) -> None:
        self._columns = {name: np.zeros(0, np.int64) for name in names}

    def __len__(self) -> int:
        return int(next(iter(self._columns.values())).size)

    def __getitem__(self, name: str) -> I64:
        return self._columns[name]

    def add(self, **columns: I64) -> I64:
        """Append rows; their numbers."""
        first = len(self)
        for name, held in self._columns.items():
            self._columns[name] = np.concatenate((held, columns[name]))
        return np.arange(first, len(self))


@dataclass(frozen=True, slots=True)
class Due:
    """Open invoices that are due, by debtor, then age. int64 (q,)."""

    invoice: I64
    debtor: I64
    open_fen: I64


class RentBook:
    """One lease is one machine at one contractor for a time.

    leases: machine, debtor, from_day, until_day, bad_day (LASTS: never).
    invoices: lease, issue_day, due_day, amount_fen, paid_fen.
    payments: invoice, day, amount_fen.
    """

    def __init__(self, due_days: int) -> None:
        self._due_days = due_days
        self.leases = Table("machine", "debtor", "from_day", "until_day", "bad_day")
        self.invoices = Table("lease", "issue_day", "due_day", "amount_fen", "paid_fen")
        self.payments = Table("invoice", "day", "amount_fen")

    def sign(self, day: int, machines: I64, debtors: I64) -> None:
        lasts = np.full(machines.size, LASTS, np.int64)
        days = np.full(machines.size, day, np.int64)
        self.leases.add(
            machine=machines, debtor=debtors, from_day=days, until_day=lasts, bad_day=lasts.copy()
        )

    def end(self, day: int, machines: I64) -> None:
        """The live leases of these machines end."""
        leases = self.leases
        live = np.isin(leases["machine"], machines) & (leases["until_day"] == LASTS)
        leases["until_day"][live] = day

    def live(self) -> I64:
        """Rows of leases that have not ended."""
        return np.flatnonzero(self.leases["until_day"] == LASTS)

    def invoice(self, day: int, leases: I64, amount_fen: I64) -> None:
        rows = np.flatnonzero(amount_fen > 0)
        due_day = np.full(rows.size, day + self._due_days, np.int64)
        self.invoices.add(
            lease=leases[rows],
            issue_day=np.full(rows.size, day, np.int64),
            due_day=due_day,
            amount_fen=amount_fen[rows],
            paid_fen=np.zeros(rows.size, np.int64),
        )

    def due(self, day: int) -> Due:
        """What is due today and not paid, by debtor, oldest first."""
        invoices = self.invoices
        open_fen = invoices["amount_fen"] - invoices["paid_fen"]
        rows = np.flatnonzero((open_fen > 0) & (invoices["due_day"] <= day))
        debtor = self.leases["debtor"][invoices["lease"][rows]]
        order = np.lexsort((rows, invoices["due_day"][rows], debtor))
        rows = rows[order]
        return Due(rows, debtor[order], open_fen[rows])

    def pay(self, day: int, invoices: I64, amount_fen: I64) -> None:
        rows = np.flatnonzero(amount_fen > 0)
        self.invoices["paid_fen"][invoices[rows]] += amount_fen[rows]
        days = np.full(rows.size, day, np.int64)
        self.payments.add(invoice=invoices[rows], day=days, amount_fen=amount_fen[rows])

    def dpd_days(self, day: int, due: Due) -> I64:
        """Days past due of each open invoice: int64 (q,)."""
        late: I64 = day - self.invoices["due_day"][due.invoice]
        return late

    def note_defaults(self, day: int, due: Due) -> Sequence[int]:
        """Leases that went into default today."""
        late = due.invoice[self.dpd_days(day, due) > DEFAULT_DPD_DAYS]
        leases = np.unique(self.invoices["lease"][late])
        fresh = leases[self.leases["bad_day"][leases] == LASTS]
        self.leases["bad_day"][fresh] = day
        fresh_rows: list[int] = fresh.tolist()
        return fresh_rows
