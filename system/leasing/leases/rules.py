"""Every refusal of leases, in the order in which they are checked.

Within one use case the lowest member that applies is the answer. ``Refusal.NONE`` (0) means done.
"""

from enum import IntEnum


class Refusal(IntEnum):
    NONE = 0
    COMMAND_ID_REUSED = 1  # the same command id came before with other content
    NEEDS_FOUR_EYES = 2  # maker and checker must be two people
    LEASE_UNKNOWN = 3
    LEASE_REPEATED = 4  # an earlier row of the same command names this lease; that one counts
    DAY_NOT_OPEN = 5  # yesterday is not closed for this lease, or today is already
    AMOUNT_OUT_OF_BOUNDS = 6  # below 1 fen or above LINE_FEN_MAX

    START_MACHINE_UNKNOWN = 100
    START_LESSEE_UNKNOWN = 101
    START_TARIFF_UNKNOWN = 102
    START_TERMS_OUT_OF_BOUNDS = 103  # rent, deposit, value, hours or term
    START_MACHINE_TAKEN = 104  # leased, lost, sold, or named by an earlier row
    START_COUNTER_UNKNOWN = 105  # the machine never reported, and no meter was read at handover
    START_LESSEE_IN_DEFAULT = 106  # it, or a firm of its group
    START_ABOVE_LIMIT = 107
    START_RISK_STOPPED = 108  # by the sandbox: this product, or all
    START_OUTSIDE_SANDBOX = 109  # clients, exposure, term: what the regulator admits
    START_LISTED = 110  # a sanctions list keeps the lessee out: two officers dismiss the case first

    LIMIT_OUT_OF_BOUNDS = 150

    PAYMENT_CLOSED = 200
    PAYMENT_CHARGED_OFF = 201  # money on such a claim comes as a recovery
    RECOVERY_NOT_CHARGED_OFF = 210

    RETURN_NOT_LIVE = 300
    RETURN_METER_OUT_OF_BOUNDS = 301  # no hour meter shows that
    RENEWAL_NOT_LIVE = 310
    RENEWAL_TERM_OUT_OF_BOUNDS = 311  # not later than the term that runs
    RENEWAL_PAST_DUE = 312
    PURCHASE_NOT_LIVE = 320
    PURCHASE_NO_OPTION = 321
    PURCHASE_TOO_EARLY = 322  # the term is not over
    PURCHASE_PAST_DUE = 323

    REPOSSESSION_NO_MACHINE = 400  # the lessee has it no more
    REPOSSESSION_TOO_EARLY = 401  # neither past due for long enough, nor another breach
    SALE_NO_MACHINE = 410  # not back, sold already, or leased anew
    CHARGE_OFF_NOTHING_OWED = 420
    CHARGE_OFF_TOO_EARLY = 421  # days past due do not exceed the policy's bound
    SETTLEMENT_NOT_ENDED = 430
    HOLD_NOT_LIVE = 440
    HOLD_TOO_EARLY = 441  # fewer days past due than the contract asks for
    HOLD_ALREADY = 442  # the machine stands, or was ordered to
    FREE_NOT_HELD = 450

    DISPUTE_NO_BILL = 500  # no bill of this period, or too old a one
    DISPUTE_ALREADY = 501  # one dispute per bill
    DISPUTE_NOTHING_CLAIMED = 502  # not fewer hours than were billed
    DISPUTE_CHARGED_OFF = 503
    DECISION_NO_DISPUTE = 510
    DECISION_ALREADY = 511
    DECISION_OUT_OF_BOUNDS = 512  # fewer hours than claimed, or more than billed
