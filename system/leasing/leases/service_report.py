"""What the leases show: columns as of today, bills, sums, and whether the ledger agrees."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np

from system.kernels import arrears
from system.kernels.accrual import whole_fen_half_even
from system.kernels.arrears import days_past_due
from system.kernels.business_day import business_day
from system.kernels.classification import SUBSTANDARD, with_cross_default
from system.kernels.columns import I64
from system.leasing.leases import billing
from system.leasing.leases.desk import Desk, LeaseParts
from system.leasing.leases.journal import CHART, CONTROLS
from system.leasing.leases.policy import LeasePolicy
from system.leasing.leases.records import DISPUTES, LEASES, Dispute, LeaseLife
from system.leasing.leases.reports import Bill, Portfolio
from system.limits import BILLS_MAX, PERIOD_DAYS
from system.ports.book import Rows
from system.subledger.journal import differences_of, total_of

_Leases = Mapping[str, I64]
_CLAIMS: Final = ("rent_due_fen", "fee_due_fen", "penalty_due_fen")


def _dpd_days(leases: _Leases, day: int, policy: LeasePolicy) -> I64:
    return days_past_due(leases["unpaid_due_day"], day)


def _penalty_fen(leases: _Leases, day: int, policy: LeasePolicy) -> I64:
    run_up_fen = whole_fen_half_even(leases["penalty_raw"], policy.year_days)
    return leases["penalty_due_fen"] + run_up_fen


def _due_fen(leases: _Leases, day: int, policy: LeasePolicy) -> I64:
    """Everything that a payment today would take."""
    undisputed_fen = leases["rent_due_fen"] - leases["disputed_fen"]
    return undisputed_fen + leases["fee_due_fen"] + _penalty_fen(leases, day, policy)


# Name to its function and the columns that it needs.
DERIVED: Final[Mapping[str, tuple[Callable[[_Leases, int, LeasePolicy], I64], tuple[str, ...]]]] = {
    "dpd_days": (_dpd_days, ("unpaid_due_day",)),
    "due_fen": (_due_fen, (*_CLAIMS, "disputed_fen", "penalty_raw")),
}


def view(parts: LeaseParts, names: Sequence[str], rows: Rows) -> dict[str, I64]:
    """Columns of LEASES or of DERIVED, as of today; copies."""
    day = business_day(parts.clock.now_s())
    needed = [
        column for name in names for column in (DERIVED[name][1] if name in DERIVED else (name,))
    ]
    with parts.book.transaction() as unit:
        leases = unit.read(LEASES, list(dict.fromkeys(needed)), rows)
        return {
            name: DERIVED[name][0](leases, day, parts.policy)
            if name in DERIVED
            else leases[name].copy()
            for name in names
        }


def portfolio(parts: LeaseParts) -> Portfolio:
    """Sums over all leases as they stand."""
    states = ("life", "lessee", "asset_class", "default_day")
    amounts = (*_CLAIMS, "value_fen", "deposit_fen", "written_off_fen")
    with parts.book.transaction() as unit:
        every = slice(0, unit.count(LEASES))
        leases = unit.read(LEASES, (*states, *amounts), every)
        claims_fen = np.zeros(leases["life"].size, np.int64)
        for name in _CLAIMS:
            claims_fen += leases[name]
        asset_class = with_cross_default(
            leases["asset_class"], claims_fen, leases["lessee"], parts.policy.classes
        )
        is_live = leases["life"] == LeaseLife.LIVE
        exposure_fen = claims_fen + np.where(is_live, leases["value_fen"], 0)
        return Portfolio(
            day=business_day(parts.clock.now_s()),
            leases=claims_fen.size,
            live=int(is_live.sum()),
            claims_fen=total_of(claims_fen),
            exposure_fen=total_of(exposure_fen),
            npl_fen=total_of(exposure_fen[asset_class >= SUBSTANDARD]),
            by_class_fen=tuple(total_of(exposure_fen[asset_class == one]) for one in range(1, 6)),
            deposits_fen=total_of(leases["deposit_fen"]),
            written_off_fen=total_of(leases["written_off_fen"]),
            defaulted=int((leases["default_day"] > 0).sum()),
        )


def bills(parts: LeaseParts, lease: int) -> list[Bill]:
    """The bills of the last periods of one lease, the oldest first."""
    row = np.array([lease], np.int64)
    with parts.book.transaction() as unit:
        desk = Desk(unit, parts, "read")
        names = ("billed_period", "bill_fen", "bill_use", *billing.TERMS)
        columns = unit.read(LEASES, names, row)
        last = int(columns["billed_period"][0]) - 1
        first = max(int(columns["from_day"][0]) // PERIOD_DAYS, last - BILLS_MAX + 1)
        found = []
        for period in range(first, last + 1):
            use = int(columns["bill_use"][period % BILLS_MAX, 0])
            terms = {name: columns[name] for name in billing.TERMS}
            at, engine_s = np.array([period]), np.array([use // 2])
            bill_fen = int(billing.bill_of(desk, terms, at, engine_s)[0])
            left_fen = int(columns["bill_fen"][period % BILLS_MAX, 0])
            due_day = arrears.due_day(period, parts.policy.due_days)
            found.append(
                Bill(
                    f"L{lease}-{period}",
                    lease,
                    period,
                    due_day,
                    use // 2,
                    use % 2 == 1,
                    bill_fen,
                    left_fen,
                )
            )
        return found


def disputes(parts: LeaseParts, lease: int) -> list[Dispute]:
    """The disputes of one lease, by period."""
    with parts.book.transaction() as unit:
        return sorted(unit.rows.find(DISPUTES, {"lease": lease}), key=lambda row: row.period)


def differences(parts: LeaseParts) -> dict[str, tuple[int, int]]:
    """Control accounts of the ledger beside the sums of their leases, where they differ."""
    with parts.book.transaction() as unit:
        rows = slice(0, unit.count(LEASES))
        columns = unit.read(LEASES, tuple(CONTROLS.values()), rows)
        sums_fen = {name: total_of(column) for name, column in columns.items()}
        return differences_of(unit.rows, CHART, sums_fen)
