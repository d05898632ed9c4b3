"""What happened to the lines. Past tense; the journal holds them in the order in which they did."""

from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """What a journal row tells. Amounts in fen unless said otherwise."""

    # Money: each has its pair of ledger accounts.
    DRAWN = "drawn"
    INTEREST_BILLED = "interest_billed"  # by a bill, or settled at an early repayment
    PENALTY_BILLED = "penalty_billed"
    FEE_CHARGED = "fee_charged"
    FEE_REPAID = "fee_repaid"
    PENALTY_REPAID = "penalty_repaid"
    INTEREST_REPAID = "interest_repaid"
    PRINCIPAL_REPAID = "principal_repaid"
    FEE_CAPITALISED = "fee_capitalised"
    PENALTY_CAPITALISED = "penalty_capitalised"
    INTEREST_CAPITALISED = "interest_capitalised"
    FEE_WRITTEN_OFF = "fee_written_off"
    PENALTY_WRITTEN_OFF = "penalty_written_off"
    INTEREST_WRITTEN_OFF = "interest_written_off"
    PRINCIPAL_WRITTEN_OFF = "principal_written_off"
    RECOVERED = "recovered"
    # Terms and states: the amount is the new value.
    DECIDED = "decided"  # an application: 0 approved, else why not
    LIMIT_SET = "limit_set"
    RATE_SET = "rate_set"  # ppm per year
    LIFE_SET = "life_set"  # LineState without FROZEN
    FREEZE_SET = "freeze_set"  # sum of Freeze
    # Memoranda.
    PRINCIPAL_BILLED = "principal_billed"  # this much of the principal fell due
    INTEREST_ACCRUED = "interest_accrued"  # total only, in fen x ppm x days
    PENALTY_ACCRUED = "penalty_accrued"  # total only, in fen x ppm x days


# Kinds whose amount is a new value, which may be zero.
SETTINGS: Final = frozenset(
    (Kind.DECIDED, Kind.LIMIT_SET, Kind.RATE_SET, Kind.LIFE_SET, Kind.FREEZE_SET)
)
