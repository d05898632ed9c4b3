"""What the credit service is built from, and one of its commands at work."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from system.credit.events import SETTINGS
from system.credit.journal import CHART
from system.credit.policy import CreditPolicy
from system.credit.records import LINES
from system.credit.rules import Refusal
from system.credit.scorer import Scorer
from system.kernels.columns import I64, Mask
from system.limits import LINE_FEN_MAX
from system.ports.book import Book, BookUnit
from system.ports.clock import Clock
from system.ports.store import Unit
from system.subledger import desk as subledger
from system.subledger.desk import SubLedger


@dataclass(frozen=True, slots=True)
class Parts:
    """What the service is built from. champion: the model in use, as the registry has it.

    keeps_inputs: every decision on an application is kept with what the model saw of the merchant.
    """

    clock: Clock
    book: Book
    policy: CreditPolicy
    champion: Callable[[Unit], Scorer]
    keeps_inputs: bool = False


LEDGER: Final = SubLedger(
    "credit", LINES, CHART, SETTINGS, int(Refusal.MERCHANT_UNKNOWN), int(Refusal.ACCOUNT_REPEATED)
)


class Desk(subledger.Desk):
    """Opened over one transaction, with the bank's policy at hand.

    day: the business day that the command belongs to; None for the clock's.
    """

    def __init__(self, unit: BookUnit, parts: Parts, cause: str, day: int | None = None) -> None:
        super().__init__(unit, LEDGER, parts.clock.now_s(), cause, day)
        self.parts, self.policy = parts, parts.policy


def out_of_bounds(amount_fen: I64) -> Mask:
    """True for amounts that no line can move."""
    return (amount_fen < 1) | (amount_fen > LINE_FEN_MAX)
