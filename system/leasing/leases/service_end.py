"""How leases end or go on: return, renewal, purchase, repossession, and sale of the machine."""

from typing import Final

import numpy as np

from system.kernels import arrears
from system.kernels.arrears import days_past_due
from system.kernels.columns import I64, Mask
from system.kernels.precedence import refusals
from system.leasing.kernels.leaving import leave_fee_floor
from system.leasing.leases import billing
from system.leasing.leases.commands import (
    BuyBatch,
    RenewBatch,
    RepossessBatch,
    ReturnBatch,
    SellBatch,
)
from system.leasing.leases.desk import Desk, out_of_bounds
from system.leasing.leases.events import Kind
from system.leasing.leases.outcome import Done, Outcomes, Returned
from system.leasing.leases.records import LEASES, Ending, LeaseLife
from system.leasing.leases.rules import Refusal
from system.leasing.leases.service_money import set_off, take
from system.leasing.leases.tariffs import Plan, by_tariff, plans
from system.leasing.leases.usage import no_meter
from system.leasing.records import MACHINES
from system.limits import BILLS_MAX
from system.subledger.desk import Page, four_eyes_missing

_TERM_DAYS_MAX: Final = 3_660
_LEAVING: Final = (
    "tariff",
    "rent_fen",
    "until_day",
    "unpaid_due_day",
    "fee_due_fen",
    "term_engine_s_max",
    "billed_s",
)


def give_back(desk: Desk, batch: ReturnBatch) -> Returned:
    """Take machines back: the last bill, and the fee for leaving before the term."""
    page = desk.page(batch.lease, ("life",))
    code = refusals(
        *page.checks,
        desk.not_open(page),
        (page["life"] != LeaseLife.LIVE, Refusal.RETURN_NOT_LIVE),
        (no_meter(batch.counter_s), Refusal.RETURN_METER_OUT_OF_BOUNDS),
    )
    done = np.flatnonzero(code == 0)
    leases = batch.lease[done]
    amounts = [np.zeros(code.size, np.int64) for _ in range(3)]
    bill_fen, credit_fen = end(desk, leases, Ending.RETURNED, batch.counter_s[done])
    parts = (bill_fen, _charge_leave(desk, leases), credit_fen)
    for column, part in zip(amounts, parts, strict=True):
        column[done] = part
    return Returned(code, *amounts)


def _charge_leave(desk: Desk, leases: I64) -> I64:
    """The fee for leaving early; a machine that has worked the term's hours may leave."""
    columns = desk.unit.read(LEASES, _LEAVING, leases)
    worked = (columns["term_engine_s_max"] > 0) & (
        columns["billed_s"] >= columns["term_engine_s_max"]
    )
    days_left = np.where(worked, 0, columns["until_day"] - 1 - desk.today)

    def work(plan: Plan, rows: I64) -> I64:
        least_ppm = np.full(rows.size, plan.tariff.least_ppm)
        return leave_fee_floor(columns["rent_fen"][rows], least_ppm, days_left[rows], plan.leave)

    fee_fen = by_tariff(plans(desk.unit.rows), columns["tariff"], work)
    unpaid = columns["unpaid_due_day"]
    due_day = arrears.due_day(desk.period, desk.policy.due_days)
    desk.write(
        leases,
        {
            "fee_due_fen": columns["fee_due_fen"] + fee_fen,
            "unpaid_due_day": np.where((unpaid == 0) & (fee_fen > 0), due_day, unpaid),
        },
    )
    desk.tell(Kind.FEE_CHARGED, leases, fee_fen)
    return fee_fen


def end(desk: Desk, leases: I64, ending: Ending, meter_s: I64 | None = None) -> tuple[I64, I64]:
    """Stop rent today: the last bill, and a credit note for hours that were billed too many.

    Returns int64 (n,) fen each.
    """
    how = np.full(leases.size, int(ending))
    desk.write(leases, {"end_day": np.full(leases.size, desk.today), "ending": how})
    desk.tell(Kind.ENDING_SET, leases, how)
    desk.set_life(leases, LeaseLife.ENDED)
    issued = billing.issue(desk, leases, meter_s)
    return issued.bill_fen, _credit_overestimate(desk, leases, issued.over_s)


def _credit_overestimate(desk: Desk, leases: I64, over_s: I64) -> I64:
    """Hours of the bill before this one that the counters do not bear out, where estimated."""
    credit_fen = np.zeros(leases.size, np.int64)
    before = desk.period - 1
    use = desk.unit.read_plane(LEASES, "bill_use", before % BILLS_MAX, leases)
    at = np.flatnonzero((over_s > 0) & (use % 2 == 1))
    rows, billed_s = leases[at], use[at] // 2
    terms = desk.unit.read(LEASES, billing.TERMS, rows)
    period = np.full(rows.size, before)
    found_s = np.maximum(billed_s - over_s[at], 0)
    credit_fen[at] = billing.bill_of(desk, terms, period, billed_s) - billing.bill_of(
        desk, terms, period, found_s
    )
    take(desk, rows, billing.credit(desk, rows, period, credit_fen[at]))
    return credit_fen


def renew(desk: Desk, batch: RenewBatch) -> Done:
    """Prolong terms."""
    page = desk.page(batch.lease, ("life", "until_day", "unpaid_due_day"))
    too_long = batch.until_day > desk.today + _TERM_DAYS_MAX
    code = refusals(
        *page.checks,
        (page["life"] != LeaseLife.LIVE, Refusal.RENEWAL_NOT_LIVE),
        ((batch.until_day <= page["until_day"]) | too_long, Refusal.RENEWAL_TERM_OUT_OF_BOUNDS),
        (_past_due(desk, page), Refusal.RENEWAL_PAST_DUE),
    )
    done = code == 0
    desk.write(batch.lease[done], {"until_day": batch.until_day[done]})
    desk.tell(Kind.UNTIL_SET, batch.lease[done], batch.until_day[done])
    return Done(code)


def _past_due(desk: Desk, page: Page) -> Mask:
    late: Mask = days_past_due(page["unpaid_due_day"], desk.today) > 0
    return late


def buy(desk: Desk, batch: BuyBatch) -> Outcomes:
    """Sell machines to their lessees at the contract's price; the last bill is theirs to pay."""
    page = desk.page(batch.lease, ("life", "option_fen", "until_day", "unpaid_due_day"))
    code = refusals(
        *page.checks,
        desk.not_open(page),
        (page["life"] != LeaseLife.LIVE, Refusal.PURCHASE_NOT_LIVE),
        (page["option_fen"] == 0, Refusal.PURCHASE_NO_OPTION),
        (desk.today < page["until_day"], Refusal.PURCHASE_TOO_EARLY),
        (_past_due(desk, page), Refusal.PURCHASE_PAST_DUE),
    )
    done = code == 0
    leases = batch.lease[done]
    end(desk, leases, Ending.BOUGHT)
    _sold(desk, leases, page["option_fen"][done])
    return Outcomes(code, np.where(done, page["option_fen"], 0))


def _sold(desk: Desk, leases: I64, price_fen: I64) -> None:
    desk.write(leases, {"sold_day": np.full(leases.size, desk.today)})
    desk.tell(Kind.MACHINE_SOLD, leases, price_fen)


def repossess(desk: Desk, batch: RepossessBatch) -> Done:
    """Take machines back for arrears or another breach; the deposit pays what it can.

    A lease that is given up keeps its claim; the machine is back all the same.
    """
    page = desk.page(batch.lease, ("life", "ending", "unpaid_due_day", "default_day"))
    dpd_days = days_past_due(page["unpaid_due_day"], desk.today)
    live, lost = page["life"] == LeaseLife.LIVE, page["ending"] == Ending.LOST
    soon = live & (dpd_days < desk.policy.repossession_dpd_days) & ~batch.breach
    code = refusals(
        (four_eyes_missing(batch.maker, batch.checker, live.size), Refusal.NEEDS_FOUR_EYES),
        *page.checks,
        desk.not_open(page),
        (~(live | lost), Refusal.REPOSSESSION_NO_MACHINE),
        (soon, Refusal.REPOSSESSION_TOO_EARLY),
    )
    done = code == 0
    taken = batch.lease[done & live]
    end(desk, taken, Ending.REPOSSESSED)
    set_off(desk, taken)
    found = batch.lease[done & lost]
    how = np.full(found.size, int(Ending.REPOSSESSED))
    desk.write(found, {"ending": how})
    desk.tell(Kind.ENDING_SET, found, how)
    fall_into_default(desk, batch.lease[done], dpd_days[done])
    return Done(code)


def fall_into_default(desk: Desk, leases: I64, dpd_days: I64) -> None:
    """Note the first day in default of leases that were not so before."""
    default_day = desk.unit.read(LEASES, ("default_day",), leases)["default_day"]
    fresh = default_day == 0
    rows = leases[fresh]
    desk.write(rows, {"default_day": np.full(rows.size, desk.today)})
    desk.tell(Kind.DEFAULTED, rows, dpd_days[fresh])


def _latest_lease(desk: Desk, machine: I64) -> I64:
    each, spread = np.unique(machine, return_inverse=True)
    latest: I64 = desk.unit.read(MACHINES, ("lease",), each)["lease"][spread] - 1
    return latest


def sell(desk: Desk, batch: SellBatch) -> Outcomes:
    """Sell machines that came back. Proceeds are the lessor's: rent was owed, not the machine."""
    page = desk.page(batch.lease, ("machine", "ending", "sold_day"))
    back = (page["ending"] == Ending.RETURNED) | (page["ending"] == Ending.REPOSSESSED)
    here = back & (page["sold_day"] == 0)
    here[here] = _latest_lease(desk, page["machine"][here]) == batch.lease[here]
    code = refusals(
        (four_eyes_missing(batch.maker, batch.checker, back.size), Refusal.NEEDS_FOUR_EYES),
        *page.checks,
        desk.not_open(page),
        (out_of_bounds(batch.price_fen), Refusal.AMOUNT_OUT_OF_BOUNDS),
        (~here, Refusal.SALE_NO_MACHINE),
    )
    done = code == 0
    _sold(desk, batch.lease[done], batch.price_fen[done])
    return Outcomes(code, np.where(done, batch.price_fen, 0))
