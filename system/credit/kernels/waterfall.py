"""Where a repayment goes, to the fen.

First all that is due: fees, overdue interest (penalty), interest, principal. What is left pays
early: the interest that has run up to date, then principal. What is left after that goes back.
"""

from dataclasses import dataclass

from system.kernels.allocation import fill_in_order
from system.kernels.columns import I64


@dataclass(frozen=True, slots=True)
class Debt:
    """What each line owes, int64 (n,) fen >= 0. accrued: interest run up but not yet billed.

    principal_fen: all of it; principal_due_fen: the part of it that a bill has called.
    """

    fee_due_fen: I64
    penalty_due_fen: I64
    interest_due_fen: I64
    principal_due_fen: I64
    accrued_fen: I64
    principal_fen: I64


@dataclass(frozen=True, slots=True)
class Payment:
    """Parts of each repayment, int64 (n,) fen; together with ``returned_fen`` they are its amount.

    bills_fen: the parts of interest and principal that a bill had called.
    """

    fee_fen: I64
    penalty_fen: I64
    interest_fen: I64
    principal_due_fen: I64
    interest_early_fen: I64
    principal_early_fen: I64
    returned_fen: I64

    @property
    def bills_fen(self) -> I64:
        return self.interest_fen + self.principal_due_fen

    @property
    def principal_fen(self) -> I64:
        return self.principal_due_fen + self.principal_early_fen

    @property
    def applied_fen(self) -> I64:
        parts = self.fee_fen + self.penalty_fen + self.interest_fen + self.interest_early_fen
        return parts + self.principal_fen


def pay(amount_fen: I64, debt: Debt) -> Payment:
    """Split each repayment over what is owed, in the order that the module states.

    amount_fen: int64 (n,) >= 0.  Returns the parts; none exceeds what it pays. Bad input asserts.
    """
    parts, left = fill_in_order(
        amount_fen,
        (
            debt.fee_due_fen,
            debt.penalty_due_fen,
            debt.interest_due_fen,
            debt.principal_due_fen,
            debt.accrued_fen,
            debt.principal_fen - debt.principal_due_fen,
        ),
    )
    fee, penalty, interest, principal_due, interest_early, principal_early = parts
    return Payment(fee, penalty, interest, principal_due, interest_early, principal_early, left)
