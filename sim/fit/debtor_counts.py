"""What the fit needs of the invoices, counted by debtor."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.fit.settled_invoices import SettledInvoices

F64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class DebtorCounts:
    """One entry per debtor, by name: float64 (k,). late_days: (k, d), late by 1, 2, ..., d days."""

    invoices: F64
    late: F64
    disputed: F64
    disputed_late: F64
    late_days: F64
    disputes_known: bool

    @property
    def debtors(self) -> int:
        return self.invoices.size


def counted(invoices: SettledInvoices, kept: NDArray[np.bool_]) -> DebtorCounts:
    """Count the kept invoices by debtor. Debtors and days are those of all invoices."""
    names, debtor = np.unique(np.array(invoices.customer), return_inverse=True)
    days = np.array(invoices.late_days)
    late = kept & (days > 0)
    disputed = kept & np.array(invoices.disputed or np.zeros(len(invoices)), dtype=np.bool_)

    def per_debtor(mask: NDArray[np.bool_]) -> F64:
        return np.bincount(debtor[mask], minlength=names.size).astype(np.float64)

    late_days = np.zeros((names.size, int(days.max(initial=1))))
    np.add.at(late_days, (debtor[late], days[late] - 1), 1)
    return DebtorCounts(
        invoices=per_debtor(kept),
        late=per_debtor(late),
        disputed=per_debtor(disputed),
        disputed_late=per_debtor(disputed & late),
        late_days=late_days,
        disputes_known=invoices.disputed is not None,
    )
