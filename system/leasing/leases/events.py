"""What happened to leases. Past tense; the journal holds them in the order in which they did."""

from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """What a journal row tells. Amounts in fen unless said otherwise."""

    # Money: each has its pair of ledger accounts.
    DEPOSIT_PAID = "deposit_paid"
    DEPOSIT_RETURNED = "deposit_returned"
    RENT_BILLED = "rent_billed"  # over-use included
    PENALTY_BILLED = "penalty_billed"
    FEE_CHARGED = "fee_charged"  # early return
    RENT_PAID = "rent_paid"
    PENALTY_PAID = "penalty_paid"
    FEE_PAID = "fee_paid"
    RENT_SET_OFF = "rent_set_off"  # from the deposit
    PENALTY_SET_OFF = "penalty_set_off"
    FEE_SET_OFF = "fee_set_off"
    RENT_CREDITED = "rent_credited"  # a credit note on what was unpaid
    RENT_REFUNDED = "rent_refunded"  # a credit note on what was paid
    RENT_WRITTEN_OFF = "rent_written_off"
    PENALTY_WRITTEN_OFF = "penalty_written_off"
    FEE_WRITTEN_OFF = "fee_written_off"
    RECOVERED = "recovered"
    MACHINE_SOLD = "machine_sold"
    # Terms and states: the amount is the new value.
    STARTED = "started"  # the machine's row
    LIFE_SET = "life_set"  # LeaseLife
    ENDING_SET = "ending_set"  # Ending
    UNTIL_SET = "until_set"  # business day
    DEFAULTED = "defaulted"  # days past due
    # Memoranda.
    RENT_DISPUTED = "rent_disputed"  # this much of a bill stopped ageing
    CLAIM_REDUCED = "claim_reduced"  # a credit note on what was written off
    PENALTY_ACCRUED = "penalty_accrued"  # total only, in fen x ppm x days


# Kinds whose amount is a new value, which may be zero.
SETTINGS: Final = frozenset(
    (Kind.STARTED, Kind.LIFE_SET, Kind.ENDING_SET, Kind.UNTIL_SET, Kind.DEFAULTED)
)
