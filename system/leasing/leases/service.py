"""Leases: every use case, columns in and columns out, in one place.

A command commits as a whole: leases, journal, ledger, audit link and its stored answer. Sent again,
it gets that answer; its id with other content is refused. Money moves on the open business day:
from the close of yesterday to the close of today, which ``end_of_day`` does.
"""

from collections.abc import Sequence

import numpy as np

from system.errors import InputError
from system.kernels.business_day import business_day
from system.kernels.columns import I64
from system.leasing.kernels.residual import residual_floor
from system.leasing.leases import (
    service_care,
    service_day,
    service_dispute,
    service_end,
    service_hold,
    service_money,
    service_report,
    service_start,
    tariffs,
)
from system.leasing.leases.commands import (
    AdmitLessees,
    BuyBatch,
    ChargeOffBatch,
    DecideBatch,
    DisputeBatch,
    FreeBatch,
    HoldBatch,
    KeepOutBatch,
    OpenTariff,
    PayBatch,
    RecoverBatch,
    RenewBatch,
    RepossessBatch,
    ReturnBatch,
    SellBatch,
    SetLimits,
    SettleBatch,
    StartBatch,
)
from system.leasing.leases.desk import LeaseParts, answered
from system.leasing.leases.journal import CHART
from system.leasing.leases.outcome import (
    Done,
    Outcomes,
    Paid,
    Recovered,
    Returned,
    Settled,
    Started,
)
from system.leasing.leases.records import LEASES, LESSEES, Dispute
from system.leasing.leases.reports import Bill, DayReport, Portfolio
from system.leasing.leases.service_start import Exposure
from system.ports.book import Rows
from system.subledger.journal import open_books


class LeaseService:
    """One service over one book. All state is in the book: a new object goes on."""

    def __init__(self, parts: LeaseParts) -> None:
        self._parts = parts
        with parts.book.transaction() as unit:
            open_books(unit.rows, CHART)

    @property
    def today(self) -> int:
        """The business day that it is."""
        return business_day(self._parts.clock.now_s())

    # Terms and parties.

    def open_tariff(self, command: OpenTariff) -> int:
        """Name a tariff; its number. The same command again: the same number. Raises InputError."""
        return tariffs.open_tariff(self._parts, command)

    def admit(self, command: AdmitLessees) -> slice:
        """Admit lessees; their numbers. Raises InputError."""
        return service_start.admit(self._parts, command)

    def set_limits(self, batch: SetLimits) -> Done:
        """Raise or cut lessees' limits, by two people's decision."""
        return answered(self._parts, Done, batch, service_start.set_limits, "lessee")

    def keep_out(self, batch: KeepOutBatch) -> Done:
        """Note whom a sanctions list keeps from new leases; those that run go on."""
        return answered(self._parts, Done, batch, service_start.keep_out, "lessee")

    # A lease's life.

    def start(self, batch: StartBatch) -> Started:
        """Hand machines over within their lessees' limits; rent runs from today."""
        return answered(self._parts, Started, batch, service_start.start, "machine")

    def renew(self, batch: RenewBatch) -> Done:
        """Prolong terms, at the tariff's renewal rent."""
        return answered(self._parts, Done, batch, service_end.renew)

    def give_back(self, batch: ReturnBatch) -> Returned:
        """Take machines back: the last bill, the fee for leaving early, credit for guesses."""
        return answered(self._parts, Returned, batch, service_end.give_back)

    def buy(self, batch: BuyBatch) -> Outcomes:
        """Sell machines to their lessees at the contract's price, after the term."""
        return answered(self._parts, Outcomes, batch, service_end.buy)

    def repossess(self, batch: RepossessBatch) -> Done:
        """Take machines away, by two people's decision; the deposit pays what it can."""
        return answered(self._parts, Done, batch, service_end.repossess)

    def sell(self, batch: SellBatch) -> Outcomes:
        """Sell machines that came back."""
        return answered(self._parts, Outcomes, batch, service_end.sell)

    # Money.

    def pay(self, batch: PayBatch) -> Paid:
        """Take payments at any time, of any size; what exceeds the debt is returned."""
        return answered(self._parts, Paid, batch, service_money.pay)

    def settle(self, batch: SettleBatch) -> Settled:
        """Set deposits of ended leases off; return the rest where nothing is owed."""
        return answered(self._parts, Settled, batch, service_money.settle)

    def charge_off(self, batch: ChargeOffBatch) -> Done:
        """Give claims up in the books, by two people's decision."""
        return answered(self._parts, Done, batch, service_care.charge_off)

    def recover(self, batch: RecoverBatch) -> Recovered:
        """Take money on claims that were charged off."""
        return answered(self._parts, Recovered, batch, service_money.recover)

    # Pressure.

    def hold(self, batch: HoldBatch) -> Done:
        """Stop machines of late payers from afar, by two people's decision.

        The order leaves through the outbox as ``command_id/LEASE`` and is the machine's to answer.
        """
        return answered(self._parts, Done, batch, service_hold.hold)

    def free(self, batch: FreeBatch) -> Done:
        """Let machines start again, by two people's decision."""
        return answered(self._parts, Done, batch, service_hold.free)

    # Disputes.

    def dispute(self, batch: DisputeBatch) -> Outcomes:
        """Note that bills have too many hours; the disputed part stops ageing."""
        return answered(self._parts, Outcomes, batch, service_dispute.open_disputes)

    def decide(self, batch: DecideBatch) -> Outcomes:
        """Settle disputes by the hours that were found: a credit note, or none."""
        return answered(self._parts, Outcomes, batch, service_dispute.decide)

    # Days, and what is known.

    def end_of_day(self, day: int, rows: slice | None = None) -> DayReport:
        """Close a day for all leases, or for those in ``rows``; on a period's last day, bill.

        Leases that have the day closed already are left alone, so that running it twice, or in
        parts, changes nothing. Raises InputError for a day that has not begun, or before whose
        close an earlier one is missing.
        """
        return service_day.end_of_day(self._parts, day, rows)

    def days_to_close(self) -> range:
        """Days that have ended and are not closed for every lease yet, the oldest first."""
        return service_day.days_to_close(self._parts)

    def view(self, names: Sequence[str], rows: Rows) -> dict[str, I64]:
        """Columns of LEASES or of ``service_report.DERIVED``, as of today."""
        return service_report.view(self._parts, names, rows)

    def bills(self, lease: int) -> list[Bill]:
        """The invoices of a lease's last periods, the oldest first. Raises MissingRow."""
        return service_report.bills(self._parts, lease)

    def disputes(self, lease: int) -> list[Dispute]:
        """The disputes of a lease, with both sides' evidence."""
        return service_report.disputes(self._parts, lease)

    def exposure(self) -> Exposure:
        """What each lessee has of the lessor's: machines out and claims."""
        with self._parts.book.transaction() as unit:
            return service_start.exposure(unit)

    def portfolio(self) -> Portfolio:
        """Claims, categories, deposits and defaults as they stand."""
        return service_report.portfolio(self._parts)

    def residual_fen(self, value_fen: I64, age_days: I64) -> I64:
        """What machines of this new value are worth at this age. Returns int64 (n,) fen."""
        if value_fen.shape != age_days.shape or int(np.min(age_days, initial=0)) < 0:
            raise InputError("age_days", age_days.shape, "give one age of 0 days or more for each")
        return residual_floor(value_fen, age_days, self._parts.policy.residual)

    def differences(self) -> dict[str, tuple[int, int]]:
        """Ledger accounts that do not equal the sum of their leases: (leases, ledger) fen."""
        return service_report.differences(self._parts)

    @property
    def leases(self) -> int:
        """How many were ever started."""
        with self._parts.book.transaction() as unit:
            return unit.count(LEASES)

    @property
    def lessees(self) -> int:
        """How many are admitted."""
        with self._parts.book.transaction() as unit:
            return unit.count(LESSEES)
