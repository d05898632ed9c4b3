"""Pressure on late payers: machines that do not start, limits that give no further machine."""

from collections.abc import Callable

import numpy as np

from system.kernels.arrears import days_past_due
from system.kernels.columns import I64, Mask
from system.kernels.precedence import refusals
from system.leasing import orders
from system.leasing.leases.commands import FreeBatch, HoldBatch
from system.leasing.leases.desk import Desk
from system.leasing.leases.outcome import Done
from system.leasing.leases.records import LEASES, LESSEES, LeaseLife
from system.leasing.leases.rules import Refusal
from system.leasing.leases.service_start import exposure
from system.leasing.records import MACHINES, ActionKind
from system.ports.book import BookUnit
from system.subledger.desk import Page, four_eyes_missing


def hold(desk: Desk, batch: HoldBatch) -> Done:
    """Order the machines of leases in arrears not to start."""
    page = desk.page(batch.lease, ("life", "machine", "unpaid_due_day"))
    live = page["life"] == LeaseLife.LIVE
    dpd_days = days_past_due(page["unpaid_due_day"], desk.today)
    code = refusals(
        (four_eyes_missing(batch.maker, batch.checker, live.size), Refusal.NEEDS_FOUR_EYES),
        *page.checks,
        (~live, Refusal.HOLD_NOT_LIVE),
        (dpd_days < desk.policy.hold_dpd_days, Refusal.HOLD_TOO_EARLY),
        (_where(page, live, lambda row: _is_stopped(desk, row)), Refusal.HOLD_ALREADY),
    )
    _order(desk, batch, page["machine"], code, ActionKind.IMMOBILISE)
    return Done(code)


def free(desk: Desk, batch: FreeBatch) -> Done:
    """Let machines start again."""
    page = desk.page(batch.lease, ("machine",))
    known = np.ones(batch.lease.size, np.bool_)
    code = refusals(
        (four_eyes_missing(batch.maker, batch.checker, known.size), Refusal.NEEDS_FOUR_EYES),
        *page.checks,
        (_where(page, known, lambda row: not _is_stopped(desk, row)), Refusal.FREE_NOT_HELD),
    )
    _order(desk, batch, page["machine"], code, ActionKind.RELEASE)
    return Done(code)


def _where(page: Page, rows: Mask, holds: Callable[[int], bool]) -> Mask:
    """For which of these rows it holds of the machine; bool (n,)."""
    found = np.zeros(rows.size, np.bool_)
    for row in np.flatnonzero(rows & page.usable).tolist():
        found[row] = holds(int(page["machine"][row]))
    return found


def _is_stopped(desk: Desk, machine: int) -> bool:
    return orders.is_stopped(desk.unit, machine)


def _order(
    desk: Desk, batch: HoldBatch | FreeBatch, machine: I64, code: I64, kind: ActionKind
) -> None:
    for row in np.flatnonzero(code == 0).tolist():
        cause = orders.Cause(
            f"{batch.command_id}/{int(batch.lease[row])}",
            "",
            int(machine[row]),
            kind,
            batch.maker,
            batch.checker,
            batch.note,
        )
        orders.write_down(desk.unit, cause, desk.now_s)


def lessee_of(unit: BookUnit, machine: int) -> int | None:
    """Who has the machine on a live lease; None for nobody."""
    row = np.array([machine], np.int64)
    lease = unit.read(MACHINES, ("lease",), row)["lease"] - 1
    if int(lease[0]) < 0:
        return None
    held = unit.read(LEASES, ("life", "lessee"), lease)
    return int(held["lessee"][0]) if int(held["life"][0]) == LeaseLife.LIVE else None


def freeze_limit(unit: BookUnit, lessee: int) -> None:
    """Cut a lessee's limit to what it has out and owes: no further machine until it is raised."""
    row = np.array([lessee], np.int64)
    limit_fen = unit.read(LESSEES, ("limit_fen",), row)["limit_fen"]
    held_fen = exposure(unit).total_fen[row]
    unit.write(LESSEES, row, {"limit_fen": np.minimum(limit_fen, held_fen)})
