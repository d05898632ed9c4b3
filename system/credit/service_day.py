"""The end of a day: accrue, age, classify, give up by age, bill. A batch job over columns.

Works through the lines in slices, so that what is computed on the way takes little memory. For each
range of lines the last closed day is known, so a day can be closed in parts, and closing it again
finds nothing to do.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np

from system.credit.desk import Desk, Parts
from system.credit.events import Kind
from system.credit.kernels import delinquency
from system.credit.records import LINES, LINES_DAYS, Freeze, LineState
from system.credit.reports import DayReport
from system.credit.service_care import give_up
from system.kernels import arrears
from system.kernels.account_sets import as_rows
from system.kernels.accrual import fen_unit_raw, one_day_raw, whole_fen_half_even
from system.kernels.business_day import business_day
from system.kernels.classification import (
    NORMAL,
    Standing,
    classify,
    in_observation,
)
from system.kernels.columns import I64, Mask
from system.limits import BILLS_MAX, PERIOD_DAYS
from system.subledger import closed_days
from system.subledger.journal import total_of

_ROWS_AT_ONCE: Final = 65_536
# Read of every line on every day; the rest only where something happened.
_ACCRUED: Final = ("principal_fen", "rate_ppm", "accrued_raw", "overdue_fen")
_MARKED: Final = ("unpaid_due_day", "asset_class")
_TROUBLE: Final = (
    "life",
    "frozen_for",
    "unpaid_due_day",
    "arrears_day",
    "restructured_day",
    "asset_class",
)
_GROWING: Final = ("principal_fen", "accrued_raw", "penalty_raw")
_BILLED: Final = (
    "life",
    "principal_fen",
    "principal_due_fen",
    "interest_due_fen",
    "penalty_due_fen",
    "accrued_raw",
    "penalty_raw",
    "unpaid_due_day",
)


class _Run:
    """One run of the end of a day."""

    def __init__(self, desk: Desk, day: int) -> None:
        self.desk, self.day = desk, day
        self.closed = self.past_due = self.charged_off = self.frozen = self.unfrozen = 0
        self.accrued_raw = self.penalty_raw = 0

    def close(self, start: int, stop: int) -> None:
        """All steps for the lines from start to stop."""
        rows, accounts = slice(start, stop), np.arange(start, stop)
        if delinquency.is_overdue_day(self.day, self.desk.policy.billing):
            self._let_bills_age(rows, accounts)
        self._accrue(rows, accounts)
        self._look_at_trouble(rows, accounts)
        if arrears.is_billing_day(self.day):
            self._bill(rows, accounts)
        self.closed += accounts.size

    def _let_bills_age(self, rows: slice, accounts: I64) -> None:
        """The latest bill's grace is over: what is left of it costs penalty from now on."""
        names = ("interest_due_fen", "principal_due_fen", "fee_due_fen", "rate_ppm")
        columns = self.desk.unit.read(LINES, names, rows)
        due_fen = columns["interest_due_fen"] + columns["principal_due_fen"]
        if not due_fen.any():
            return
        self.desk.write(rows, {"overdue_fen": due_fen})
        billing = self.desk.policy.billing
        if billing.late_fee_ppm:
            plane = (self.day // PERIOD_DAYS - 1) % BILLS_MAX
            latest_fen = self.desk.unit.read_plane(LINES, "bill_fen", plane, rows)
            fee_fen = delinquency.late_fee_floor(latest_fen, columns["rate_ppm"], billing)
            self.desk.write(rows, {"fee_due_fen": columns["fee_due_fen"] + fee_fen})
            self.desk.tell(Kind.FEE_CHARGED, accounts, fee_fen)

    def _accrue(self, rows: slice, accounts: I64) -> None:
        """A day's interest, and penalty on what is overdue; most lines owe nothing."""
        columns: Mapping[str, I64] = self.desk.unit.read(LINES, _ACCRUED, rows)
        owes = (columns["principal_fen"] | columns["overdue_fen"]) != 0
        accounts, columns = _some(accounts, columns, owes)
        if not accounts.size:
            return
        raw = one_day_raw(columns["principal_fen"], columns["rate_ppm"])
        self.accrued_raw += total_of(raw)
        self.desk.write(as_rows(accounts), {"accrued_raw": columns["accrued_raw"] + raw})
        accounts, columns = _some(accounts, columns, columns["overdue_fen"] != 0)
        if accounts.size:
            extra_ppm = delinquency.penalty_rate_ppm(columns["rate_ppm"], self.desk.policy.billing)
            raw = one_day_raw(columns["overdue_fen"], extra_ppm)
            self.penalty_raw += total_of(raw)
            late = as_rows(accounts)
            before = self.desk.unit.read(LINES, ("penalty_raw",), late)["penalty_raw"]
            self.desk.write(late, {"penalty_raw": before + raw})

    def _look_at_trouble(self, rows: slice, accounts: I64) -> None:
        """Whoever is past due, or was so lately: category, freeze, charge-off."""
        columns: Mapping[str, I64] = self.desk.unit.read(LINES, _MARKED, rows)
        is_marked = (columns["unpaid_due_day"] > 0) | (columns["asset_class"] > NORMAL)
        accounts, columns = _some(accounts, columns, is_marked)
        dpd_days = arrears.days_past_due(columns["unpaid_due_day"], self.day)
        at = np.flatnonzero((dpd_days > 0) | (columns["asset_class"] > NORMAL))
        if not at.size:
            return
        accounts, dpd_days = accounts[at], dpd_days[at]
        self.past_due += int((dpd_days > 0).sum())
        columns = self.desk.unit.read(LINES, _TROUBLE, accounts)
        self._classify(accounts, columns, dpd_days)
        self._freeze(accounts, columns["frozen_for"], dpd_days)
        hopeless = accounts[dpd_days > self.desk.policy.charge_off_dpd_days]
        if hopeless.size:
            give_up(self.desk, hopeless)
            self.charged_off += hopeless.size

    def _classify(self, accounts: I64, columns: Mapping[str, I64], dpd_days: I64) -> None:
        policy = self.desk.policy.classes
        arrears_day = np.where(dpd_days > 0, self.day, columns["arrears_day"])
        restructured_day = columns["restructured_day"]
        standing = Standing(
            dpd_days,
            columns["asset_class"],
            self.day - arrears_day,
            np.where(restructured_day > 0, self.day - restructured_day, -1),
        )
        observed = in_observation(standing.restructured_days, standing.clean_days, policy)
        life = columns["life"]
        recovered = (life == LineState.RESTRUCTURED) & ~observed
        life = np.where(recovered, int(LineState.OPEN), life)
        asset_class = classify(standing, policy)
        changed = {"asset_class": asset_class, "arrears_day": arrears_day, "life": life}
        self.desk.write(accounts, changed)
        self.desk.tell(Kind.LIFE_SET, accounts[recovered], life[recovered])

    def _freeze(self, accounts: I64, frozen_for: I64, dpd_days: I64) -> None:
        arrears = int(Freeze.ARREARS)
        after = np.where(
            dpd_days >= self.desk.policy.freeze_dpd_days, frozen_for | arrears, frozen_for
        )
        after = np.where(dpd_days == 0, after & ~arrears, after)
        changed = after != frozen_for
        if changed.any():
            self.frozen += int((after > frozen_for).sum())
            self.unfrozen += int((after < frozen_for).sum())
            self.desk.write(accounts[changed], {"frozen_for": after[changed]})
            self.desk.tell(Kind.FREEZE_SET, accounts[changed], after[changed])

    def _bill(self, rows: slice, accounts: I64) -> None:
        """Call the interest that ran up and a share of the principal; the penalty falls due too."""
        billing = self.desk.policy.billing
        columns = self.desk.unit.read(LINES, _BILLED, rows)
        if not any(columns[name].any() for name in _GROWING):
            return
        interest_fen = whole_fen_half_even(columns["accrued_raw"], billing.year_days)
        penalty_fen = whole_fen_half_even(columns["penalty_raw"], billing.year_days)
        restructured = columns["life"] == LineState.RESTRUCTURED
        share_ppm = np.where(
            restructured, billing.restructured_share_ppm, billing.principal_share_ppm
        )
        uncalled_fen = columns["principal_fen"] - columns["principal_due_fen"]
        called_fen = delinquency.called_principal_ceil(uncalled_fen, share_ppm, billing)
        bill_fen = interest_fen + called_fen
        period = self.day // PERIOD_DAYS
        unit_raw = fen_unit_raw(billing.year_days)
        unpaid = columns["unpaid_due_day"]
        first_unpaid = (unpaid == 0) & (bill_fen > 0)
        due_day = arrears.due_day(period, billing.due_days)
        after = {
            "interest_due_fen": columns["interest_due_fen"] + interest_fen,
            "principal_due_fen": columns["principal_due_fen"] + called_fen,
            "penalty_due_fen": columns["penalty_due_fen"] + penalty_fen,
            "accrued_raw": columns["accrued_raw"] - interest_fen * unit_raw,
            "penalty_raw": columns["penalty_raw"] - penalty_fen * unit_raw,
            "unpaid_due_day": np.where(first_unpaid, due_day, unpaid),
        }
        self.desk.write(rows, after)
        self.desk.unit.write_plane(LINES, "bill_fen", period % BILLS_MAX, rows, bill_fen)
        self.desk.tell(Kind.INTEREST_BILLED, accounts, interest_fen)
        self.desk.tell(Kind.PRINCIPAL_BILLED, accounts, called_fen)
        self.desk.tell(Kind.PENALTY_BILLED, accounts, penalty_fen)

    def report(self) -> DayReport:
        """What was done; also hands the accrued totals to the journal."""
        desk, unit_raw = self.desk, fen_unit_raw(self.desk.policy.billing.year_days)
        accrued_fen, penalty_fen = (
            (raw + unit_raw // 2) // unit_raw for raw in (self.accrued_raw, self.penalty_raw)
        )
        desk.memo(Kind.INTEREST_ACCRUED, accrued_fen)
        desk.memo(Kind.PENALTY_ACCRUED, penalty_fen)
        return DayReport(
            day=self.day,
            closed=self.closed,
            interest_accrued_fen=accrued_fen,
            interest_billed_fen=desk.total(Kind.INTEREST_BILLED),
            principal_billed_fen=desk.total(Kind.PRINCIPAL_BILLED),
            penalty_billed_fen=desk.total(Kind.PENALTY_BILLED),
            fee_charged_fen=desk.total(Kind.FEE_CHARGED),
            past_due=self.past_due,
            frozen=self.frozen,
            unfrozen=self.unfrozen,
            charged_off=self.charged_off,
            charged_off_fen=desk.total(Kind.PRINCIPAL_WRITTEN_OFF),
        )


def _some(accounts: I64, columns: Mapping[str, I64], wanted: Mask) -> tuple[I64, Mapping[str, I64]]:
    """The accounts that are wanted, and their columns; no copies where that is all."""
    at = np.flatnonzero(wanted)
    if at.size == accounts.size:
        return accounts, columns
    return accounts[at], {name: values[at] for name, values in columns.items()}


def days_to_close(parts: Parts) -> range:
    """Up to yesterday, the oldest first; nothing without lines."""
    with parts.book.transaction() as unit:
        return closed_days.days_to_close(unit.rows, LINES_DAYS, business_day(parts.clock.now_s()))


def end_of_day(parts: Parts, day: int, part: slice | None) -> DayReport:
    """Close the day for all lines, or those of ``part`` (start and stop, no step)."""
    closed_days.check_day(day, business_day(parts.clock.now_s()))
    with parts.book.transaction() as unit:
        first, stop = closed_days.bounds(part, unit.count(LINES))
        run = _Run(Desk(unit, parts, f"end of day {day}, {first} to {stop}", day), day)
        for low, high in closed_days.close(unit.rows, LINES_DAYS, first, stop, day):
            for start in range(low, high, _ROWS_AT_ONCE):
                run.close(start, min(start + _ROWS_AT_ONCE, high))
        report = run.report()
        if report.closed:
            run.desk.close("end of day", [day, report.closed])
    return report
