"""What the lease service is built from, and one of its commands at work."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import numpy as np

from system.kernels.columns import I64, Mask
from system.leasing.leases.events import SETTINGS
from system.leasing.leases.journal import CHART
from system.leasing.leases.policy import LeasePolicy
from system.leasing.leases.records import LEASE_DAYS, LEASES, LeaseLife
from system.leasing.leases.rules import Refusal
from system.ledger.idempotency import Reply
from system.limits import LINE_FEN_MAX, PERIOD_DAYS
from system.ports.book import Book, BookUnit
from system.ports.clock import Clock
from system.subledger import desk as subledger
from system.subledger import once
from system.subledger.answers import A
from system.subledger.closed_days import last_closed
from system.subledger.desk import Page, SubLedger

LEDGER: Final = SubLedger(
    "leasing", LEASES, CHART, SETTINGS, int(Refusal.LEASE_UNKNOWN), int(Refusal.LEASE_REPEATED)
)


@dataclass(frozen=True, slots=True)
class LeaseParts:
    """What the service is built from."""

    clock: Clock
    book: Book
    policy: LeasePolicy


class Desk(subledger.Desk):
    """Opened over one transaction, with the lessor's policy at hand.

    day: the business day that the command belongs to; None for the clock's.
    """

    def __init__(
        self, unit: BookUnit, parts: LeaseParts, cause: str, day: int | None = None
    ) -> None:
        super().__init__(unit, LEDGER, parts.clock.now_s(), cause, day)
        self.policy = parts.policy

    @property
    def period(self) -> int:
        """The running period."""
        return self.today // PERIOD_DAYS

    def not_open(self, page: Page) -> tuple[Mask, int]:
        """The check that yesterday is closed and today is not."""
        closed = last_closed(self.unit.rows, LEASE_DAYS, page.accounts)
        return closed != self.today - 1, int(Refusal.DAY_NOT_OPEN)

    def set_life(self, leases: I64, life: LeaseLife) -> None:
        """Write where leases stand now, and tell it."""
        column = np.full(leases.size, int(life))
        self.write(leases, {"life": column})
        self.tell("life_set", leases, column)


def run_once(parts: LeaseParts, command: Any, work: Callable[[Desk], str]) -> Reply:
    """Do the work in one transaction, unless it was done before, and keep what it answers."""

    def opens(unit: BookUnit, cause: str) -> Desk:
        return Desk(unit, parts, cause)

    return once.run_once(parts.book, LEDGER.name, opens, command, work)


def answered(
    parts: LeaseParts,
    kind: type[A],
    command: Any,
    handle: Callable[[Desk, Any], A],
    rows: str = "lease",
) -> A:
    """The command's answer: worked out now, or stored before.

    Raises InputError for columns and texts that cannot be used; the command then did nothing.
    """
    reused = int(Refusal.COMMAND_ID_REUSED)
    run = partial(run_once, parts)
    return once.answered(run, kind, command, handle, rows=rows, reused=reused)


def out_of_bounds(amount_fen: I64) -> Mask:
    """True for amounts that no lease can move."""
    return (amount_fen < 1) | (amount_fen > LINE_FEN_MAX)
