"""Every refusal of the line has a case; the lowest that applies is given; nothing moves."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from system.credit import commands as c
from system.credit.outcome import as_text, from_text
from system.credit.records import Basis
from system.credit.rules import Refusal
from system.errors import InputError
from system.limits import LINE_FEN_MAX
from tests.system.credit_shops import DECLINED
from tests.system.credit_world import FAR_S, World, column

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


@pytest.mark.parametrize("refusal", CASES, ids=lambda one: one.name)
def test_the_refusal_is_given_and_posts_nothing(refusal: Refusal) -> None:
    world = World.lending()
    assert CASES[refusal](world).code[0] == refusal
    assert world.service.differences() == {}
    if refusal is not Refusal.COMMAND_ID_REUSED:
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


N = 3
BAD_COLUMNS = [
    ("accounts", np.zeros(N)),
    ("accounts", np.array([np.nan] * N)),
    ("accounts", [0, 1, 2]),
    ("accounts", np.zeros((N, 1), np.int64)),
    ("accounts", np.zeros(0, np.int64)),
    ("amount_fen", np.full(N, 1.5)),
    ("amount_fen", np.zeros(N - 1, np.int64)),
    ("amount_fen", np.zeros(N, np.int32)),
    ("command_id", ""),
    ("command_id", 7),
]


@pytest.mark.parametrize(("field", "value"), BAD_COLUMNS)
def test_columns_that_are_none_raise_and_name_the_field(field: str, value: Any) -> None:
    world = World.lending()
    fields = {"command_id": "x", "accounts": np.arange(N), "amount_fen": np.full(N, 10_000)}
    before = world.everything()
    with pytest.raises(InputError) as caught:
        world.service.draw(c.DrawBatch(**{**fields, field: value}))
    assert caught.value.field == field
    assert world.everything() == before


def test_one_bad_row_does_not_hurt_the_others() -> None:
    world = World.lending()
    amounts = column(10_000, -1, LINE_FEN_MAX + 1, 20_000)
    answer = world.service.draw(c.DrawBatch("x", column(0, 1, 2, 3), amounts))
    assert answer.code.tolist() == [0, 6, 6, 0]
    assert answer.amount_fen.tolist() == [10_000, 0, 0, 20_000]


def test_the_same_command_again_gets_the_same_answer_and_does_nothing() -> None:
    world = World.lending()
    batch = c.DrawBatch("x", column(0, 1, 77), column(10_000, 5, 10_000))
    first, before = world.service.draw(batch), world.everything()
    second = world.service.draw(batch)
    assert world.everything() == before
    assert as_text(first) == as_text(second)
    assert len([row for row in world.journal() if row.cause == "x"]) == 1


def test_answers_are_stored_without_loss() -> None:
    world = World.lending()
    for answer in (world.draw(0, 10_000_000), world.repay(0, 9_999), world.apply(1)):
        again = from_text(type(answer), as_text(answer))
        assert as_text(again) == as_text(answer)
        for name in type(answer).__slots__:
            old, new = getattr(answer, name), getattr(again, name)
            assert old.dtype == new.dtype
            assert np.array_equal(old, new)


def test_a_day_that_has_not_begun_cannot_be_closed() -> None:
    world = World.lending()
    with pytest.raises(InputError, match="today is"):
        world.service.end_of_day(world.today + 1)


def test_a_day_cannot_be_closed_before_the_one_that_precedes_it() -> None:
    world = World.lending()
    missing = world.today
    world.clock.time_s += 86_400
    assert world.draw(0, 10_000).code[0] == Refusal.DAY_NOT_OPEN
    with pytest.raises(InputError, match=f"close day {missing} first"):
        world.service.end_of_day(world.today)
    world.service.end_of_day(missing)
    assert not world.draw(0, 10_000).code[0]


def test_an_enrolment_id_with_other_content_is_refused() -> None:
    world = World.open(0)
    since = np.full(2, 100)
    first = c.EnrolMerchants("e", 2, np.zeros(2, np.int64), since)
    assert world.service.enrol(first) == world.service.enrol(first) == slice(0, 2)
    with pytest.raises(InputError):
        world.service.enrol(c.EnrolMerchants("e", 2, np.ones(2, np.int64), since))
    assert world.service.merchants == 2


@pytest.mark.parametrize("changes", [{"purpose": 9}, {"classes": 0}, {"until_s": 5}])
def test_a_consent_that_cannot_be_raises(changes: dict[str, int]) -> None:
    world = World.lending()
    usual = {"purpose": 1, "classes": 1, "until_s": FAR_S}
    with pytest.raises(InputError):
        world.service.grant_consent(c.GrantConsent("x", column(0), **{**usual, **changes}))
