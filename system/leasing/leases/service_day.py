"""The end of a day: penalty, arrears, classes, charge-off by age; bills on a period's last day.

A batch job over columns. For each range of leases the last closed day is known, so a day can be
closed in parts, and closing it again finds nothing to do.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np

from system.kernels import arrears
from system.kernels.accrual import fen_unit_raw, one_day_raw
from system.kernels.business_day import business_day
from system.kernels.classification import NORMAL, Standing, classify
from system.kernels.columns import I64
from system.leasing.leases import billing
from system.leasing.leases.desk import Desk, LeaseParts
from system.leasing.leases.events import Kind
from system.leasing.leases.records import LEASE_DAYS, LEASES, Ending, LeaseLife
from system.leasing.leases.reports import DayReport
from system.leasing.leases.service_care import give_up
from system.leasing.leases.service_end import end, fall_into_default
from system.limits import BILLS_MAX, PERIOD_DAYS
from system.subledger import closed_days
from system.subledger.journal import total_of

_ROWS_AT_ONCE: Final = 16_384
# Read of every lease on every day; the rest only where something happened.
_DAILY: Final = ("overdue_fen", "unpaid_due_day", "asset_class")
_TROUBLE: Final = ("life", "unpaid_due_day", "arrears_day", "asset_class")


class _Run:
    """One run of the end of a day."""

    def __init__(self, desk: Desk, day: int) -> None:
        self.desk, self.day = desk, day
        self.closed = self.past_due = self.defaulted = self.charged_off = self.estimated = 0
        self.penalty_raw = 0

    def close(self, start: int, stop: int) -> None:
        """All steps for the leases from start to stop."""
        rows = slice(start, stop)
        if (self.day - self.desk.policy.due_days - self.desk.policy.grace_days) % PERIOD_DAYS == 0:
            self._let_bills_age(rows)
        columns = self.desk.unit.read(LEASES, _DAILY, rows)
        self._accrue(np.arange(start, stop), columns["overdue_fen"])
        self._look_at_trouble(start, columns)
        if arrears.is_billing_day(self.day):
            self._bill(start, stop)
        self.closed += stop - start

    def _let_bills_age(self, rows: slice) -> None:
        """Grace is over for all bills but those of this period (of leases that ended in it)."""
        columns = self.desk.unit.read(LEASES, ("rent_due_fen", "disputed_fen"), rows)
        if columns["rent_due_fen"].any():
            plane = self.desk.period % BILLS_MAX
            young_fen = self.desk.unit.read_plane(LEASES, "bill_fen", plane, rows)
            late_fen = columns["rent_due_fen"] - columns["disputed_fen"] - young_fen
            self.desk.write(rows, {"overdue_fen": late_fen})

    def _accrue(self, leases: I64, overdue_fen: I64) -> None:
        at = np.flatnonzero(overdue_fen)
        if not at.size:
            return
        late = leases[at]
        rate_ppm = np.full(late.size, self.desk.policy.penalty_ppm)
        raw = one_day_raw(overdue_fen[at], rate_ppm)
        self.penalty_raw += total_of(raw)
        before = self.desk.unit.read(LEASES, ("penalty_raw",), late)["penalty_raw"]
        self.desk.write(late, {"penalty_raw": before + raw})

    def _look_at_trouble(self, start: int, columns: Mapping[str, I64]) -> None:
        """Whoever is past due, or was so lately: category, default, charge-off."""
        dpd_days = arrears.days_past_due(columns["unpaid_due_day"], self.day)
        at = np.flatnonzero((dpd_days > 0) | (columns["asset_class"] > NORMAL))
        if not at.size:
            return
        leases, dpd_days = at + start, dpd_days[at]
        self.past_due += int((dpd_days > 0).sum())
        self._classify(leases, dpd_days)
        late = dpd_days > self.desk.policy.default_dpd_days
        fall_into_default(self.desk, leases[late], dpd_days[late])
        self._give_up(leases, dpd_days)

    def _classify(self, leases: I64, dpd_days: I64) -> None:
        columns = self.desk.unit.read(LEASES, _TROUBLE, leases)
        arrears_day = np.where(dpd_days > 0, self.day, columns["arrears_day"])
        never = np.full(leases.size, -1)
        standing = Standing(dpd_days, columns["asset_class"], self.day - arrears_day, never)
        asset_class = classify(standing, self.desk.policy.classes)
        self.desk.write(leases, {"asset_class": asset_class, "arrears_day": arrears_day})

    def _give_up(self, leases: I64, dpd_days: I64) -> None:
        hopeless = dpd_days > self.desk.policy.charge_off_dpd_days
        rows = leases[hopeless]
        if rows.size:
            life = self.desk.unit.read(LEASES, ("life",), rows)["life"]
            end(self.desk, rows[life == LeaseLife.LIVE], Ending.LOST)
            give_up(self.desk, rows, dpd_days[hopeless])
            self.charged_off += rows.size

    def _bill(self, start: int, stop: int) -> None:
        life = self.desk.unit.read(LEASES, ("life",), slice(start, stop))["life"]
        leases = np.flatnonzero(life == LeaseLife.LIVE) + start
        if leases.size:
            billing.issue(self.desk, leases)
            plane = self.desk.period % BILLS_MAX
            use = self.desk.unit.read_plane(LEASES, "bill_use", plane, leases)
            self.estimated += int((use % 2).sum())

    def report(self) -> DayReport:
        """What was done; also hands the accrued total to the journal."""
        desk, unit_raw = self.desk, fen_unit_raw(self.desk.policy.year_days)
        accrued_fen = (self.penalty_raw + unit_raw // 2) // unit_raw
        desk.memo(Kind.PENALTY_ACCRUED, accrued_fen)
        return DayReport(
            day=self.day,
            closed=self.closed,
            bills=desk.accounts(Kind.RENT_BILLED).size,
            rent_billed_fen=desk.total(Kind.RENT_BILLED),
            estimated=self.estimated,
            penalty_accrued_fen=accrued_fen,
            past_due=self.past_due,
            defaulted=desk.accounts(Kind.DEFAULTED).size,
            charged_off=self.charged_off,
            written_off_fen=sum(
                desk.total(kind)
                for kind in (Kind.RENT_WRITTEN_OFF, Kind.PENALTY_WRITTEN_OFF, Kind.FEE_WRITTEN_OFF)
            ),
        )


def days_to_close(parts: LeaseParts) -> range:
    """Up to yesterday, the oldest first; nothing without leases."""
    with parts.book.transaction() as unit:
        return closed_days.days_to_close(unit.rows, LEASE_DAYS, business_day(parts.clock.now_s()))


def end_of_day(parts: LeaseParts, day: int, part: slice | None) -> DayReport:
    """Close the day for all leases, or those of ``part`` (start and stop, no step)."""
    closed_days.check_day(day, business_day(parts.clock.now_s()))
    with parts.book.transaction() as unit:
        first, stop = closed_days.bounds(part, unit.count(LEASES))
        run = _Run(Desk(unit, parts, f"end of lease day {day}, {first} to {stop}", day), day)
        for low, high in closed_days.close(unit.rows, LEASE_DAYS, first, stop, day):
            for start in range(low, high, _ROWS_AT_ONCE):
                run.close(start, min(start + _ROWS_AT_ONCE, high))
        report = run.report()
        if report.closed:
            run.desk.close("end of day", [day, report.closed])
    return report
