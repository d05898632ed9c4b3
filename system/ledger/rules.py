"""Why the ledger refuses, in precedence order."""

from enum import StrEnum


class Refusal(StrEnum):
    """The first that applies is given."""

    RESERVED = "reserved"  # only the ledger itself expires holds and makes ids of that form
    ID_TAKEN = "id_taken"  # the id names a transfer with other content
    EXPIRY_NOT_EXPECTED = "expiry_not_expected"  # only a hold expires
    # Moving money (post, hold):
    TARGET_NOT_EXPECTED = "target_not_expected"
    AMOUNT_OUT_OF_RANGE = "amount_out_of_range"
    EXPIRY_NOT_AHEAD = "expiry_not_ahead"
    ACCOUNTS_EQUAL = "accounts_equal"
    DEBIT_ACCOUNT_UNKNOWN = "debit_account_unknown"
    CREDIT_ACCOUNT_UNKNOWN = "credit_account_unknown"
    CURRENCIES_DIFFER = "currencies_differ"
    # Resolving an earlier transfer (post_hold, void_hold, reverse):
    ACCOUNTS_NOT_EXPECTED = "accounts_not_expected"  # they are the earlier transfer's
    TARGET_UNKNOWN = "target_unknown"
    TARGET_OF_OTHER_KIND = "target_of_other_kind"  # not a hold; or, to reverse, not posted money
    HOLD_POSTED = "hold_posted"
    HOLD_VOIDED = "hold_voided"
    HOLD_EXPIRED = "hold_expired"
    ALREADY_REVERSED = "already_reversed"
    AMOUNT_DIFFERS = "amount_differs"  # above the hold, or not all where all is needed
    # Either:
    COUNTER_FULL = "counter_full"  # a counter would pass BALANCE_FEN_MAX
    DEBIT_ACCOUNT_SHORT = "debit_account_short"  # it would fall below its floor
    CREDIT_ACCOUNT_SHORT = "credit_account_short"
    GROUP_FAILED = "group_failed"  # another member of the group was refused
