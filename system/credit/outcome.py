"""The answers to the credit product's commands: columns, one row per row asked, in order."""

from dataclasses import dataclass, field
from typing import Final

from system.kernels.columns import I64, Mask
from system.subledger.answers import Answer

# Reasons that a decision gives at most.
REASONS: Final = 4


@dataclass(frozen=True, slots=True)
class Outcomes(Answer):
    """code: 0 done, else a Refusal.  amount_fen: what moved, 0 where refused."""

    amount_fen: I64


@dataclass(frozen=True, slots=True)
class Done(Answer):
    """The answer of commands that move no money of the merchant's choosing. code: as always."""


@dataclass(frozen=True, slots=True)
class Decisions(Answer):
    """code: 0 approved, 1xx not decided or declined.  limit, rate: 0 unless approved.

    pd_ppm, score, reasons (n, 4): of the model, also where it declined; 0 where it was not asked.
    explored: approved in spite of the PD, as part of the random share.
    """

    approved: Mask
    limit_fen: I64
    rate_ppm: I64
    pd_ppm: I64
    score: I64
    reasons: I64 = field(metadata={"width": REASONS})
    explored: Mask


@dataclass(frozen=True, slots=True)
class Repaid(Answer):
    """amount asked = applied + returned; applied = fee + penalty + interest + principal."""

    applied_fen: I64
    returned_fen: I64
    fee_fen: I64
    penalty_fen: I64
    interest_fen: I64
    principal_fen: I64


@dataclass(frozen=True, slots=True)
class Recovered(Answer):
    """amount asked = applied + returned."""

    applied_fen: I64
    returned_fen: I64
