"""Input that no bank could use, commands that come twice, and days out of order."""

from typing import Any

import numpy as np
import pytest

from system.credit import commands as c
from system.credit.rules import Refusal
from system.errors import InputError
from system.limits import LINE_FEN_MAX
from system.subledger.answers import as_text, from_text
from tests.system.credit_world import FAR_S, World, column

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
