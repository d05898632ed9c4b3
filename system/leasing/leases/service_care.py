"""Giving claims up: by hand, or by age."""

from typing import Final

import numpy as np

from system.kernels.arrears import days_past_due
from system.kernels.columns import I64
from system.kernels.precedence import refusals
from system.leasing.leases.commands import ChargeOffBatch
from system.leasing.leases.desk import Desk
from system.leasing.leases.events import Kind
from system.leasing.leases.outcome import Done
from system.leasing.leases.records import LEASES, Ending, LeaseLife
from system.leasing.leases.rules import Refusal
from system.leasing.leases.service_end import end, fall_into_default
from system.leasing.leases.service_money import set_off
from system.limits import BILLS_MAX
from system.subledger.desk import four_eyes_missing

# What a lease owes, and the kinds by which it becomes loss.
_CLAIM: Final = (
    ("fee_due_fen", Kind.FEE_WRITTEN_OFF),
    ("penalty_due_fen", Kind.PENALTY_WRITTEN_OFF),
    ("rent_due_fen", Kind.RENT_WRITTEN_OFF),
)


def charge_off(desk: Desk, batch: ChargeOffBatch) -> Done:
    """Give up leases that are past due for longer than the policy's bound."""
    page = desk.page(batch.lease, ("life", "unpaid_due_day"))
    dpd_days = days_past_due(page["unpaid_due_day"], desk.today)
    gone = (page["life"] != LeaseLife.LIVE) & (page["life"] != LeaseLife.ENDED)
    code = refusals(
        (four_eyes_missing(batch.maker, batch.checker, gone.size), Refusal.NEEDS_FOUR_EYES),
        *page.checks,
        desk.not_open(page),
        (gone | (page["unpaid_due_day"] == 0), Refusal.CHARGE_OFF_NOTHING_OWED),
        (dpd_days <= desk.policy.charge_off_by_hand_dpd_days, Refusal.CHARGE_OFF_TOO_EARLY),
    )
    done = code == 0
    live = page["life"][done] == LeaseLife.LIVE
    end(desk, batch.lease[done][live], Ending.LOST)
    give_up(desk, batch.lease[done], dpd_days[done])
    return Done(code)


def give_up(desk: Desk, leases: I64, dpd_days: I64) -> None:
    """Move all that ended leases owe to the loss account, once the deposit has paid what it can.

    The claim stays for recovery.
    """
    fall_into_default(desk, leases, dpd_days)
    # This also bills the penalty that ran up, with or without a deposit.
    set_off(desk, leases)
    claim_fen = np.zeros(leases.size, np.int64)
    debt = dict(desk.unit.read(LEASES, [name for name, _ in _CLAIM], leases))
    for name, kind in _CLAIM:
        desk.tell(kind, leases, debt[name])
        claim_fen = claim_fen + debt[name]
    nothing = np.zeros(leases.size, np.int64)
    cleared = ("disputed_fen", "overdue_fen", "penalty_raw", "unpaid_due_day", "asset_class")
    desk.write(
        leases,
        {
            **dict.fromkeys((*cleared, *(name for name, _ in _CLAIM)), nothing),
            "written_off_fen": claim_fen,
            "bill_fen": np.zeros((BILLS_MAX, leases.size), np.int64),
        },
    )
    desk.set_life(leases, LeaseLife.CHARGED_OFF)
