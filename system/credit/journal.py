"""The ledger accounts that sum up the lines; see ``subledger.journal``.

Interest that has run up but is not billed is no claim yet: the ledger knows it from its bill on.
"""

from collections.abc import Mapping
from typing import Final

from system.credit.events import Kind
from system.credit.records import JOURNAL
from system.ledger.records import Side
from system.subledger.journal import Chart

CASH: Final = "credit/cash"
LOANS: Final = "credit/loans"
INTEREST: Final = "credit/interest-receivable"
PENALTY: Final = "credit/penalty-receivable"
FEE: Final = "credit/fee-receivable"
INTEREST_INCOME: Final = "credit/interest-income"
PENALTY_INCOME: Final = "credit/penalty-income"
FEE_INCOME: Final = "credit/fee-income"
LOSS: Final = "credit/loss"
RECOVERIES: Final = "credit/recoveries"

# Which column of the lines each control account sums up.
CONTROLS: Final[Mapping[str, str]] = {
    LOANS: "principal_fen",
    INTEREST: "interest_due_fen",
    PENALTY: "penalty_due_fen",
    FEE: "fee_due_fen",
}
_SIDES: Final[Mapping[str, Side]] = {
    CASH: "debit",
    LOANS: "debit",
    INTEREST: "debit",
    PENALTY: "debit",
    FEE: "debit",
    LOSS: "debit",
    INTEREST_INCOME: "credit",
    PENALTY_INCOME: "credit",
    FEE_INCOME: "credit",
    RECOVERIES: "credit",
}
# Debit and credit account of each kind that moves money; the other kinds move none.
MONEY: Final[Mapping[str, tuple[str, str]]] = {
    Kind.DRAWN: (LOANS, CASH),
    Kind.INTEREST_BILLED: (INTEREST, INTEREST_INCOME),
    Kind.PENALTY_BILLED: (PENALTY, PENALTY_INCOME),
    Kind.FEE_CHARGED: (FEE, FEE_INCOME),
    Kind.FEE_REPAID: (CASH, FEE),
    Kind.PENALTY_REPAID: (CASH, PENALTY),
    Kind.INTEREST_REPAID: (CASH, INTEREST),
    Kind.PRINCIPAL_REPAID: (CASH, LOANS),
    Kind.FEE_CAPITALISED: (LOANS, FEE),
    Kind.PENALTY_CAPITALISED: (LOANS, PENALTY),
    Kind.INTEREST_CAPITALISED: (LOANS, INTEREST),
    Kind.FEE_WRITTEN_OFF: (LOSS, FEE),
    Kind.PENALTY_WRITTEN_OFF: (LOSS, PENALTY),
    Kind.INTEREST_WRITTEN_OFF: (LOSS, INTEREST),
    Kind.PRINCIPAL_WRITTEN_OFF: (LOSS, LOANS),
    Kind.RECOVERED: (CASH, RECOVERIES),
}

CHART: Final = Chart(JOURNAL, CASH, CONTROLS, _SIDES, MONEY)
