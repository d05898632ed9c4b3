"""Every refusal of the revolving line, in the order in which they are checked.

Within one use case the lowest member that applies is the answer, so a caller always learns of the
most basic obstacle first. ``Refusal.NONE`` (0) means done.
"""

from enum import IntEnum


class Refusal(IntEnum):
    NONE = 0
    COMMAND_ID_REUSED = 1  # the same command id came before with other content
    NEEDS_FOUR_EYES = 2  # maker and checker must be two people
    MERCHANT_UNKNOWN = 3
    ACCOUNT_REPEATED = 4  # an earlier row of the same command names this merchant; that one counts
    DAY_NOT_OPEN = 5  # yesterday is not closed for this line, or today is already
    AMOUNT_OUT_OF_BOUNDS = 6  # below 1 fen or above LINE_FEN_MAX

    CONSENT_NOT_GIVEN = 50  # nothing to withdraw

    # An application: what stands in the way of looking at it, then what speaks against a line.
    APPLICATION_LINE_CHARGED_OFF = 100
    APPLICATION_LINE_EXISTS = 101  # a live line: reviews move its limit
    APPLICATION_CONSENT_MISSING = 102
    APPLICATION_RISK_STOPPED = 103  # by the sandbox: this product, or all
    APPLICATION_LISTED = 104  # a sanctions list keeps the owner out
    DECLINED_HISTORY_SHORT = 110
    DECLINED_DATA_INCOMPLETE = 111
    DECLINED_PD_TOO_HIGH = 112
    DECLINED_PRICE_ABOVE_CAP = 113
    DECLINED_LIMIT_TOO_SMALL = 114
    DECLINED_OUTSIDE_SANDBOX = 115  # clients, exposure: what the regulator admits

    # A grant by officers.
    GRANT_LINE_CHARGED_OFF = 200
    GRANT_LINE_RESTRUCTURED = 201
    GRANT_RATE_OUT_OF_BOUNDS = 202
    GRANT_ABOVE_SANDBOX = 203
    GRANT_RISK_STOPPED = 204
    GRANT_LISTED = 205  # a sanctions list keeps the owner out

    DRAW_NO_LINE = 300
    DRAW_CHARGED_OFF = 301
    DRAW_CLOSED = 302
    DRAW_RESTRUCTURED = 303
    DRAW_CONSENT_WITHDRAWN = 304
    DRAW_FROZEN = 305
    DRAW_PAST_DUE = 306
    DRAW_BELOW_MINIMUM = 307
    DRAW_OVER_LIMIT = 308
    DRAW_RISK_STOPPED = 309

    REPAYMENT_NO_LINE = 400
    REPAYMENT_CHARGED_OFF = 401  # money on such a claim comes as a recovery

    RECOVERY_NOT_CHARGED_OFF = 500

    FREEZE_NO_LIVE_LINE = 600
    FREEZE_ALREADY = 601
    UNFREEZE_LISTED = 609  # screening froze it: two officers dismiss the case first
    UNFREEZE_NOT_FROZEN = 610  # not by an officer

    RESTRUCTURING_NO_LIVE_LINE = 700
    RESTRUCTURING_NOT_PAST_DUE = 701
    RESTRUCTURING_RATE_OUT_OF_BOUNDS = 702  # above the rate that the line has

    CHARGE_OFF_NO_LIVE_LINE = 800
    CHARGE_OFF_TOO_EARLY = 801  # days past due do not exceed the policy's bound

    CLOSING_NO_LIVE_LINE = 900
    CLOSING_DEBT_LEFT = 901
