"""Every refusal of the line has a case; the lowest that applies is given; nothing moves."""

from collections.abc import Callable
from typing import Any

import pytest

from system.credit import commands as c
from system.credit.records import Basis
from system.credit.rules import Refusal
from system.limits import LINE_FEN_MAX
from tests.system import sandboxes
from tests.system.credit_shops import DECLINED
from tests.system.credit_world import World, column

Case = Callable[[World], Any]
CASES: dict[Refusal, Case] = {}


def reaches(refusal: Refusal) -> Callable[[Case], Case]:
    def keep(case: Case) -> Case:
        CASES[refusal] = case
        return case

    return keep


def let_fall_behind(world: World, days: int, account: int = 0) -> None:
    """Draw, and be that many days past due."""
    assert not world.draw(account, 5_000_000).code.any()
    world.to_day_of_period(29)
    world.next_day(1 + world.parts.policy.billing.due_days + days - 1)
    assert world.line(account, "dpd_days") == days


@reaches(Refusal.COMMAND_ID_REUSED)
def _(world: World) -> Any:
    world.draw(0, 10_000)
    world.commands -= 1
    return world.repay(0, 10_000)


@reaches(Refusal.NEEDS_FOUR_EYES)
def _(world: World) -> Any:
    return world.grant(0, maker="Ann", checker=" ann")


@reaches(Refusal.MERCHANT_UNKNOWN)
def _(world: World) -> Any:
    return world.draw(99, 10_000)


@reaches(Refusal.ACCOUNT_REPEATED)
def _(world: World) -> Any:
    batch = c.DrawBatch("twice", column(1, 0, 1), column(10_000, 10_000, 10_000))
    answer = world.service.draw(batch)
    assert answer.code.tolist() == [0, 0, Refusal.ACCOUNT_REPEATED]
    assert world.line(1, "principal_fen") == 10_000
    answer.code[0] = answer.code[2]
    return answer


@reaches(Refusal.DAY_NOT_OPEN)
def _(world: World) -> Any:
    world.service.end_of_day(world.today)
    return world.draw(0, 10_000)


@reaches(Refusal.AMOUNT_OUT_OF_BOUNDS)
def _(world: World) -> Any:
    assert world.draw(0, LINE_FEN_MAX + 1).code[0] == Refusal.AMOUNT_OUT_OF_BOUNDS
    return world.draw(0, -1)


@reaches(Refusal.CONSENT_NOT_GIVEN)
def _(world: World) -> Any:
    return world.withdraw(0)


@reaches(Refusal.APPLICATION_LINE_CHARGED_OFF)
def _(world: World) -> Any:
    let_fall_behind(world, 91)
    world.charge_off(0)
    return world.apply(0)


@reaches(Refusal.APPLICATION_LINE_EXISTS)
def _(world: World) -> Any:
    return world.apply(0)


@reaches(Refusal.APPLICATION_CONSENT_MISSING)
def _(world: World) -> Any:
    world.close(0)
    return world.apply(0)


@reaches(Refusal.GRANT_LINE_CHARGED_OFF)
def _(world: World) -> Any:
    let_fall_behind(world, 91)
    world.charge_off(0)
    return world.grant(0)


@reaches(Refusal.GRANT_LINE_RESTRUCTURED)
def _(world: World) -> Any:
    let_fall_behind(world, 5)
    world.restructure(0)
    return world.grant(0)


@reaches(Refusal.GRANT_RATE_OUT_OF_BOUNDS)
def _(world: World) -> Any:
    return world.grant(0, rate_ppm=world.parts.policy.price.cap_ppm + 1)


@reaches(Refusal.GRANT_ABOVE_SANDBOX)
def _(world: World) -> Any:
    return world.grant(0, limit_fen=world.parts.policy.limit.sandbox_fen_max + 1)


@reaches(Refusal.DRAW_NO_LINE)
def _(world: World) -> Any:
    rows = world.enrol(1)
    return world.draw(rows.start, 10_000)


@reaches(Refusal.DRAW_CHARGED_OFF)
def _(world: World) -> Any:
    let_fall_behind(world, 91)
    world.charge_off(0)
    return world.draw(0, 10_000)


@reaches(Refusal.DRAW_CLOSED)
def _(world: World) -> Any:
    world.close(0)
    return world.draw(0, 10_000)


@reaches(Refusal.DRAW_RESTRUCTURED)
def _(world: World) -> Any:
    let_fall_behind(world, 5)
    world.restructure(0)
    return world.draw(0, 10_000)


@reaches(Refusal.DRAW_CONSENT_WITHDRAWN)
def _(world: World) -> Any:
    world.consent(0)
    batch = c.GrantBatch("data", column(0), column(500_000), column(90_000), "a", "b", Basis.SCORE)
    world.service.grant(batch)
    assert not world.draw(0, 10_000).code[0]
    world.withdraw(0)
    world.freeze(0)
    return world.draw(0, 10_000)


@reaches(Refusal.DRAW_FROZEN)
def _(world: World) -> Any:
    let_fall_behind(world, 40)
    return world.draw(0, 10_000)


@reaches(Refusal.DRAW_PAST_DUE)
def _(world: World) -> Any:
    let_fall_behind(world, 1)
    return world.draw(0, 10_000)


@reaches(Refusal.DRAW_BELOW_MINIMUM)
def _(world: World) -> Any:
    return world.draw(0, world.parts.policy.draw_fen_min - 1)


@reaches(Refusal.DRAW_OVER_LIMIT)
def _(world: World) -> Any:
    assert not world.draw(0, world.line(0, "available_fen") - 10_000).code[0]
    return world.draw(0, 10_001)


@reaches(Refusal.REPAYMENT_NO_LINE)
def _(world: World) -> Any:
    rows = world.enrol(1)
    return world.repay(rows.start, 10_000)


@reaches(Refusal.REPAYMENT_CHARGED_OFF)
def _(world: World) -> Any:
    let_fall_behind(world, 91)
    world.charge_off(0)
    return world.repay(0, 10_000)


@reaches(Refusal.RECOVERY_NOT_CHARGED_OFF)
def _(world: World) -> Any:
    return world.recover(0, 10_000)


@reaches(Refusal.FREEZE_NO_LIVE_LINE)
def _(world: World) -> Any:
    world.close(0)
    return world.freeze(0)


@reaches(Refusal.FREEZE_ALREADY)
def _(world: World) -> Any:
    assert not world.freeze(0).code[0]
    return world.freeze(0)


@reaches(Refusal.UNFREEZE_NOT_FROZEN)
def _(world: World) -> Any:
    return world.unfreeze(0)


@reaches(Refusal.RESTRUCTURING_NO_LIVE_LINE)
def _(world: World) -> Any:
    world.close(0)
    return world.restructure(0)


@reaches(Refusal.RESTRUCTURING_NOT_PAST_DUE)
def _(world: World) -> Any:
    world.draw(0, 10_000)
    return world.restructure(0)


@reaches(Refusal.RESTRUCTURING_RATE_OUT_OF_BOUNDS)
def _(world: World) -> Any:
    let_fall_behind(world, 5)
    return world.restructure(0, rate_ppm=120_001)


@reaches(Refusal.CHARGE_OFF_NO_LIVE_LINE)
def _(world: World) -> Any:
    world.close(0)
    return world.charge_off(0)


@reaches(Refusal.CHARGE_OFF_TOO_EARLY)
def _(world: World) -> Any:
    let_fall_behind(world, 90)
    return world.charge_off(0)


@reaches(Refusal.CLOSING_NO_LIVE_LINE)
def _(world: World) -> Any:
    world.close(0)
    return world.close(0)


@reaches(Refusal.CLOSING_DEBT_LEFT)
def _(world: World) -> Any:
    world.draw(0, 10_000)
    return world.close(0)


@reaches(Refusal.APPLICATION_RISK_STOPPED)
def _(world: World) -> Any:
    account = world.enrol(1).start
    world.consent(account)
    stop_new_risk(world)
    return world.apply(account)


@reaches(Refusal.GRANT_RISK_STOPPED)
def _(world: World) -> Any:
    stop_new_risk(world)
    return world.grant(0)


@reaches(Refusal.APPLICATION_LISTED)
def _(world: World) -> Any:
    account = world.enrol(1).start
    world.consent(account)
    world.keep_out(account)
    return world.apply(account)


@reaches(Refusal.GRANT_LISTED)
def _(world: World) -> Any:
    account = world.enrol(1).start
    world.keep_out(account)
    return world.grant(account)


@reaches(Refusal.UNFREEZE_LISTED)
def _(world: World) -> Any:
    assert not world.freeze(0).code[0]
    world.keep_out(0)
    return world.unfreeze(0)


@reaches(Refusal.DRAW_RISK_STOPPED)
def _(world: World) -> Any:
    assert not world.draw(0, 20_000).code[0]
    stop_new_risk(world)
    assert not world.repay(0, 10_000).code[0]
    return world.draw(0, 10_000)


def stop_new_risk(world: World) -> None:
    with world.parts.book.transaction() as unit:
        sandboxes.stop(unit.rows)


@pytest.mark.parametrize("refusal", CASES, ids=lambda one: one.name)
def test_the_refusal_is_given_and_posts_nothing(refusal: Refusal) -> None:
    world = World.lending()
    assert CASES[refusal](world).code[0] == refusal
    assert world.service.differences() == {}
    if refusal not in (Refusal.COMMAND_ID_REUSED, Refusal.ACCOUNT_REPEATED):
        assert f"command-{world.commands}" not in {row.cause for row in world.journal()}


@pytest.mark.parametrize("refusal", [Refusal.DRAW_OVER_LIMIT, Refusal.REPAYMENT_NO_LINE])
def test_a_refusal_changes_no_line(refusal: Refusal) -> None:
    world = World.lending()
    rows = world.enrol(1)
    before = world.everything(), world.balances_fen()
    draw = refusal is Refusal.DRAW_OVER_LIMIT
    answer = world.draw(0, 10_000_001) if draw else world.repay(rows.start, 10_000)
    assert answer.code[0] == refusal
    assert (world.everything(), world.balances_fen()) == before


def test_a_listed_merchant_repays_closes_and_gets_no_line_until_screening_lets_go() -> None:
    world = World.lending()
    world.draw(0, 20_000)
    assert world.keep_out(0, 1).code.tolist() == [0, 0]
    assert world.draw(0, 20_000).code[0] == Refusal.DRAW_FROZEN
    assert not world.freeze(0).code[0]
    assert world.unfreeze(0).code[0] == Refusal.UNFREEZE_LISTED
    assert world.repay(0, 20_000).code[0] == world.close(0).code[0] == 0
    assert world.grant(0).code[0] == Refusal.GRANT_LISTED
    assert world.keep_out(0, listed=False).code[0] == 0
    assert world.grant(0).code[0] == world.draw(0, 20_000).code[0] == 0
    # What others froze is not screening's to lift, nor the other way round.
    world.freeze(1)
    world.keep_out(1, listed=False)
    assert world.draw(1, 20_000).code[0] == Refusal.DRAW_FROZEN
    assert world.unfreeze(1).code[0] == world.draw(1, 20_000).code[0] == 0
    assert world.service.differences() == {}


def test_every_refusal_has_a_case() -> None:
    reached = {*CASES, *DECLINED}
    missing = [one.name for one in Refusal if one and one not in reached]
    assert not missing, f"write cases that reach {missing}"


@pytest.mark.parametrize("refusal", DECLINED, ids=lambda one: one.name)
def test_an_application_is_declined_for_the_first_reason_that_applies(refusal: Refusal) -> None:
    world, account = DECLINED[refusal]()
    decision = world.apply(account)
    assert decision.code[0] == refusal
    assert not decision.approved[0]
    assert decision.limit_fen[0] == decision.rate_ppm[0] == 0
    assert world.line(account, "state") == 0


def test_the_lowest_refusal_that_applies_is_given() -> None:
    """All that can be wrong with a draw at once, taken away one by one."""
    world = World.lending()
    let_fall_behind(world, 40)
    world.restructure(0)
    limit_fen = world.line(0, "limit_fen")
    assert world.draw(0, 0).code[0] == Refusal.AMOUNT_OUT_OF_BOUNDS
    assert world.draw(0, limit_fen + 1).code[0] == Refusal.DRAW_RESTRUCTURED
    world = World.lending()
    let_fall_behind(world, 40)
    assert world.draw(0, 1).code[0] == Refusal.DRAW_FROZEN
    world.repay(0, world.line(0, "due_fen"))
    assert world.draw(0, 1).code[0] == Refusal.DRAW_FROZEN
    world.next_day()
    assert world.draw(0, 1).code[0] == Refusal.DRAW_BELOW_MINIMUM
    assert world.draw(0, limit_fen * 2).code[0] == Refusal.DRAW_OVER_LIMIT
