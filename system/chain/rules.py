"""Every refusal of the product, in the order in which they are checked.

Within one use case the lowest member that applies is the answer, so a caller always learns of
the most basic obstacle first. ``Refusal.NONE`` (0) means that nothing stands in the way.
"""

from enum import IntEnum

from system.chain.kernels.policy import FINANCING_CHECKS, FinancingColumns, financing_failures
from system.kernels.columns import I64
from system.kernels.precedence import first_code


class Refusal(IntEnum):
    NONE = 0
    COMMAND_ID_REUSED = 1  # the same command id came before with other content
    COMMAND_UNUSABLE = 2  # a field that no state could make right; the detail names it

    ENROLMENT_PARTY_KNOWN = 50
    ENROLMENT_LISTED = 51  # like a name on a sanctions list; a case is open

    # A step in a party's verification.
    KYC_PARTY_UNKNOWN = 60
    KYC_STEP_NOT_ALLOWED = 61
    KYC_EXPIRY_NOT_EXPECTED = 62
    KYC_EXPIRY_NOT_AHEAD = 63
    KYC_NOT_YET_EXPIRED = 64
    KYC_LISTED = 65  # like a name on a sanctions list; a case is open

    # Intake: a document becomes a registered receivable.
    INTAKE_SUPPLIER_UNKNOWN = 100
    INTAKE_DEBTOR_UNKNOWN = 101
    INTAKE_SUPPLIER_NOT_VERIFIED = 102
    INTAKE_DEBTOR_NOT_VERIFIED = 103
    INTAKE_SAME_PARTY = 104
    INTAKE_DUE_BEFORE_ISSUE = 105
    INTAKE_ALREADY_DUE = 106
    INTAKE_TERM_TOO_LONG = 107
    INTAKE_ALREADY_REGISTERED = 108

    # Acceptance by the debtor.
    ACCEPTANCE_RECEIVABLE_UNKNOWN = 200
    ACCEPTANCE_NOT_PENDING = 201
    ACCEPTANCE_NOT_THE_DEBTOR = 202
    ACCEPTANCE_EXPIRED = 203
    ACCEPTANCE_SIGNATURE_INVALID = 204

    # Report of a claim that a bank financed outside the platform.
    PLEDGE_BANK_UNKNOWN = 250
    PLEDGE_BANK_NOT_VERIFIED = 251
    PLEDGE_ALREADY_REPORTED = 252

    # Release of an alert that people looked into.
    ALERT_UNKNOWN = 260
    ALERT_NOT_BLOCKING = 261
    ALERT_ALREADY_RELEASED = 262
    ALERT_NEEDS_FOUR_EYES = 263

    # A bank's hold on buying from a party, and its end.
    HOLD_NOT_A_BANK = 270
    HOLD_UNKNOWN = 271
    HOLD_NEEDS_FOUR_EYES = 272

    # Financing of a lot by a bank.
    FINANCING_LOT_UNKNOWN = 300
    FINANCING_NOT_THE_HOLDER = 301
    FINANCING_SUPPLIER_NOT_VERIFIED = 302
    FINANCING_DEBTOR_NOT_VERIFIED = 303
    FINANCING_BANK_NOT_VERIFIED = 304
    FINANCING_NOT_ACCEPTED = 305
    FINANCING_DISPUTED = 306
    FINANCING_LOT_NOT_FREE = 307
    FINANCING_ALREADY_DUE = 308
    FINANCING_TERM_TOO_LONG = 309
    FINANCING_TERM_UNUSUAL = 310
    FINANCING_TIER_TOO_DEEP = 311
    FINANCING_AMOUNT_TOO_SMALL = 312
    FINANCING_AMOUNT_TOO_LARGE = 313
    FINANCING_VERDICT_NOT_CLEAR = 314
    FINANCING_DEBTOR_LIMIT = 315
    FINANCING_SUPPLIER_LIMIT = 316
    FINANCING_BANK_LIMIT = 317
    FINANCING_GROUP_LIMIT = 318
    FINANCING_QUOTE_EXPIRED = 319
    FINANCING_BANK_CASH_SHORT = 320
    FINANCING_RISK_STOPPED = 321  # by the sandbox: this product, or all
    FINANCING_OUTSIDE_SANDBOX = 322  # clients, exposure, term: what the regulator admits
    FINANCING_PARTY_HELD = 323  # the bank watches the debtor or the supplier
    FINANCING_REQUEST_UNKNOWN = 330
    FINANCING_NOT_THE_SUPPLIER = 331
    FINANCING_QUOTE_NOT_OPEN = 332

    # Endorsement of part of a lot to the next tier.
    ENDORSEMENT_LOT_UNKNOWN = 400
    ENDORSEMENT_NOT_THE_HOLDER = 401
    ENDORSEMENT_ENDORSEE_NOT_VERIFIED = 402
    ENDORSEMENT_DISPUTED = 403
    ENDORSEMENT_LOT_NOT_FREE = 404
    ENDORSEMENT_ALREADY_DUE = 405
    ENDORSEMENT_TIER_TOO_DEEP = 406
    ENDORSEMENT_VALUE_TOO_LARGE = 407
    ENDORSEMENT_TO_ITSELF_OR_DEBTOR = 408

    # Payment by the debtor.
    SETTLEMENT_RECEIVABLE_UNKNOWN = 500
    SETTLEMENT_NOT_PAYABLE = 501
    SETTLEMENT_NOT_THE_DEBTOR = 502
    SETTLEMENT_OVERPAID = 503

    # Disputes and credit notes.
    DISPUTE_RECEIVABLE_UNKNOWN = 600
    DISPUTE_NOT_A_PARTY = 601
    DISPUTE_NOT_ACCEPTED = 602
    DISPUTE_ALREADY_OPEN = 603
    DISPUTE_NOT_OPEN = 604
    DISPUTE_CREDIT_TOO_LARGE = 605  # above what the seller holds
    DISPUTE_CREDIT_ABOVE_DEBT = 606  # above what is neither paid nor on its way

    # Recourse to the seller of a financed lot.
    RECOURSE_LOT_UNKNOWN = 700
    RECOURSE_NOT_THE_BANK = 701
    RECOURSE_NOT_AGREED = 702
    RECOURSE_TOO_EARLY = 703

    # Write-off.
    WRITE_OFF_RECEIVABLE_UNKNOWN = 800
    WRITE_OFF_NOT_DEFAULTED = 801
    WRITE_OFF_NOT_A_CREDITOR = 802
    WRITE_OFF_NEEDS_FOUR_EYES = 803


# The kernel names its checks; this table gives each its code, so neither can drift alone.
_FINANCING_CODES = tuple(int(Refusal[f"FINANCING_{name}"]) for name in FINANCING_CHECKS)
assert list(_FINANCING_CODES) == sorted(_FINANCING_CODES), "checks must follow precedence"


def first_refusal(*checks: tuple[bool, Refusal]) -> Refusal:
    """The lowest refusal whose check failed (True), or NONE. Checks come in precedence order."""
    return next((refusal for failed, refusal in checks if failed), Refusal.NONE)


def financing_refusals(columns: FinancingColumns) -> I64:
    """The first Refusal of each request, or 0. Returns int64 (n,)."""
    return first_code(financing_failures(columns), _FINANCING_CODES)
