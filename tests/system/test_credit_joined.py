"""Commands done together leave what they would have left one by one."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import numpy as np
import pytest

from system.compliance.records import AUDIT
from system.credit.commands import ApplyBatch, DrawBatch, RepayBatch
from system.credit.records import JOURNAL, LINES
from system.credit.rules import Refusal
from system.errors import InputError
from system.ledger.idempotency import IDEMPOTENCY
from system.ledger.records import ACCOUNTS, TRANSFERS
from tests.system.credit_shops import selling
from tests.system.credit_world import World, column

TABLES = (JOURNAL, TRANSFERS, ACCOUNTS, AUDIT, IDEMPOTENCY)


def books(world: World) -> list[Any]:
    """Everything that the commands left, row by row."""
    with world.parts.book.transaction() as unit:
        names = [one.name for one in LINES.columns if one.planes == 1]
        lines = unit.read(LINES, names, slice(None))
        rows = [unit.rows.scan(table) for table in TABLES]
    return [{name: values.tolist() for name, values in lines.items()}, *rows]


def shown(answers: Sequence[Any]) -> list[Any]:
    return [[getattr(one, f.name).tolist() for f in fields(one)] for one in answers]


def draws() -> list[DrawBatch]:
    """Two rows in one command, a refusal, an unknown account, one line twice, a repeat, a reuse."""
    return [
        DrawBatch("d1", column(0, 1), column(500_000, 700_000)),
        DrawBatch("d2", column(2), column(10**9)),
        DrawBatch("d3", column(77), column(500_000)),
        DrawBatch("d4", column(0), column(600_000)),
        DrawBatch("d5", column(3), column(800_000)),
        DrawBatch("d5", column(3), column(800_000)),
        DrawBatch("d5", column(3), column(900_000)),
    ]


def repayments() -> list[RepayBatch]:
    return [
        RepayBatch("r1", column(3), column(10_000)),
        RepayBatch("r2", column(0), column(10**8)),
        RepayBatch("r3", column(1), column(30_000)),
        RepayBatch("r4", column(2), column(0)),
    ]


def test_draws_and_repayments_together_leave_the_books_of_one_by_one() -> None:
    together, apart = World.lending(), World.lending()
    told = [
        shown(together.service.draw_each(draws())),
        shown([apart.service.draw(one) for one in draws()]),
    ]
    together.next_day()
    apart.next_day()
    told[0] += shown(together.service.repay_each(repayments()))
    told[1] += shown([apart.service.repay(one) for one in repayments()])
    assert told[0] == told[1]
    assert books(together) == books(apart)
    codes = [int(code) for one in told[0][:7] for code in one[0]]
    reused, over = int(Refusal.COMMAND_ID_REUSED), int(Refusal.DRAW_OVER_LIMIT)
    assert codes == [0, 0, over, int(Refusal.MERCHANT_UNKNOWN), 0, 0, 0, reused]


def test_applications_together_are_decided_as_one_by_one() -> None:
    no = np.zeros(1, np.bool_)
    asked = [ApplyBatch(f"a{n}", column(n), column(3_000_000), no) for n in range(4)]
    together, apart = selling(), selling()
    answers = together.service.apply_each(asked)
    assert shown(answers) == shown([apart.service.apply(one) for one in asked])
    assert [bool(one.approved[0]) for one in answers] == [True, False, False, False]
    assert books(together) == books(apart)


def test_one_that_cannot_be_used_undoes_them_all() -> None:
    world = World.lending()
    before = books(world)
    bad = DrawBatch("", column(1), column(500_000))
    with pytest.raises(InputError):
        world.service.draw_each([DrawBatch("d1", column(0), column(500_000)), bad])
    assert books(world) == before
