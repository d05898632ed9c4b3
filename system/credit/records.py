"""The nouns of the revolving line: its columns, its states, and the journal of what moved."""

from enum import IntEnum, IntFlag
from typing import Final

from system.limits import BILLS_MAX
from system.ports.book import Column, Frame
from system.subledger.records import CLOSED_DAYS, journal_table


class LineState(IntEnum):
    """Where a line stands. FROZEN is an OPEN line with at least one ``Freeze`` on it."""

    NONE = 0  # enrolled, no line granted
    OPEN = 1
    FROZEN = 2  # repayment only
    RESTRUCTURED = 3  # arrears became principal on easier terms: repayment only
    CHARGED_OFF = 4  # given up in the books; the claim stays, money comes by recovery
    CLOSED = 5


class Freeze(IntFlag):
    """Who stopped drawing. Each is lifted by its own cause alone."""

    ARREARS = 1  # days past due reached the policy's bound; lifted when nothing is past due
    CONSENT = 2  # the merchant withdrew consent to its data; lifted by a new consent
    OFFICER = 4
    # A sanctions list has the owner: no line, or no drawing on it. Lifted when two officers dismiss
    # the case, or the list lets go of the entry.
    LISTED = 8


class Basis(IntEnum):
    """What a line was granted on."""

    NONE = 0
    SCORE = 1  # the merchant's data: lives and falls with consent
    COLLATERAL = 2  # an officer's decision
    EXPLORED = 3  # the merchant's data, in spite of its PD; reviews leave such lines alone


class AssetClass(IntEnum):
    """Five categories of credit assets; SUBSTANDARD and worse are non-performing.

    Source: 商业银行金融资产风险分类办法 (CBIRC and PBoC, Order 2023 No. 1), articles 7 to 12.
    """

    NORMAL = 1
    SPECIAL_MENTION = 2
    SUBSTANDARD = 3
    DOUBTFUL = 4
    LOSS = 5


# One row per merchant. Balances in fen; *_raw in fen x ppm x days, not yet billed, where settling
# may leave a remainder of up to half a fen below zero; days are business day numbers, 0 for never.
LINES: Final = Frame(
    "credit_line",
    (
        Column("region"),
        Column("since_day"),
        Column("borrower"),  # the account that stands for all shops of one owner
        Column("life"),  # LineState without FROZEN
        Column("frozen_for"),  # sum of Freeze
        Column("basis"),
        Column("limit_fen", floor=0),
        Column("rate_ppm", floor=0),
        Column("pd_ppm", floor=0),
        Column("pd_granted_ppm", floor=0),
        Column("score"),
        Column("granted_day"),
        Column("limit_up_day"),  # of the last rise
        Column("principal_fen", floor=0),  # all of it, due or not
        Column("principal_due_fen", floor=0),  # the billed part of principal_fen
        Column("interest_due_fen", floor=0),
        Column("penalty_due_fen", floor=0),
        Column("fee_due_fen", floor=0),
        Column("overdue_fen", floor=0),  # of the billed principal and interest: past grace
        Column("accrued_raw"),
        Column("penalty_raw"),
        Column("unpaid_due_day"),  # due day of the oldest unpaid bill
        Column("arrears_day"),  # the last day that ended with something past due
        Column("restructured_day"),
        Column("asset_class"),  # by this line alone; cross-default is added in reports
        Column("written_off_fen", floor=0),  # claim that charge-off left, less recoveries
        # What is left of each period's bill, in plane period % BILLS_MAX.
        Column("bill_fen", planes=BILLS_MAX, floor=0),
    ),
)


JOURNAL: Final = journal_table("credit_journal")
# Names the lines' days among CLOSED_DAYS.
LINES_DAYS: Final = "lines"
LINE_TABLES: Final = (JOURNAL, CLOSED_DAYS)
LINE_FRAMES: Final = (LINES,)
