"""Money between bank and merchant: drawdown, repayment, recovery."""

from typing import Final

import numpy as np

from system.credit.commands import DrawBatch, RecoverBatch, RepayBatch
from system.credit.desk import Desk, out_of_bounds
from system.credit.events import Kind
from system.credit.kernels import waterfall
from system.credit.outcome import Outcomes, Recovered, Repaid
from system.credit.records import LINES, LINES_DAYS, Freeze, LineState
from system.credit.rules import Refusal
from system.credit.sandboxed import stopped
from system.credit.service_lines import is_lent_on_data
from system.kernels import arrears
from system.kernels.accrual import fen_unit_raw, whole_fen_half_even
from system.kernels.columns import I64, Mask, nonzero_at
from system.kernels.precedence import refusals
from system.limits import PERIOD_DAYS
from system.parties.consent import Purpose, valid_classes
from system.subledger import bills
from system.subledger.closed_days import last_closed
from system.subledger.desk import Page

_DRAW: Final = (
    "life",
    "frozen_for",
    "basis",
    "limit_fen",
    "principal_fen",
    "unpaid_due_day",
)
_REPAY: Final = (
    "life",
    "rate_ppm",
    "principal_fen",
    "principal_due_fen",
    "interest_due_fen",
    "penalty_due_fen",
    "fee_due_fen",
    "overdue_fen",
    "accrued_raw",
    "penalty_raw",
    "unpaid_due_day",
)


def draw(desk: Desk, batch: DrawBatch) -> Outcomes:
    """Pay out to each merchant what it asks for, or refuse it."""
    page, amount_fen = desk.page(batch.accounts, _DRAW), batch.amount_fen
    code = _draw_refusals(desk, page, amount_fen)
    done = code == 0
    rows = batch.accounts[done]
    desk.write(rows, {"principal_fen": (page["principal_fen"] + amount_fen)[done]})
    desk.tell(Kind.DRAWN, rows, amount_fen[done])
    return Outcomes(code, np.where(done, amount_fen, 0))


def _draw_refusals(desk: Desk, page: Page, amount_fen: I64) -> I64:
    life, frozen_for = page["life"], page["frozen_for"]
    past_due = arrears.days_past_due(page["unpaid_due_day"], desk.today) > 0
    room_fen = page["limit_fen"] - page["principal_fen"]
    return refusals(
        *page.checks,
        (day_not_open(desk, page), Refusal.DAY_NOT_OPEN),
        (out_of_bounds(amount_fen), Refusal.AMOUNT_OUT_OF_BOUNDS),
        (life == LineState.NONE, Refusal.DRAW_NO_LINE),
        (life == LineState.CHARGED_OFF, Refusal.DRAW_CHARGED_OFF),
        (life == LineState.CLOSED, Refusal.DRAW_CLOSED),
        (life == LineState.RESTRUCTURED, Refusal.DRAW_RESTRUCTURED),
        (_consent_gone(desk, page), Refusal.DRAW_CONSENT_WITHDRAWN),
        ((frozen_for & ~int(Freeze.CONSENT)) != 0, Refusal.DRAW_FROZEN),
        (past_due, Refusal.DRAW_PAST_DUE),
        (amount_fen < desk.policy.draw_fen_min, Refusal.DRAW_BELOW_MINIMUM),
        (amount_fen > room_fen, Refusal.DRAW_OVER_LIMIT),
        (stopped(desk, amount_fen.size), Refusal.DRAW_RISK_STOPPED),
    )


def _consent_gone(desk: Desk, page: Page) -> Mask:
    """True for lines granted on data that may no longer be used: withdrawn, or run out."""
    gone: Mask = (page["frozen_for"] & Freeze.CONSENT) != 0
    lent_on_data = np.flatnonzero(is_lent_on_data(page["basis"]) & page.usable)
    rows = page.accounts[lent_on_data]
    gone[lent_on_data] |= valid_classes(desk.unit, Purpose.SCORING, rows, desk.now_s) == 0
    return gone


def day_not_open(desk: Desk, page: Page) -> Mask:
    """True where yesterday is still to be closed, or today is closed already."""
    not_open: Mask = last_closed(desk.unit.rows, LINES_DAYS, page.accounts) != desk.today - 1
    return not_open


def repay(desk: Desk, batch: RepayBatch) -> Repaid:
    """Split each repayment by the waterfall; what is left of it goes back."""
    page, amount_fen = desk.page(batch.accounts, _REPAY), batch.amount_fen
    code = refusals(
        *page.checks,
        (day_not_open(desk, page), Refusal.DAY_NOT_OPEN),
        (out_of_bounds(amount_fen), Refusal.AMOUNT_OUT_OF_BOUNDS),
        (page["life"] == LineState.NONE, Refusal.REPAYMENT_NO_LINE),
        (page["life"] == LineState.CHARGED_OFF, Refusal.REPAYMENT_CHARGED_OFF),
    )
    done = code == 0
    payment = _settle(desk, page, amount_fen, done)
    return Repaid(
        code,
        payment.applied_fen,
        np.where(done, payment.returned_fen, amount_fen),
        payment.fee_fen,
        payment.penalty_fen,
        payment.interest_fen + payment.interest_early_fen,
        payment.principal_fen,
    )


def _settle(desk: Desk, page: Page, amount_fen: I64, done: Mask) -> waterfall.Payment:
    """Take the payments of the rows that are done. The penalty that ran up is billed first."""
    year_days = desk.policy.billing.year_days
    penalty_fen = np.where(done, whole_fen_half_even(page["penalty_raw"], year_days), 0)
    debt = waterfall.Debt(
        page["fee_due_fen"],
        page["penalty_due_fen"] + penalty_fen,
        page["interest_due_fen"],
        page["principal_due_fen"],
        whole_fen_half_even(page["accrued_raw"], year_days),
        page["principal_fen"],
    )
    paid = waterfall.pay(np.where(done, amount_fen, 0), debt)
    rows, unit = page.accounts[done], fen_unit_raw(year_days)
    after = {
        "fee_due_fen": debt.fee_due_fen - paid.fee_fen,
        "penalty_due_fen": debt.penalty_due_fen - paid.penalty_fen,
        "interest_due_fen": debt.interest_due_fen - paid.interest_fen,
        "principal_due_fen": debt.principal_due_fen - paid.principal_due_fen,
        "principal_fen": debt.principal_fen - paid.principal_fen,
        "overdue_fen": np.maximum(page["overdue_fen"] - paid.bills_fen, 0),
        "accrued_raw": page["accrued_raw"] - paid.interest_early_fen * unit,
        "penalty_raw": page["penalty_raw"] - penalty_fen * unit,
    }
    desk.write(rows, {name: column[done] for name, column in after.items()})
    _age(desk, page, paid.bills_fen)
    _tell_paid(desk, page, paid, penalty_fen)
    return paid


def _age(desk: Desk, page: Page, bills_paid_fen: I64) -> None:
    """Let payments of bills settle the oldest, and note how old the next one is."""
    at = nonzero_at(bills_paid_fen)
    if not at.size:
        return
    rows, unpaid = page.accounts[at], page["unpaid_due_day"][at]
    # Today's period is not billed while today is open.
    last_period = desk.today // PERIOD_DAYS - 1
    due_days = desk.policy.billing.due_days
    after = bills.settle(desk.unit, LINES, rows, bills_paid_fen[at], unpaid, last_period, due_days)
    desk.write(rows, {"unpaid_due_day": after})


def _tell_paid(desk: Desk, page: Page, paid: waterfall.Payment, penalty_fen: I64) -> None:
    for kind, amounts in (
        (Kind.PENALTY_BILLED, penalty_fen),
        (Kind.INTEREST_BILLED, paid.interest_early_fen),
        (Kind.FEE_REPAID, paid.fee_fen),
        (Kind.PENALTY_REPAID, paid.penalty_fen),
        (Kind.INTEREST_REPAID, paid.interest_fen + paid.interest_early_fen),
        (Kind.PRINCIPAL_REPAID, paid.principal_fen),
    ):
        desk.tell(kind, page.accounts, amounts)


def recover(desk: Desk, batch: RecoverBatch) -> Recovered:
    """Take money on charged-off claims, up to what was given up."""
    page = desk.page(batch.accounts, ("life", "written_off_fen"))
    amount_fen = batch.amount_fen
    code = refusals(
        *page.checks,
        (day_not_open(desk, page), Refusal.DAY_NOT_OPEN),
        (out_of_bounds(amount_fen), Refusal.AMOUNT_OUT_OF_BOUNDS),
        (page["life"] != LineState.CHARGED_OFF, Refusal.RECOVERY_NOT_CHARGED_OFF),
    )
    done = code == 0
    applied_fen = np.where(done, np.minimum(amount_fen, page["written_off_fen"]), 0)
    rows = page.accounts[done]
    desk.write(rows, {"written_off_fen": (page["written_off_fen"] - applied_fen)[done]})
    desk.tell(Kind.RECOVERED, rows, applied_fen[done])
    return Recovered(code, applied_fen, amount_fen - applied_fen)
