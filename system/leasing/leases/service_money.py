"""Money between lessor and lessee: payment, recovery, the deposit."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from system.kernels.accrual import fen_unit_raw, whole_fen_half_even
from system.kernels.allocation import fill_in_order
from system.kernels.columns import I64, Mask
from system.kernels.precedence import refusals
from system.leasing.leases.commands import PayBatch, RecoverBatch, SettleBatch
from system.leasing.leases.desk import Desk, out_of_bounds
from system.leasing.leases.events import Kind
from system.leasing.leases.outcome import Paid, Recovered, Settled
from system.leasing.leases.records import LEASES, LeaseLife
from system.leasing.leases.rules import Refusal
from system.subledger import bills

_DEBT: Final = (
    "fee_due_fen",
    "penalty_due_fen",
    "rent_due_fen",
    "disputed_fen",
    "overdue_fen",
    "penalty_raw",
    "unpaid_due_day",
)
# What settles fees, penalty and rent, by where the money comes from.
_CASH: Final = (Kind.FEE_PAID, Kind.PENALTY_PAID, Kind.RENT_PAID)
_DEPOSIT: Final = (Kind.FEE_SET_OFF, Kind.PENALTY_SET_OFF, Kind.RENT_SET_OFF)


@dataclass(frozen=True, slots=True)
class Taken:
    """Parts of each amount, int64 (n,) fen; with ``left_fen`` they are all of it."""

    fee_fen: I64
    penalty_fen: I64
    rent_fen: I64
    left_fen: I64

    @property
    def applied_fen(self) -> I64:
        return self.fee_fen + self.penalty_fen + self.rent_fen


def pay(desk: Desk, batch: PayBatch) -> Paid:
    """Split each payment: fees, penalty, rent by age; what is left of it goes back.

    A disputed part of a bill is not asked for, and not taken.
    """
    page, amount_fen = desk.page(batch.lease, ("life",)), batch.amount_fen
    code = refusals(
        *page.checks,
        desk.not_open(page),
        (out_of_bounds(amount_fen), Refusal.AMOUNT_OUT_OF_BOUNDS),
        (page["life"] == LeaseLife.CLOSED, Refusal.PAYMENT_CLOSED),
        (page["life"] == LeaseLife.CHARGED_OFF, Refusal.PAYMENT_CHARGED_OFF),
    )
    done = code == 0
    taken = take(desk, batch.lease[done], amount_fen[done])
    spread = [_spread(part, done) for part in (taken.fee_fen, taken.penalty_fen, taken.rent_fen)]
    applied_fen = sum(spread, np.zeros_like(amount_fen))
    return Paid(code, applied_fen, amount_fen - applied_fen, *spread)


def _spread(values: I64, done: Mask) -> I64:
    wide = np.zeros(done.size, np.int64)
    wide[done] = values
    return wide


def take(desk: Desk, leases: I64, amount_fen: I64, kinds: tuple[Kind, Kind, Kind] = _CASH) -> Taken:
    """Apply amounts to what leases owe. The penalty that ran up is billed first."""
    year_days = desk.policy.year_days
    debt = desk.unit.read(LEASES, _DEBT, leases)
    run_up_fen = whole_fen_half_even(debt["penalty_raw"], year_days)
    penalty_fen = debt["penalty_due_fen"] + run_up_fen
    payable_fen = debt["rent_due_fen"] - debt["disputed_fen"]
    parts, left_fen = fill_in_order(amount_fen, (debt["fee_due_fen"], penalty_fen, payable_fen))
    fee_fen, paid_fen, rent_fen = parts
    taken = Taken(fee_fen, paid_fen, rent_fen, left_fen)
    desk.write(
        leases,
        {
            "fee_due_fen": debt["fee_due_fen"] - taken.fee_fen,
            "penalty_due_fen": penalty_fen - taken.penalty_fen,
            "rent_due_fen": debt["rent_due_fen"] - taken.rent_fen,
            "overdue_fen": np.maximum(debt["overdue_fen"] - taken.rent_fen, 0),
            "penalty_raw": debt["penalty_raw"] - run_up_fen * fen_unit_raw(year_days),
        },
    )
    clear = (taken.fee_fen == debt["fee_due_fen"]) & (payable_fen == 0)
    unpaid = np.where(clear, 0, debt["unpaid_due_day"])
    # Fees come first: who paid rent owes none.
    at = np.flatnonzero(taken.rent_fen)
    if at.size:
        paid_fen, due_days = taken.rent_fen[at], desk.policy.due_days
        unpaid[at] = bills.settle(
            desk.unit, LEASES, leases[at], paid_fen, unpaid[at], desk.period, due_days
        )
    desk.write(leases, {"unpaid_due_day": unpaid})
    desk.tell(Kind.PENALTY_BILLED, leases, run_up_fen)
    for kind, part in zip(kinds, parts, strict=True):
        desk.tell(kind, leases, part)
    return taken


def recover(desk: Desk, batch: RecoverBatch) -> Recovered:
    """Take money on charged-off claims, up to what was given up."""
    page, amount_fen = desk.page(batch.lease, ("life", "written_off_fen")), batch.amount_fen
    code = refusals(
        *page.checks,
        desk.not_open(page),
        (out_of_bounds(amount_fen), Refusal.AMOUNT_OUT_OF_BOUNDS),
        (page["life"] != LeaseLife.CHARGED_OFF, Refusal.RECOVERY_NOT_CHARGED_OFF),
    )
    done = code == 0
    applied_fen = np.where(done, np.minimum(amount_fen, page["written_off_fen"]), 0)
    rows = batch.lease[done]
    desk.write(rows, {"written_off_fen": (page["written_off_fen"] - applied_fen)[done]})
    desk.tell(Kind.RECOVERED, rows, applied_fen[done])
    return Recovered(code, applied_fen, amount_fen - applied_fen)


def settle(desk: Desk, batch: SettleBatch) -> Settled:
    """Set deposits off; where nothing is owed then, return the rest and close the lease."""
    page = desk.page(batch.lease, ("life",))
    code = refusals(
        *page.checks,
        desk.not_open(page),
        (page["life"] != LeaseLife.ENDED, Refusal.SETTLEMENT_NOT_ENDED),
    )
    done = code == 0
    leases = batch.lease[done]
    set_off_fen = set_off(desk, leases)
    owed = desk.unit.read(LEASES, (*_DEBT, "deposit_fen"), leases)
    clear = (owed["fee_due_fen"] + owed["penalty_due_fen"] + owed["rent_due_fen"]) == 0
    returned_fen = np.where(clear, owed["deposit_fen"], 0)
    nothing = np.zeros(int(clear.sum()), np.int64)
    desk.write(leases, {"deposit_fen": owed["deposit_fen"] - returned_fen})
    # A remainder of less than half a fen of penalty is not asked for.
    desk.write(leases[clear], {"penalty_raw": nothing, "asset_class": nothing})
    desk.set_life(leases[clear], LeaseLife.CLOSED)
    desk.tell(Kind.DEPOSIT_RETURNED, leases, returned_fen)
    return Settled(code, _spread(set_off_fen, done), _spread(returned_fen, done))


def set_off(desk: Desk, leases: I64) -> I64:
    """Use deposits to pay what these leases owe. Returns int64 (n,) fen, what was used."""
    deposit_fen = desk.unit.read(LEASES, ("deposit_fen",), leases)["deposit_fen"]
    taken = take(desk, leases, deposit_fen, _DEPOSIT)
    desk.write(leases, {"deposit_fen": taken.left_fen})
    return taken.applied_fen
