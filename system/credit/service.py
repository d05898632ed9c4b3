"""Merchant credit: every use case, columns in and columns out, in one place.

A command commits as a whole: lines, journal, ledger, audit link and its stored answer. Sent again,
it gets that answer; its id with other content is refused. Money moves on the open business day:
from the close of yesterday to the close of today, which ``end_of_day`` does.
"""

from collections.abc import Sequence

from system.credit import (
    service_apply,
    service_care,
    service_day,
    service_drift,
    service_lines,
    service_merchants,
    service_money,
    service_report,
    service_review,
)
from system.credit.commands import (
    ApplyBatch,
    ChargeOffBatch,
    CloseBatch,
    DrawBatch,
    EnrolMerchants,
    FreezeBatch,
    GrantBatch,
    GrantConsent,
    KeepOutBatch,
    RecoverBatch,
    RepayBatch,
    RestructureBatch,
    UnfreezeBatch,
    WithdrawConsent,
)
from system.credit.desk import Parts
from system.credit.drift import DriftReport
from system.credit.feed_records import FeedBatch, FeedOutcome
from system.credit.journal import CHART
from system.credit.once import answered, answered_each
from system.credit.outcome import Decisions, Done, Outcomes, Recovered, Repaid
from system.credit.records import LINES
from system.credit.reports import DayReport, Portfolio, ReviewReport
from system.kernels.business_day import business_day
from system.kernels.columns import I64
from system.ports.book import Rows
from system.subledger.journal import open_books


class CreditService:
    """One service over one book. All state is in the book: a new object goes on."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        with parts.book.transaction() as unit:
            open_books(unit.rows, CHART)

    @property
    def today(self) -> int:
        """The business day that it is."""
        return business_day(self._parts.clock.now_s())

    # Merchants, their consent and their data.

    def enrol(self, command: EnrolMerchants) -> slice:
        """Admit merchants; their account numbers. The same command again: the same numbers."""
        return service_merchants.enrol(self._parts, command)

    def grant_consent(self, command: GrantConsent) -> Done:
        """Consent to one purpose. A consent to scoring lifts the freeze that a withdrawal put."""
        return answered(self._parts, Done, command, service_merchants.grant_consent)

    def withdraw_consent(self, command: WithdrawConsent) -> Done:
        """Ends use of the data at once, and drawing on lines that were granted on it."""
        return answered(self._parts, Done, command, service_merchants.withdraw_consent)

    def receive_feed(self, batch: FeedBatch) -> FeedOutcome:
        """Take in days of the platform's feed; see ``feeds``."""
        return service_merchants.receive_feed(self._parts, batch)

    # Lines.

    def apply(self, batch: ApplyBatch) -> Decisions:
        """Decide applications on score, affordability and policy; approved lines are open."""
        return answered(self._parts, Decisions, batch, service_apply.apply)

    def apply_each(self, batches: Sequence[ApplyBatch]) -> list[Decisions]:
        """Several as one, each under its own id; where one cannot be used, none is done."""
        return answered_each(self._parts, Decisions, batches, service_apply.apply)

    def grant(self, batch: GrantBatch) -> Done:
        """Open or renew lines as officers decided."""
        return answered(self._parts, Done, batch, service_lines.grant)

    def draw(self, batch: DrawBatch) -> Outcomes:
        """Pay out, up to what is available."""
        return answered(self._parts, Outcomes, batch, service_money.draw)

    def draw_each(self, batches: Sequence[DrawBatch]) -> list[Outcomes]:
        """Several as one, each under its own id; where one cannot be used, none is done."""
        return answered_each(self._parts, Outcomes, batches, service_money.draw)

    def repay(self, batch: RepayBatch) -> Repaid:
        """Take repayments at any time, of any size; what exceeds the debt is returned."""
        return answered(self._parts, Repaid, batch, service_money.repay)

    def repay_each(self, batches: Sequence[RepayBatch]) -> list[Repaid]:
        """Several as one, each under its own id; where one cannot be used, none is done."""
        return answered_each(self._parts, Repaid, batches, service_money.repay)

    def recover(self, batch: RecoverBatch) -> Recovered:
        """Take money on claims that were charged off."""
        return answered(self._parts, Recovered, batch, service_money.recover)

    def freeze(self, batch: FreezeBatch) -> Done:
        """Stop drawing, by an officer."""
        return answered(self._parts, Done, batch, service_lines.freeze)

    def unfreeze(self, batch: UnfreezeBatch) -> Done:
        """Lift an officer's freeze."""
        return answered(self._parts, Done, batch, service_lines.unfreeze)

    def keep_out(self, batch: KeepOutBatch) -> Done:
        """Note whom a sanctions list keeps out of credit; repayment goes on."""
        return answered(self._parts, Done, batch, service_lines.keep_out)

    def restructure(self, batch: RestructureBatch) -> Done:
        """Turn what is due into principal, at a rate not above the present, on a slower pace."""
        return answered(self._parts, Done, batch, service_care.restructure)

    def charge_off(self, batch: ChargeOffBatch) -> Done:
        """Give claims up in the books, by two people's decision."""
        return answered(self._parts, Done, batch, service_care.charge_off)

    def close(self, batch: CloseBatch) -> Done:
        """End lines that owe nothing."""
        return answered(self._parts, Done, batch, service_lines.close)

    def close_each(self, batches: Sequence[CloseBatch]) -> list[Done]:
        """Several as one, each under its own id; where one cannot be used, none is done."""
        return answered_each(self._parts, Done, batches, service_lines.close)

    # Days.

    def end_of_day(self, day: int, rows: slice | None = None) -> DayReport:
        """Close a day for all lines, or for those in ``rows``: accrue, bill, age, classify.

        Lines that have the day closed already are left alone, so that running it twice, or in
        parts, changes nothing. Raises InputError for a day that has not begun, or before whose
        close an earlier one is missing.
        """
        return service_day.end_of_day(self._parts, day, rows)

    def days_to_close(self) -> range:
        """Days that have ended and are not closed for every line yet, the oldest first."""
        return service_day.days_to_close(self._parts)

    def review(self, day: int) -> ReviewReport:
        """Look again at every open line that was granted on data: PD and limit, once per day."""
        return service_review.review(self._parts, day)

    def view(self, names: Sequence[str], rows: Rows) -> dict[str, I64]:
        """Columns of LINES or of ``service_report.DERIVED``, as of today. Do not write to them."""
        return service_report.view(self._parts, names, rows)

    def portfolio(self, day: int) -> Portfolio:
        """Balances, categories, stages and expected loss as of the close of a day."""
        return service_report.portfolio(self._parts, day)

    def drift(self) -> DriftReport | None:
        """How far open lines have moved from the rows that the model in use was trained on."""
        return service_drift.drift(self._parts)

    def differences(self) -> dict[str, tuple[int, int]]:
        """Ledger accounts that do not equal the sum of their lines: (lines, ledger) fen."""
        return service_report.differences(self._parts)

    @property
    def merchants(self) -> int:
        """How many are enrolled."""
        with self._parts.book.transaction() as unit:
            return unit.count(LINES)
