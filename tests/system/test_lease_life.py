"""Leases from handover to the end: hours, bills, payment, arrears, disputes, and after."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from system.errors import InputError
from system.leasing.leases import commands as c
from system.leasing.leases.events import Kind
from system.leasing.leases.records import Ending, LeaseLife
from system.leasing.leases.reports import DayReport
from system.limits import DAY_S
from tests.system.lease_world import (
    DAY0,
    HOUR_S,
    HUNDRED_FEN,
    LEAVE,
    RENT_FEN,
    USAGE,
    World,
    column,
    settled,
)


def test_rent_of_a_period_follows_the_hours_of_the_machine() -> None:
    world = settled(World.leasing())
    period = world.bill(100, 0, 400)
    assert [world.lease(lease, "rent_due_fen") for lease in (0, 2)] == [HUNDRED_FEN, 3_900_000]
    [_, bill] = world.service.bills(0)
    assert (bill.number, bill.engine_s, bill.is_estimated) == (f"L0-{period}", 360_000, False)
    assert (bill.bill_fen, bill.left_fen) == (HUNDRED_FEN, HUNDRED_FEN)
    assert bill.due_day == (period + 1) * 30 - 1 + world.parts.policy.due_days


def test_fixed_rent_asks_for_no_hours() -> None:
    world = settled(World.leasing(tariff=0))
    world.bill(400, 0)
    assert [world.lease(lease, "rent_due_fen") for lease in (0, 1)] == [RENT_FEN, RENT_FEN]


def test_a_first_period_counts_from_the_handover() -> None:
    world = World.open()
    world.to_day_of_period(20)
    world.start(0, 0, tariff=0)
    world.bill()
    assert world.lease(0, "rent_due_fen") == RENT_FEN * 10 // 30


def test_one_bill_per_lease_and_period_whatever_is_repeated() -> None:
    world = World.leasing()
    world.to_day_of_period(29)
    world.work(0, 100)
    day = world.today
    first = world.service.end_of_day(day)
    assert first.bills == 4
    assert world.service.end_of_day(day) == DayReport(day)
    assert world.service.end_of_day(day, slice(0, 2)) == DayReport(day)
    world.clock.time_s += DAY_S
    world.next_day(29)
    assert world.service.end_of_day(world.today).bills == 4


def test_a_silent_machine_is_billed_by_its_pace_and_the_counter_makes_up_for_it() -> None:
    world = settled(World.leasing())
    world.bill(100)
    world.to_day_of_period(10)
    world.work(0, 30)
    period = world.bill()
    bills = world.service.bills(0)
    # Heard on day 10: 30 h by counter, and 19.5 days at 100 h per 30.
    assert bills[-1].is_estimated
    assert bills[-1].engine_s == pytest.approx(30 * HOUR_S + 100 * HOUR_S * 19.5 / 30, abs=1)
    world.to_day_of_period(29)
    world.work(0, 100)
    world.next_day()
    later = world.service.bills(0)[-1]
    assert later.period == period + 1
    assert not later.is_estimated
    # 230 h in all since the handover's period was billed.
    assert sum(bill.engine_s for bill in world.service.bills(0)) == 230 * HOUR_S


def test_a_counter_that_began_anew_loses_no_hour() -> None:
    world = settled(World.leasing())
    world.report(0, 40 * HOUR_S, before_s=1_020 * HOUR_S)
    world.to_day_of_period(29)
    world.report(0, 80 * HOUR_S, before_s=1_020 * HOUR_S)
    world.next_day()
    assert world.service.bills(0)[-1].engine_s == 100 * HOUR_S


def test_payments_fill_fees_then_penalty_then_rent_and_the_rest_goes_back() -> None:
    world = World.leasing()
    world.fall_behind(20)
    due_fen, rent_fen = world.lease(0, "due_fen", "rent_due_fen")
    paid = world.pay(0, due_fen + 5)
    assert paid.returned_fen[0] == 5
    assert paid.rent_fen[0] == rent_fen
    # Each close after the days of grace costs a day, at 18.25 % a year.
    days = 20 - world.parts.policy.grace_days - 1
    assert paid.penalty_fen[0] == round(rent_fen * 0.1825 * days / 365)
    assert world.lease(0, "due_fen", "dpd_days") == [0, 0]
    assert world.service.differences() == {}


def test_a_part_payment_pays_the_oldest_bill() -> None:
    world = World.leasing()
    world.bill(100)
    oldest_fen = world.lease(0, "rent_due_fen")
    world.bill(100)
    world.pay(0, world.lease(0, "due_fen") - world.lease(0, "rent_due_fen") + oldest_fen)
    first, second = world.service.bills(0)
    assert (first.left_fen, second.left_fen) == (0, second.bill_fen)
    assert world.lease(0, "unpaid_due_day") == second.due_day


def test_what_was_paid_costs_no_penalty_any_more() -> None:
    world = World.leasing(1)
    world.fall_behind(20)
    due_fen, rent_fen = world.lease(0, "due_fen", "rent_due_fen")
    world.pay(0, due_fen - rent_fen // 2)
    assert world.lease(0, "overdue_fen") == world.lease(0, "rent_due_fen") == rent_fen // 2


def test_categories_and_default_follow_the_days_past_due() -> None:
    world = World.leasing(1)
    world.fall_behind(91)
    assert world.lease(0, "default_day") == 0
    world.next_day()
    assert world.lease(0, "asset_class") == 3
    assert world.lease(0, "default_day") == world.today - 1
    world.next_day(180)
    assert world.lease(0, "asset_class") == 4
    [told] = [row for row in world.journal() if row.kind == Kind.DEFAULTED]
    assert told.accounts.tolist() == [0]
    assert told.amounts.tolist() == [91]


def test_all_firms_of_a_lessee_are_seen_together() -> None:
    world = World.open()
    for machine in (0, 1):
        assert not world.start(machine, 0, value_fen=20_000_000).code[0]
    for _ in range(5):
        world.bill(100)
        world.pay(1, world.lease(1, "due_fen"))
    world.bill(0, 100)
    assert [world.lease(lease, "asset_class") for lease in (0, 1)] == [3, 1]
    found = world.service.portfolio()
    assert found.npl_fen == found.exposure_fen == found.claims_fen + 2 * 20_000_000


def test_a_book_is_judged_by_machines_that_are_out_not_by_late_rent_alone() -> None:
    world = World.open()
    for machine in (0, 1):
        assert not world.start(machine, machine, value_fen=20_000_000).code[0]
    for _ in range(5):
        world.bill(100)
        world.pay(1, world.lease(1, "due_fen"))
    found = world.service.portfolio()
    assert found.by_class_fen[0] == 20_000_000 + sum(
        world.lease(1, name) for name in ("rent_due_fen", "fee_due_fen", "penalty_due_fen")
    )
    assert found.npl_fen == found.exposure_fen - found.by_class_fen[0] > 20_000_000


def test_a_claim_is_given_up_by_age_and_recovered() -> None:
    world = World.leasing(1)
    world.fall_behind(361)
    due_fen = world.lease(0, "due_fen")
    world.next_day()
    life, ending, claim_fen = world.lease(0, "life", "ending", "written_off_fen")
    assert (life, ending) == (LeaseLife.CHARGED_OFF, Ending.LOST)
    assert world.lease(0, "due_fen") == 0
    assert world.balances_fen()["deposits"] == 0, "the deposit paid what it could"
    assert claim_fen > due_fen - 3_000_000
    assert world.recover(0, claim_fen + 7).returned_fen[0] == 7
    assert world.lease(0, "written_off_fen") == 0
    assert not world.repossess(0).code[0], "the machine may still be found"
    assert world.lease(0, "ending", "life") == [Ending.REPOSSESSED, LeaseLife.CHARGED_OFF]
    assert world.service.differences() == {}


def test_a_machine_that_comes_back_is_billed_to_its_last_day() -> None:
    world = settled(World.leasing())
    world.to_day_of_period(9)
    found = world.give_back(0, 1_050 * HOUR_S)
    # 50 h in 10 days: tiers and minimum are a third; 26.7 h at 187.50, 23.3 h at 150.
    assert found.bill_fen[0] == 850_000
    # 335 days of the term are left, of which 60 are asked for, at 40 % of the rent.
    assert found.fee_fen[0] == 60 * RENT_FEN * 4 // 10 // 30
    assert world.lease(0, "life", "ending") == [LeaseLife.ENDED, Ending.RETURNED]
    before = world.lease(0, "rent_due_fen")
    world.to_day_of_period(29)
    world.next_day(2)
    assert world.lease(0, "rent_due_fen") == before, "rent has stopped"


def test_what_is_owed_after_a_return_ages_all_the_same() -> None:
    world = World.leasing(1, deposit_fen=0)
    world.give_back(0)
    world.next_day(30 + world.parts.policy.due_days + 90)
    assert world.lease(0, "dpd_days", "default_day") == [91, 0]
    world.next_day()
    assert world.lease(0, "default_day") == world.today - 1


def test_a_fee_without_rent_ages_until_it_is_paid() -> None:
    """Off season the list rent is nothing; what leaving costs is not."""
    world = World.open(1)
    free = replace(USAGE, seasons_ppm=(0,) * 12)
    world.service.open_tariff(c.OpenTariff("free", "off season", free, LEAVE))
    world.start(0, 0, tariff=2)
    fee_fen = world.give_back(0).fee_fen[0]
    world.next_day(30 + world.parts.policy.due_days)
    assert world.lease(0, "dpd_days", "due_fen") == [1, fee_fen]
    world.pay(0, fee_fen)
    assert world.lease(0, "dpd_days") == 0


def test_leaving_counts_the_days_after_today() -> None:
    world = World.leasing(1, term_days=20)
    world.next_day(11)
    assert world.give_back(0).fee_fen[0] == 8 * RENT_FEN * 4 // 10 // 30


def test_the_last_bill_of_a_machine_that_came_back_has_grace_of_its_own() -> None:
    world = World.leasing(1)
    world.bill(100)
    first_fen = world.lease(0, "rent_due_fen")
    world.to_day_of_period(5)
    world.give_back(0)
    world.to_day_of_period(14)
    assert world.lease(0, "overdue_fen") == first_fen
    assert world.lease(0, "rent_due_fen") > first_fen


def test_giving_a_claim_up_by_hand_ends_the_lease_with_its_last_bill() -> None:
    world = World.leasing(1)
    world.fall_behind(91)
    owed_fen = world.lease(0, "due_fen")
    assert not world.charge_off(0).code[0]
    names = ("life", "ending", "end_day")
    assert world.lease(0, *names) == [LeaseLife.CHARGED_OFF, Ending.LOST, world.today]
    assert world.lease(0, "written_off_fen") > owed_fen - 3_000_000
    assert world.service.bills(0)[-1].period == world.period


def test_after_the_term_only_the_notice_is_asked_for() -> None:
    world = World.leasing(term_days=20)
    world.next_day(25)
    assert world.give_back(0).fee_fen[0] == 5 * RENT_FEN * 4 // 10 // 30


def test_a_machine_that_worked_the_terms_hours_may_leave() -> None:
    world = World.leasing(term_engine_s_max=90 * HOUR_S)
    world.bill(100)
    assert world.give_back(0).fee_fen[0] == 5 * RENT_FEN * 4 // 10 // 30


def test_a_guess_that_the_meter_refutes_is_credited_at_the_return() -> None:
    world = settled(World.leasing())
    world.bill(100)
    world.bill()
    assert world.service.bills(0)[-1].is_estimated
    found = world.give_back(0, 1_100 * HOUR_S)
    # Silent since noon of the day before: 101 h 40 min were guessed.
    assert found.credit_fen[0] == 1_825_000 - 1_200_000
    assert world.service.differences() == {}


def test_the_deposit_pays_what_is_owed_and_the_rest_goes_back() -> None:
    world = World.leasing(term_days=1)
    world.next_day()
    world.give_back(0)
    owed_fen = world.lease(0, "due_fen")
    found = world.settle(0)
    assert found.set_off_fen[0] == owed_fen
    assert found.returned_fen[0] == 3_000_000 - owed_fen
    assert world.lease(0, "life", "deposit_fen") == [LeaseLife.CLOSED, 0]


def test_a_deposit_that_is_too_small_leaves_the_rest_owed() -> None:
    world = World.leasing(deposit_fen=1_000)
    world.bill(100)
    world.give_back(0)
    owed_fen = world.lease(0, "due_fen")
    assert world.settle(0).returned_fen[0] == 0
    assert world.lease(0, "life", "due_fen") == [LeaseLife.ENDED, owed_fen - 1_000]
    world.pay(0, owed_fen)
    world.settle(0)
    assert world.lease(0, "life") == LeaseLife.CLOSED


def test_renewal_runs_on_at_the_renewal_rent() -> None:
    world = World.leasing(term_days=20)
    assert not world.renew(0, world.today + 200).code[0]
    world.bill(0)
    world.pay(0, world.lease(0, "due_fen"))
    world.bill(100)
    assert world.lease(0, "rent_due_fen") == HUNDRED_FEN * 8 // 10


def test_a_lessee_may_buy_after_the_term() -> None:
    world = World.leasing(term_days=10, option_fen=40_000_000)
    world.next_day(10)
    assert world.buy(0).amount_fen[0] == 40_000_000
    assert world.lease(0, "life", "ending") == [LeaseLife.ENDED, Ending.BOUGHT]
    assert world.balances_fen()["machine-sales"] == 40_000_000
    assert world.start(0, 1).code[0], "the machine is no longer the lessor's"


def test_repossession_and_sale() -> None:
    world = World.leasing()
    world.fall_behind(40)
    owed_fen = world.lease(0, "due_fen")
    assert not world.repossess(0).code[0]
    # The last bill of nine days on top, the deposit off.
    assert world.lease(0, "deposit_fen") == max(3_000_000 - owed_fen - 480_000, 0)
    assert world.lease(0, "default_day") == world.today
    assert world.sell(0, 35_000_000).amount_fen[0] == 35_000_000
    assert world.balances_fen()["machine-sales"] == 35_000_000
    assert world.service.differences() == {}


def test_a_machine_that_is_back_is_leased_anew_and_both_leases_live_on() -> None:
    world = World.leasing()
    world.bill(100)
    world.give_back(0)
    world.next_day()
    assert world.start(0, 1, value_fen=20_000_000).lease[0] == 4
    assert world.sell(0, 35_000_000).code[0], "it is with its next lessee"
    assert world.lease(0, "due_fen") > 0
    world.bill(50)
    assert world.service.bills(4)[-1].engine_s == 50 * HOUR_S


# Input that cannot be used.


def test_a_tariff_has_one_number_however_often_it_is_sent() -> None:
    world = World.open()
    command = c.OpenTariff("again", "usage", USAGE, LEAVE)
    assert world.service.open_tariff(command) == world.service.open_tariff(command) == 2
    with pytest.raises(InputError, match="command_id"):
        world.service.open_tariff(c.OpenTariff("again", "other", USAGE, LEAVE))


@pytest.mark.parametrize(
    "batch",
    [
        c.PayBatch("x", np.array([0.5]), column(1)),
        c.PayBatch("x", column(0), column(1, 2)),
        c.PayBatch("", column(0), column(1)),
        c.PayBatch("x", np.zeros(0, np.int64), np.zeros(0, np.int64)),
    ],
)
def test_columns_that_cannot_be_used_are_refused_before_anything_moves(batch: Any) -> None:
    world = World.leasing()
    before = world.everything()
    with pytest.raises(InputError):
        world.service.pay(batch)
    assert world.everything() == before


def test_a_day_that_has_not_begun_is_not_closed() -> None:
    world = World.leasing()
    with pytest.raises(InputError, match="today is"):
        world.service.end_of_day(DAY0 + 1)


def test_an_earlier_day_is_closed_first() -> None:
    world = World.leasing()
    world.clock.time_s += DAY_S
    with pytest.raises(InputError, match=f"close day {DAY0} first"):
        world.service.end_of_day(DAY0 + 1)
