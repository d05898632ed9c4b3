"""The answers to commands on leases: columns, one row per row asked, in order."""

from dataclasses import dataclass

from system.kernels.columns import I64
from system.subledger.answers import Answer


@dataclass(frozen=True, slots=True)
class Done(Answer):
    """The answer of commands that move no money of the lessee's choosing. code: as always."""


@dataclass(frozen=True, slots=True)
class Outcomes(Answer):
    """amount_fen: what moved, was disputed or credited; 0 where refused."""

    amount_fen: I64


@dataclass(frozen=True, slots=True)
class Started(Answer):
    """lease: the number of the new lease, -1 where refused."""

    lease: I64


@dataclass(frozen=True, slots=True)
class Paid(Answer):
    """amount asked = applied + returned; applied = fee + penalty + rent."""

    applied_fen: I64
    returned_fen: I64
    fee_fen: I64
    penalty_fen: I64
    rent_fen: I64


@dataclass(frozen=True, slots=True)
class Recovered(Answer):
    """amount asked = applied + returned."""

    applied_fen: I64
    returned_fen: I64


@dataclass(frozen=True, slots=True)
class Returned(Answer):
    """bill_fen: the last bill.  fee_fen: for leaving early.  credit_fen: for hours too many."""

    bill_fen: I64
    fee_fen: I64
    credit_fen: I64


@dataclass(frozen=True, slots=True)
class Settled(Answer):
    """set_off_fen: of the deposit, against debts.  returned_fen: the rest, if nothing is owed."""

    set_off_fen: I64
    returned_fen: I64
