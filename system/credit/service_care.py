"""Lines in trouble: restructuring, and charge-off by hand or by age."""

from typing import Final

import numpy as np

from system.credit.commands import ChargeOffBatch, RestructureBatch
from system.credit.desk import Desk
from system.credit.events import Kind
from system.credit.outcome import Done
from system.credit.records import LINES, LineState
from system.credit.rules import Refusal
from system.credit.service_lines import is_live
from system.credit.service_money import day_not_open
from system.kernels.accrual import fen_unit_raw, whole_fen_half_even
from system.kernels.arrears import days_past_due
from system.kernels.classification import SPECIAL_MENTION, SUBSTANDARD
from system.kernels.columns import I64
from system.kernels.precedence import refusals
from system.limits import BILLS_MAX
from system.subledger.desk import four_eyes_missing

_CLAIM: Final = (
    "principal_fen",
    "interest_due_fen",
    "penalty_due_fen",
    "fee_due_fen",
    "accrued_raw",
    "penalty_raw",
)
# What is not principal, and the kinds by which it becomes principal or loss.
_ADDED: Final = (
    ("interest_due_fen", Kind.INTEREST_CAPITALISED, Kind.INTEREST_WRITTEN_OFF),
    ("penalty_due_fen", Kind.PENALTY_CAPITALISED, Kind.PENALTY_WRITTEN_OFF),
    ("fee_due_fen", Kind.FEE_CAPITALISED, Kind.FEE_WRITTEN_OFF),
)


def restructure(desk: Desk, batch: RestructureBatch) -> Done:
    """Capitalise: interest, penalty and fees become principal, of which nothing is due yet.

    The line is repaid at the policy's slower pace, at the new rate, which is not above the old
    one; nothing more can be drawn until it has been paid in time through its observation.
    """
    page = desk.page(batch.accounts, ("life", "rate_ppm", "unpaid_due_day"))
    dpd_days = days_past_due(page["unpaid_due_day"], desk.today)
    bad_rate = (batch.rate_ppm < 0) | (batch.rate_ppm > page["rate_ppm"])
    n = batch.accounts.size
    code = refusals(
        (four_eyes_missing(batch.maker, batch.checker, n), Refusal.NEEDS_FOUR_EYES),
        *page.checks,
        (day_not_open(desk, page), Refusal.DAY_NOT_OPEN),
        (~is_live(page["life"]), Refusal.RESTRUCTURING_NO_LIVE_LINE),
        (dpd_days == 0, Refusal.RESTRUCTURING_NOT_PAST_DUE),
        (bad_rate, Refusal.RESTRUCTURING_RATE_OUT_OF_BOUNDS),
    )
    done = code == 0
    rows = batch.accounts[done]
    principal_fen = _claim_settled(desk, rows, to_loss=False)
    today, zero = np.full(rows.size, desk.today), np.zeros(rows.size, np.int64)
    held = desk.unit.read(LINES, ("asset_class",), rows)["asset_class"]
    least = np.where(
        dpd_days[done] > desk.policy.classes.substandard_dpd_days, SUBSTANDARD, SPECIAL_MENTION
    )
    life = zero + int(LineState.RESTRUCTURED)
    terms = {
        "principal_fen": principal_fen,
        "limit_fen": principal_fen,
        "rate_ppm": batch.rate_ppm[done],
        "life": life,
        "restructured_day": today,
        "asset_class": np.maximum(held, least),
    }
    desk.write(rows, terms)
    desk.tell(Kind.LIFE_SET, rows, life)
    desk.tell(Kind.LIMIT_SET, rows, principal_fen)
    desk.tell(Kind.RATE_SET, rows, batch.rate_ppm[done])
    return Done(code)


def charge_off(desk: Desk, batch: ChargeOffBatch) -> Done:
    """Give up lines that are past due for longer than the policy's bound."""
    page = desk.page(batch.accounts, ("life", "unpaid_due_day"))
    dpd_days = days_past_due(page["unpaid_due_day"], desk.today)
    n = batch.accounts.size
    code = refusals(
        (four_eyes_missing(batch.maker, batch.checker, n), Refusal.NEEDS_FOUR_EYES),
        *page.checks,
        (day_not_open(desk, page), Refusal.DAY_NOT_OPEN),
        (~is_live(page["life"]), Refusal.CHARGE_OFF_NO_LIVE_LINE),
        (dpd_days <= desk.policy.charge_off_by_hand_dpd_days, Refusal.CHARGE_OFF_TOO_EARLY),
    )
    give_up(desk, batch.accounts[code == 0])
    return Done(code)


def give_up(desk: Desk, rows: I64) -> None:
    """Move all that these lines owe to the loss account; the claim stays for recovery."""
    claim_fen = _claim_settled(desk, rows, to_loss=True)
    zero = np.zeros(rows.size, np.int64)
    life = zero + int(LineState.CHARGED_OFF)
    desk.write(
        rows,
        {
            "principal_fen": zero,
            "limit_fen": zero,
            "frozen_for": zero,
            # Classification is of what the bank still carries.
            "asset_class": zero,
            "written_off_fen": claim_fen,
            "life": life,
        },
    )
    desk.tell(Kind.LIFE_SET, rows, life)
    desk.tell(Kind.LIMIT_SET, rows, zero)


def _claim_settled(desk: Desk, rows: I64, *, to_loss: bool) -> I64:
    """Bill what has run up, and turn all but the principal into principal or loss.

    Clears bills and what was due; leaves the principal to the caller. Returns the whole claim.
    """
    year_days = desk.policy.billing.year_days
    debt = dict(desk.unit.read(LINES, _CLAIM, rows))
    accrued_fen = whole_fen_half_even(debt["accrued_raw"], year_days)
    penalty_fen = whole_fen_half_even(debt["penalty_raw"], year_days)
    desk.tell(Kind.INTEREST_BILLED, rows, accrued_fen)
    desk.tell(Kind.PENALTY_BILLED, rows, penalty_fen)
    debt["interest_due_fen"] = debt["interest_due_fen"] + accrued_fen
    debt["penalty_due_fen"] = debt["penalty_due_fen"] + penalty_fen
    claim_fen = debt["principal_fen"].copy()
    for name, capitalised, written_off in _ADDED:
        desk.tell(written_off if to_loss else capitalised, rows, debt[name])
        claim_fen += debt[name]
    if to_loss:
        desk.tell(Kind.PRINCIPAL_WRITTEN_OFF, rows, debt["principal_fen"])
    unit, zero = fen_unit_raw(year_days), np.zeros(rows.size, np.int64)
    cleared = ("interest_due_fen", "penalty_due_fen", "fee_due_fen", "principal_due_fen")
    after = {
        **dict.fromkeys((*cleared, "overdue_fen", "unpaid_due_day"), zero),
        "accrued_raw": zero if to_loss else debt["accrued_raw"] - accrued_fen * unit,
        "penalty_raw": zero if to_loss else debt["penalty_raw"] - penalty_fen * unit,
        "bill_fen": np.zeros((BILLS_MAX, rows.size), np.int64),
    }
    desk.write(rows, after)
    return claim_fen
