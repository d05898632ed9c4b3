"""Applications and reviews on real feeds: yes and no, their terms, and how limits move."""

import numpy as np
import pytest

from system.credit import commands as c
from system.credit.events import Kind
from system.credit.policy import DEFAULT_POLICY
from system.credit.rules import Refusal
from system.errors import InputError
from system.parties.consent import Purpose
from tests.system.credit_shops import DAILY_FEN, GOOD, THIN, WEAK, selling
from tests.system.credit_world import World, changed

POLICY = DEFAULT_POLICY


def test_a_good_shop_gets_a_line_at_the_price_of_its_risk() -> None:
    world = selling()
    decision = world.apply(GOOD, 90_000_000)
    assert decision.approved[0]
    price = POLICY.price
    cost_ppm = price.funding_ppm + price.operating_ppm + price.margin_ppm
    # PD 1 % in 180 days, LGD 55 %, over a year.
    assert decision.rate_ppm[0] == cost_ppm + -(-10_000 * 0.55 * 365 // 180)
    assert decision.pd_ppm[0] == 10_000
    period_fen = 30 * DAILY_FEN[GOOD]
    assert 0 < decision.limit_fen[0] <= period_fen
    assert decision.limit_fen[0] % POLICY.limit.step_fen == 0
    assert not world.draw(GOOD, int(decision.limit_fen[0])).code[0]


def test_nobody_gets_more_than_asked_for() -> None:
    assert selling().apply(GOOD, 500_000).limit_fen[0] == 500_000


def test_a_no_names_its_reasons() -> None:
    decision = selling().apply(WEAK)
    assert decision.code[0] == Refusal.DECLINED_PD_TOO_HIGH
    assert decision.reasons[0].tolist() == [3, 0, 0, 0]
    assert decision.score[0] == 500


def test_the_random_share_is_approved_with_a_small_line_and_left_alone_by_reviews() -> None:
    world = selling(policy=changed(limit={"fen_min": 10_000}))
    decision = world.apply(WEAK, explore=True)
    assert decision.approved[0]
    assert decision.explored[0]
    assert 0 < decision.limit_fen[0] <= POLICY.limit.explored_fen_max
    assert decision.rate_ppm[0] <= POLICY.price.cap_ppm
    world.next_day(30)
    report = world.service.review(world.today)
    assert (report.reviewed, report.cut) == (0, 0)
    assert world.line(WEAK, "limit_fen") == decision.limit_fen[0]


def test_exploring_changes_nothing_for_who_is_approved_anyway_or_has_too_little_data() -> None:
    world = selling()
    assert not world.apply(GOOD, explore=True).explored[0]
    assert world.apply(THIN, explore=True).code[0] == Refusal.DECLINED_DATA_INCOMPLETE


def test_decisions_do_not_depend_on_who_else_applies() -> None:
    asked, draws = np.full(4, 1_000_000), np.zeros(4, np.bool_)
    together = selling().service.apply(c.ApplyBatch("all", np.arange(4), asked, draws))
    for account in range(4):
        alone = selling().apply(account)
        for name in type(alone).__slots__:
            assert np.array_equal(getattr(alone, name)[0], getattr(together, name)[account])


def test_a_declined_shop_may_apply_again_and_a_line_may_not() -> None:
    world = selling()
    assert world.apply(WEAK).code[0] == world.apply(WEAK).code[0] == Refusal.DECLINED_PD_TOO_HIGH
    world.apply(GOOD)
    assert world.apply(GOOD).code[0] == Refusal.APPLICATION_LINE_EXISTS


def test_every_decision_is_in_the_journal() -> None:
    world = selling()
    world.apply(WEAK)
    [row] = [row for row in world.journal() if row.kind == Kind.DECIDED]
    assert (row.accounts.tolist(), row.amounts.tolist()) == (
        [WEAK],
        [Refusal.DECLINED_PD_TOO_HIGH],
    )


def test_without_consent_nothing_is_looked_at() -> None:
    world = selling()
    world.withdraw(GOOD)
    decision = world.apply(GOOD)
    assert decision.code[0] == Refusal.APPLICATION_CONSENT_MISSING
    assert decision.score[0] == decision.pd_ppm[0] == 0


def test_withdrawal_stops_drawing_at_once_but_not_repayment_and_consent_gives_it_back() -> None:
    world = selling()
    world.apply(GOOD)
    world.draw(GOOD, 100_000)
    world.withdraw(GOOD)
    assert world.line(GOOD, "state", "available_fen") == [2, 0]
    assert world.draw(GOOD, 100_000).code[0] == Refusal.DRAW_CONSENT_WITHDRAWN
    assert world.repay(GOOD, 50_000).applied_fen[0] == 50_000
    world.clock.time_s += 1
    world.consent(GOOD)
    assert not world.draw(GOOD, 100_000).code[0]


def test_consent_that_runs_out_stops_drawing_too() -> None:
    world = selling()
    soon = world.clock.time_s + 60
    command = c.GrantConsent("short", np.array([GOOD]), Purpose.SCORING, 15, soon)
    world.service.grant_consent(command)
    world.apply(GOOD)
    world.clock.time_s = soon
    assert world.draw(GOOD, 100_000).code[0] == Refusal.DRAW_CONSENT_WITHDRAWN


def sell_for(world: World, days: int, share_ppm: int) -> None:
    for _ in range(days):
        world.sell(DAILY_FEN * share_ppm // 10**6)
        world.next_day()


def test_a_limit_falls_at_once_and_rises_only_after_a_while() -> None:
    world = selling()
    granted = int(world.apply(GOOD, 90_000_000).limit_fen[0])
    sell_for(world, 90, 500_000)
    assert world.service.review(world.today).cut == 1
    cut = world.line(GOOD, "limit_fen")
    assert cut < granted * 6 // 10
    sell_for(world, 30, 3_000_000)
    assert world.service.review(world.today).raised == 1
    raised = world.line(GOOD, "limit_fen")
    assert raised > cut
    sell_for(world, 30, 3_000_000)
    # The target is higher again, but the last rise was a month ago.
    assert world.service.review(world.today).raised == 0
    assert world.line(GOOD, "limit_fen") == raised


def test_a_review_of_the_same_day_is_done_once() -> None:
    world = selling()
    world.apply(GOOD, 90_000_000)
    sell_for(world, 90, 500_000)
    first = world.service.review(world.today)
    before = world.everything()
    assert world.service.review(world.today) == first
    assert world.everything() == before
    with pytest.raises(InputError):
        world.service.review(world.today + 1)


def test_a_review_needs_consent_to_monitoring() -> None:
    world = selling()
    world.apply(GOOD)
    world.withdraw(GOOD, purpose=Purpose.MONITORING)
    world.next_day()
    assert world.service.review(world.today).reviewed == 0


def test_whoever_is_past_due_is_not_raised() -> None:
    world = selling()
    world.apply(GOOD, 500_000)
    world.draw(GOOD, 500_000)
    sell_for(world, 95, 1_000_000)
    assert world.line(GOOD, "dpd_days") > 0
    assert world.service.review(world.today).raised == 0


def test_the_upper_end_of_the_pd_decides_not_its_middle() -> None:
    """The shop's PD is 1 %, at most 2 %."""
    strict = changed(limit={"pd_ppm_max": 15_000})
    assert selling(policy=strict).apply(GOOD).code[0] == Refusal.DECLINED_PD_TOO_HIGH
    kind = changed(limit={"pd_ppm_max": 20_000})
    assert selling(policy=kind).apply(GOOD).approved[0]
