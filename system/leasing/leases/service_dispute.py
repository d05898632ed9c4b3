"""Disputes about hours: what is claimed stops ageing; what is found becomes a credit note.

A dispute keeps the evidence of both sides. While it is open, the part of the bill that hangs on it
is not asked for, does not age, and costs no penalty; rejected, it counts from its old due date.
"""

from dataclasses import replace

import numpy as np

from system.kernels.columns import I64, Mask
from system.kernels.precedence import refusals
from system.leasing.leases import billing
from system.leasing.leases.commands import DecideBatch, DisputeBatch
from system.leasing.leases.desk import Desk
from system.leasing.leases.events import Kind
from system.leasing.leases.outcome import Outcomes
from system.leasing.leases.records import (
    DISPUTES,
    LEASES,
    Dispute,
    DisputeState,
    LeaseLife,
)
from system.leasing.leases.rules import Refusal
from system.leasing.leases.service_money import take
from system.limits import BILLS_MAX, PERIOD_DAYS
from system.subledger.desk import Page, four_eyes_missing

_LEASE = ("life", "billed_period", *billing.TERMS)


def open_disputes(desk: Desk, batch: DisputeBatch) -> Outcomes:
    """Note what lessees claim; the amount is what is no longer asked for."""
    page = desk.page(batch.lease, _LEASE)
    no_bill = _has_no_bill(desk, page, batch.period)
    billed_s = np.zeros(no_bill.size, np.int64)
    ok = np.flatnonzero(~no_bill)
    billed_s[ok] = _use(desk, batch.lease[ok], batch.period[ok]) // 2
    known = np.zeros(no_bill.size, np.bool_)
    known[ok] = [row is not None for row in _rows(desk, batch.lease[ok], batch.period[ok])]
    code = refusals(
        *page.checks,
        desk.not_open(page),
        (no_bill, Refusal.DISPUTE_NO_BILL),
        (known, Refusal.DISPUTE_ALREADY),
        ((batch.claimed_s < 0) | (batch.claimed_s >= billed_s), Refusal.DISPUTE_NOTHING_CLAIMED),
        (page["life"] == LeaseLife.CHARGED_OFF, Refusal.DISPUTE_CHARGED_OFF),
    )
    done = np.flatnonzero(code == 0)
    amount_fen = np.zeros(code.size, np.int64)
    amount_fen[done] = _suspend(desk, page, batch, billed_s, done)
    return Outcomes(code, amount_fen)


def _has_no_bill(desk: Desk, page: Page, period: I64) -> Mask:
    """True where this period was not billed, or too long ago."""
    latest = page["billed_period"] - 1
    first = np.maximum(page["from_day"] // PERIOD_DAYS, desk.period - desk.policy.dispute_periods)
    none: Mask = ~page.usable | (period > latest) | (period < first)
    return none


def _use(desk: Desk, leases: I64, period: I64) -> I64:
    use = desk.unit.read(LEASES, ("bill_use",), leases)["bill_use"]
    found: I64 = use[period % BILLS_MAX, np.arange(leases.size)]
    return found


def _rows(desk: Desk, leases: I64, period: I64) -> list[Dispute | None]:
    return desk.unit.rows.get(DISPUTES, list(zip(leases.tolist(), period.tolist(), strict=True)))


def _suspend(desk: Desk, page: Page, batch: DisputeBatch, billed_s: I64, done: I64) -> I64:
    """Take the disputed parts out of the bills. Returns them, int64 (k,) fen."""
    leases, period = batch.lease[done], batch.period[done]
    worth_fen = _worth(desk, page, done, period, billed_s[done], batch.claimed_s[done])
    part_fen = np.minimum(worth_fen, billing.left_of(desk, leases, period))
    billing.take_off(desk, leases, period, part_fen)
    held_fen = desk.unit.read(LEASES, ("disputed_fen",), leases)["disputed_fen"]
    desk.write(leases, {"disputed_fen": held_fen + part_fen})
    desk.tell(Kind.RENT_DISPUTED, leases, part_fen)
    columns = (leases, period, billed_s[done], batch.claimed_s[done], part_fen)
    desk.unit.rows.insert(
        DISPUTES,
        [
            Dispute(
                lease,
                at,
                int(DisputeState.OPEN),
                billed,
                claimed,
                fen,
                batch.evidence,
                desk.now_s,
                0,
                0,
                "",
                "",
                "",
                0,
            )
            for lease, at, billed, claimed, fen in zip(
                *(column.tolist() for column in columns), strict=True
            )
        ],
    )
    return part_fen


def _worth(desk: Desk, page: Page, rows: I64, period: I64, more_s: I64, less_s: I64) -> I64:
    """What the bill costs with more hours than with less."""
    terms = {name: page[name][rows] for name in billing.TERMS}
    worth_fen: I64 = billing.bill_of(desk, terms, period, more_s) - billing.bill_of(
        desk, terms, period, less_s
    )
    return worth_fen


def decide(desk: Desk, batch: DecideBatch) -> Outcomes:
    """Settle disputes by the hours that were found; the amount is the credit note's."""
    page = desk.page(batch.lease, _LEASE)
    found = _rows(desk, batch.lease, batch.period)
    billed_s, claimed_s, disputed_fen = _columns(found)
    settled = np.array([row is not None and row.state != DisputeState.OPEN for row in found])
    code = refusals(
        (four_eyes_missing(batch.maker, batch.checker, len(found)), Refusal.NEEDS_FOUR_EYES),
        *page.checks,
        desk.not_open(page),
        (np.array([row is None for row in found]), Refusal.DECISION_NO_DISPUTE),
        (settled, Refusal.DECISION_ALREADY),
        ((batch.found_s < claimed_s) | (batch.found_s > billed_s), Refusal.DECISION_OUT_OF_BOUNDS),
    )
    done = np.flatnonzero(code == 0)
    period, leases = batch.period[done], batch.lease[done]
    credit_fen = np.zeros(code.size, np.int64)
    credit_fen[done] = _worth(desk, page, done, period, billed_s[done], batch.found_s[done])
    live = page["life"][done] != LeaseLife.CHARGED_OFF
    _put_back(desk, leases[live], period[live], disputed_fen[done][live], credit_fen[done][live])
    _reduce_claim(desk, leases[~live], credit_fen[done][~live])
    _forget_guess(desk, leases, period, billed_s[done] - batch.found_s[done])
    _note(desk, batch, found, credit_fen, done)
    return Outcomes(code, credit_fen)


def _columns(found: list[Dispute | None]) -> tuple[I64, I64, I64]:
    rows = [
        (row.billed_s, row.claimed_s, row.disputed_fen) if row is not None else (0, 0, 0)
        for row in found
    ]
    billed, claimed, disputed = np.array(rows, np.int64).reshape(-1, 3).T
    return billed, claimed, disputed


def _put_back(desk: Desk, leases: I64, period: I64, disputed_fen: I64, credit_fen: I64) -> None:
    """The disputed part belongs to the bill again, less the credit note."""
    # A bill that has left the ring counts with the oldest that a lease carries.
    plane = np.maximum(period, desk.period - BILLS_MAX + 2)
    held_fen = desk.unit.read(LEASES, ("disputed_fen",), leases)["disputed_fen"]
    desk.write(leases, {"disputed_fen": held_fen - disputed_fen})
    billing.take_off(desk, leases, plane, -disputed_fen)
    # What was paid too much pays what else is owed, and goes back if nothing is.
    take(desk, leases, billing.credit(desk, leases, plane, credit_fen))


def _reduce_claim(desk: Desk, leases: I64, credit_fen: I64) -> None:
    """The lease was given up meanwhile: its claim shrinks."""
    held_fen = desk.unit.read(LEASES, ("written_off_fen",), leases)["written_off_fen"]
    less_fen = np.minimum(held_fen, credit_fen)
    desk.write(leases, {"written_off_fen": held_fen - less_fen})
    desk.tell(Kind.CLAIM_REDUCED, leases, less_fen)


def _forget_guess(desk: Desk, leases: I64, period: I64, off_s: I64) -> None:
    """Estimated hours that were not worked come again with the counter, if they were."""
    guessed = _use(desk, leases, period) % 2
    billed_s = desk.unit.read(LEASES, ("billed_s",), leases)["billed_s"]
    desk.write(leases, {"billed_s": billed_s - off_s * guessed})


def _note(
    desk: Desk, batch: DecideBatch, found: list[Dispute | None], credit_fen: I64, done: I64
) -> None:
    changed = []
    for at in done.tolist():
        row, hours_s = found[at], int(batch.found_s[at])
        assert row is not None
        state = DisputeState.UPHELD if hours_s < row.billed_s else DisputeState.REJECTED
        changed.append(
            replace(
                row,
                state=int(state),
                found_s=hours_s,
                credited_fen=int(credit_fen[at]),
                note=batch.note,
                maker=batch.maker,
                checker=batch.checker,
                decided_at_s=desk.now_s,
            )
        )
    desk.unit.rows.replace(DISPUTES, changed)
