"""A line's life by people's decision: grant, freeze, unfreeze, close."""

from collections.abc import Mapping
from typing import Final

import numpy as np

from system.credit.commands import (
    CloseBatch,
    FreezeBatch,
    GrantBatch,
    KeepOutBatch,
    UnfreezeBatch,
)
from system.credit.desk import Desk, out_of_bounds
from system.credit.events import Kind
from system.credit.outcome import Done
from system.credit.records import AssetClass, Basis, Freeze, LineState
from system.credit.rules import Refusal
from system.credit.sandboxed import outside, stopped
from system.kernels.accrual import whole_fen_half_even
from system.kernels.columns import I64, Mask
from system.kernels.precedence import refusals
from system.subledger.desk import Page, four_eyes_missing

_DEBT: Final = ("principal_fen", "interest_due_fen", "penalty_due_fen", "fee_due_fen")
_RUNNING: Final = ("accrued_raw", "penalty_raw")


def grant(desk: Desk, batch: GrantBatch) -> Done:
    """Open lines, or renew open ones, at the officers' limit and rate."""
    page = desk.page(batch.accounts, ("life", "frozen_for"))
    life = page["life"]
    too_dear = (batch.rate_ppm < 0) | (batch.rate_ppm > desk.policy.price.cap_ppm)
    code = refusals(
        (four_eyes_missing(batch.maker, batch.checker, life.size), Refusal.NEEDS_FOUR_EYES),
        *page.checks,
        (out_of_bounds(batch.limit_fen), Refusal.AMOUNT_OUT_OF_BOUNDS),
        (life == LineState.CHARGED_OFF, Refusal.GRANT_LINE_CHARGED_OFF),
        (life == LineState.RESTRUCTURED, Refusal.GRANT_LINE_RESTRUCTURED),
        (too_dear, Refusal.GRANT_RATE_OUT_OF_BOUNDS),
        (batch.limit_fen > desk.policy.limit.sandbox_fen_max, Refusal.GRANT_ABOVE_SANDBOX),
        (stopped(desk, life.size), Refusal.GRANT_RISK_STOPPED),
        (is_listed(page["frozen_for"]), Refusal.GRANT_LISTED),
    )
    fit = np.flatnonzero(code == 0)
    beyond = outside(desk, batch.accounts[fit], batch.limit_fen[fit])
    code[fit[beyond]] = Refusal.GRANT_ABOVE_SANDBOX
    done = code == 0
    zeros = np.zeros(int(done.sum()), np.int64)
    terms = {
        "limit_fen": batch.limit_fen[done],
        "rate_ppm": batch.rate_ppm[done],
        "basis": zeros + batch.basis,
        "pd_ppm": zeros,
        "score": zeros,
    }
    open_lines(desk, batch.accounts[done], life[done] == LineState.OPEN, terms)
    return Done(code)


def open_lines(desk: Desk, rows: I64, renewed: Mask, terms: Mapping[str, I64]) -> None:
    """Open lines on these terms, or renew those that are open; debts stay as they are.

    terms: limit_fen, rate_ppm, basis, pd_ppm, score. A renewed line keeps its category.
    """
    today = np.full(rows.size, desk.today, np.int64)
    desk.write(
        rows,
        {
            **terms,
            "pd_granted_ppm": terms["pd_ppm"],
            "granted_day": today,
            "limit_up_day": today,
            "life": np.full(rows.size, int(LineState.OPEN)),
        },
    )
    fresh = rows[~renewed]
    desk.write(fresh, {"asset_class": np.full(fresh.size, int(AssetClass.NORMAL))})
    desk.tell(Kind.LIFE_SET, fresh, np.full(fresh.size, int(LineState.OPEN)))
    desk.tell(Kind.LIMIT_SET, rows, terms["limit_fen"])
    desk.tell(Kind.RATE_SET, rows, terms["rate_ppm"])


def freeze(desk: Desk, batch: FreezeBatch) -> Done:
    """Stop drawing on live lines."""
    page = desk.page(batch.accounts, ("life", "frozen_for"))
    code = refusals(
        *page.checks,
        (~is_live(page["life"]), Refusal.FREEZE_NO_LIVE_LINE),
        ((page["frozen_for"] & Freeze.OFFICER) != 0, Refusal.FREEZE_ALREADY),
    )
    set_freeze(desk, page, page["frozen_for"] | int(Freeze.OFFICER), code == 0)
    return Done(code)


def unfreeze(desk: Desk, batch: UnfreezeBatch) -> Done:
    """Lift officers' freezes, where it is for officers to decide."""
    page = desk.page(batch.accounts, ("life", "frozen_for"))
    code = refusals(
        *page.checks,
        (is_listed(page["frozen_for"]), Refusal.UNFREEZE_LISTED),
        ((page["frozen_for"] & Freeze.OFFICER) == 0, Refusal.UNFREEZE_NOT_FROZEN),
    )
    set_freeze(desk, page, page["frozen_for"] & ~int(Freeze.OFFICER), code == 0)
    return Done(code)


def keep_out(desk: Desk, batch: KeepOutBatch) -> Done:
    """Note whom a sanctions list keeps out, and whom no longer; of the same again nothing is told.

    A merchant without a line is noted too: it gets none.
    """
    page = desk.page(batch.accounts, ("frozen_for",))
    code, before = refusals(*page.checks), page["frozen_for"]
    after = np.where(batch.listed, before | int(Freeze.LISTED), before & ~int(Freeze.LISTED))
    set_freeze(desk, page, after, (code == 0) & (after != before))
    return Done(code)


def is_listed(frozen_for: I64) -> Mask:
    """True for merchants whom a sanctions list keeps out."""
    listed: Mask = (frozen_for & Freeze.LISTED) != 0
    return listed


def is_live(life: I64) -> Mask:
    """True for lines that are open or restructured."""
    live: Mask = (life == LineState.OPEN) | (life == LineState.RESTRUCTURED)
    return live


def is_lent_on_data(basis: I64) -> Mask:
    """True for lines that live and fall with consent to the merchant's data."""
    on_data: Mask = (basis == Basis.SCORE) | (basis == Basis.EXPLORED)
    return on_data


def set_freeze(desk: Desk, page: Page, frozen_for: I64, done: Mask) -> None:
    """Put the new causes on the lines of the rows that are done."""
    rows = page.accounts[done]
    desk.write(rows, {"frozen_for": frozen_for[done]})
    desk.tell(Kind.FREEZE_SET, rows, frozen_for[done])


def close(desk: Desk, batch: CloseBatch) -> Done:
    """End lines without debt. Interest of less than half a fen is not asked for."""
    page = desk.page(batch.accounts, ("life", "frozen_for", *_DEBT, *_RUNNING))
    year_days = desk.policy.billing.year_days
    owed = [page[name] for name in _DEBT]
    owed += [whole_fen_half_even(page[name], year_days) for name in _RUNNING]
    code = refusals(
        *page.checks,
        (~is_live(page["life"]), Refusal.CLOSING_NO_LIVE_LINE),
        (np.logical_or.reduce(owed), Refusal.CLOSING_DEBT_LEFT),
    )
    rows = batch.accounts[code == 0]
    nothing = np.zeros(rows.size, np.int64)
    closed = nothing + int(LineState.CLOSED)
    cleared = dict.fromkeys(("limit_fen", "asset_class", *_RUNNING), nothing)
    # Whoever is listed stays so without a line.
    frozen_for = page["frozen_for"][code == 0] & Freeze.LISTED
    desk.write(rows, {"life": closed, "frozen_for": frozen_for, **cleared})
    desk.tell(Kind.LIFE_SET, rows, closed)
    desk.tell(Kind.LIMIT_SET, rows, nothing)
    return Done(code)
