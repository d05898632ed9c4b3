"""Looking at the lines: derived columns, the portfolio, and whether the books agree."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np

from system.credit.desk import Parts
from system.credit.journal import CHART, CONTROLS
from system.credit.kernels import ecl
from system.credit.policy import CreditPolicy
from system.credit.records import LINES, LINES_DAYS, AssetClass, Basis, LineState
from system.credit.reports import Portfolio
from system.errors import InputError
from system.kernels import classification
from system.kernels.accrual import whole_fen_half_even
from system.kernels.arrears import days_past_due
from system.kernels.business_day import business_day
from system.kernels.columns import I64, Mask, nonzero_at
from system.ports.book import Rows
from system.subledger import closed_days
from system.subledger.journal import differences_of, total_of

_Lines = Mapping[str, I64]
_DUE: Final = (
    "fee_due_fen",
    "penalty_due_fen",
    "penalty_raw",
    "interest_due_fen",
    "principal_due_fen",
)
_STATE: Final = ("life", "frozen_for")


def _run_up(raw: I64, policy: CreditPolicy) -> I64:
    """Interest that has run up and is not billed, in fen; most lines owe nothing."""
    fen, at = np.zeros_like(raw), nonzero_at(raw)
    fen[at] = whole_fen_half_even(raw[at], policy.billing.year_days)
    return fen


def _due_fen(lines: _Lines, day: int, policy: CreditPolicy) -> I64:
    billed = lines["fee_due_fen"] + lines["penalty_due_fen"] + lines["interest_due_fen"]
    return billed + lines["principal_due_fen"] + _run_up(lines["penalty_raw"], policy)


def _outstanding_fen(lines: _Lines, day: int, policy: CreditPolicy) -> I64:
    uncalled = lines["principal_fen"] - lines["principal_due_fen"]
    return _due_fen(lines, day, policy) + uncalled + _run_up(lines["accrued_raw"], policy)


def _available_fen(lines: _Lines, day: int, policy: CreditPolicy) -> I64:
    free = (lines["life"] == LineState.OPEN) & (lines["frozen_for"] == 0)
    free &= days_past_due(lines["unpaid_due_day"], day) == 0
    return np.where(free, np.maximum(lines["limit_fen"] - lines["principal_fen"], 0), 0)


def _dpd_days(lines: _Lines, day: int, policy: CreditPolicy) -> I64:
    return days_past_due(lines["unpaid_due_day"], day)


def _state(lines: _Lines, day: int, policy: CreditPolicy) -> I64:
    frozen = (lines["life"] == LineState.OPEN) & (lines["frozen_for"] != 0)
    return np.where(frozen, int(LineState.FROZEN), lines["life"])


_Formula = Callable[[_Lines, int, CreditPolicy], I64]
# What a view can show besides the columns of LINES, and which of those it follows from.
# All are zero where there never was a line. due_fen is what to pay today to be past due no more;
# outstanding_fen to owe nothing at all.
DERIVED: Final[Mapping[str, tuple[_Formula, tuple[str, ...]]]] = {
    "available_fen": (
        _available_fen,
        ("life", "frozen_for", "unpaid_due_day", "limit_fen", "principal_fen"),
    ),
    "due_fen": (_due_fen, _DUE),
    "outstanding_fen": (_outstanding_fen, (*_DUE, "principal_fen", "accrued_raw")),
    "dpd_days": (_dpd_days, ("unpaid_due_day",)),
    "state": (_state, _STATE),
}
_COLUMNS: Final = frozenset(column.name for column in LINES.columns)


def view(parts: Parts, names: Sequence[str], rows: Rows) -> dict[str, I64]:
    """The named columns as they stand now, int64 (n,); ``bill_fen`` is (BILLS_MAX, n)."""
    for name in names:
        if name not in DERIVED and name not in _COLUMNS:
            raise InputError("names", name, f"give columns of LINES or {', '.join(DERIVED)}")
    day = business_day(parts.clock.now_s())
    derived = [name for name in names if name in DERIVED]
    needed = {column for name in derived for column in DERIVED[name][1]}
    with parts.book.transaction() as unit:
        lines = unit.read(LINES, sorted(needed.union(names, _STATE) - DERIVED.keys()), rows)
        # Whoever never had a line owes nothing: most merchants are not looked at.
        at = nonzero_at(lines["life"])
        is_all = at.size == lines["life"].size
        some = lines if is_all else {name: lines[name][at] for name in needed}
        # Copies: what the unit shows may change once this transaction is over.
        return {
            name: _spread(DERIVED[name][0](some, day, parts.policy), at, lines["life"].size)
            if name in DERIVED
            else lines[name].copy()
            for name in names
        }


def _spread(values: I64, at: I64, n: int) -> I64:
    """Values at these positions, zero at all others: int64 (n,)."""
    if at.size == n:
        return values
    spread = np.zeros(n, np.int64)
    spread[at] = values
    return spread


def portfolio(parts: Parts, day: int) -> Portfolio:
    """The lines as the day's close left them. Raises InputError unless it is the last close."""
    with parts.book.transaction() as unit:
        count = unit.count(LINES)
        names = [column.name for column in LINES.columns if column.planes == 1]
        lines = unit.read(LINES, names, slice(0, count))
        closed = [last for _, last in closed_days.ranges(unit.rows, LINES_DAYS)]
        if count and closed != [day]:
            raise InputError("day", day, f"the last day closed for all is {min(closed)}")
        return _portfolio(lines, day, parts.policy)


def _portfolio(lines: _Lines, day: int, policy: CreditPolicy) -> Portfolio:
    principal_fen = lines["principal_fen"]
    dpd_days = days_past_due(lines["unpaid_due_day"], day)
    asset_class = _classes(lines, policy)
    bad = asset_class >= AssetClass.SUBSTANDARD
    stage = _stages(lines, day, dpd_days, bad, policy)
    debt_fen = _outstanding_fen(lines, day, policy)
    undrawn_fen = _available_fen(lines, day, policy)
    unscored = lines["basis"] == Basis.COLLATERAL
    pd_ppm = np.where(unscored, policy.loss.pd_unscored_ppm, lines["pd_ppm"])
    loss_fen = ecl.expected_loss_ceil(stage, pd_ppm, debt_fen, undrawn_fen, policy.loss)
    live = (lines["life"] == LineState.OPEN) | (lines["life"] == LineState.RESTRUCTURED)

    def principal_of(rows: Mask) -> int:
        return total_of(principal_fen[rows])

    return Portfolio(
        day=day,
        lines=int(live.sum()),
        drawn_lines=int((principal_fen > 0).sum()),
        limit_fen=total_of(lines["limit_fen"]),
        balance_fen=total_of(principal_fen),
        npl_fen=principal_of(bad),
        overdue_90_fen=principal_of(dpd_days > policy.classes.substandard_dpd_days),
        due_fen=total_of(_due_fen(lines, day, policy)),
        by_class_fen=tuple(principal_of(asset_class == one) for one in AssetClass),
        by_stage_fen=tuple(principal_of(stage == one) for one in (1, 2, 3)),
        ecl_fen=total_of(loss_fen[live]),
        written_off_fen=total_of(lines["written_off_fen"]),
    )


def _classes(lines: _Lines, policy: CreditPolicy) -> I64:
    borrower = lines["borrower"]
    if bool((borrower == np.arange(borrower.size)).all()):
        return lines["asset_class"]
    return classification.with_cross_default(
        lines["asset_class"], lines["principal_fen"], borrower, policy.classes
    )


def _stages(lines: _Lines, day: int, dpd_days: I64, bad: Mask, policy: CreditPolicy) -> I64:
    restructured_day = lines["restructured_day"]
    observed = classification.in_observation(
        np.where(restructured_day > 0, day - restructured_day, -1),
        day - lines["arrears_day"],
        policy.classes,
    )
    pd_ppm, granted_ppm = lines["pd_ppm"], lines["pd_granted_ppm"]
    return ecl.stages(dpd_days, pd_ppm, granted_ppm, bad, observed, policy.loss)


def differences(parts: Parts) -> dict[str, tuple[int, int]]:
    """Control accounts of the ledger beside the sums of their lines, where they differ."""
    with parts.book.transaction() as unit:
        rows = slice(0, unit.count(LINES))
        columns = unit.read(LINES, tuple(CONTROLS.values()), rows)
        sums_fen = {name: total_of(column) for name, column in columns.items()}
        return differences_of(unit.rows, CHART, sums_fen)
