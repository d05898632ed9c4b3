"""The ledger accounts that sum up the leases; see ``subledger.journal``.

Machines are the lessor's own and stay on its fixed-asset register: here a sale is its proceeds.
"""

from collections.abc import Mapping
from typing import Final

from system.leasing.leases.events import Kind
from system.leasing.leases.records import JOURNAL
from system.ledger.records import Side
from system.subledger.journal import Chart

CASH: Final = "leasing/cash"
RENT: Final = "leasing/rent-receivable"
PENALTY: Final = "leasing/penalty-receivable"
FEE: Final = "leasing/fee-receivable"
DEPOSITS: Final = "leasing/deposits"
RENT_INCOME: Final = "leasing/rent-income"
PENALTY_INCOME: Final = "leasing/penalty-income"
FEE_INCOME: Final = "leasing/fee-income"
SALES: Final = "leasing/machine-sales"
LOSS: Final = "leasing/loss"
RECOVERIES: Final = "leasing/recoveries"

# Which column of the leases each control account sums up.
CONTROLS: Final[Mapping[str, str]] = {
    RENT: "rent_due_fen",
    PENALTY: "penalty_due_fen",
    FEE: "fee_due_fen",
    DEPOSITS: "deposit_fen",
}
_SIDES: Final[Mapping[str, Side]] = {
    CASH: "debit",
    RENT: "debit",
    PENALTY: "debit",
    FEE: "debit",
    LOSS: "debit",
    DEPOSITS: "credit",
    RENT_INCOME: "credit",
    PENALTY_INCOME: "credit",
    FEE_INCOME: "credit",
    SALES: "credit",
    RECOVERIES: "credit",
}
# Debit and credit account of each kind that moves money; the other kinds move none.
MONEY: Final[Mapping[str, tuple[str, str]]] = {
    Kind.DEPOSIT_PAID: (CASH, DEPOSITS),
    Kind.DEPOSIT_RETURNED: (DEPOSITS, CASH),
    Kind.RENT_BILLED: (RENT, RENT_INCOME),
    Kind.PENALTY_BILLED: (PENALTY, PENALTY_INCOME),
    Kind.FEE_CHARGED: (FEE, FEE_INCOME),
    Kind.RENT_PAID: (CASH, RENT),
    Kind.PENALTY_PAID: (CASH, PENALTY),
    Kind.FEE_PAID: (CASH, FEE),
    Kind.RENT_SET_OFF: (DEPOSITS, RENT),
    Kind.PENALTY_SET_OFF: (DEPOSITS, PENALTY),
    Kind.FEE_SET_OFF: (DEPOSITS, FEE),
    Kind.RENT_CREDITED: (RENT_INCOME, RENT),
    Kind.RENT_REFUNDED: (RENT_INCOME, CASH),
    Kind.RENT_WRITTEN_OFF: (LOSS, RENT),
    Kind.PENALTY_WRITTEN_OFF: (LOSS, PENALTY),
    Kind.FEE_WRITTEN_OFF: (LOSS, FEE),
    Kind.RECOVERED: (CASH, RECOVERIES),
    Kind.MACHINE_SOLD: (CASH, SALES),
}
CHART: Final = Chart(JOURNAL, CASH, CONTROLS, _SIDES, MONEY)
