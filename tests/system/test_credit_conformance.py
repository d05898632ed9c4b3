"""One life on both books: SQL rows and columns end with the same lines, journal and ledger."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from system.bootstrap_credit import CREDIT_FRAMES, CREDIT_TABLES
from system.credit.service import CreditService
from tests.ports.book_box import BookBox
from tests.system.credit_shops import GOOD, WEAK, sell_on
from tests.system.credit_world import World


def live(world: World) -> list[Any]:
    """Feeds, an application, borrowing, trouble of every kind, and the end of it; all answers."""
    answers: list[Any] = [world.grant(2, 3)]
    sell_on(world, 95)
    answers += [world.apply(GOOD, 5_000_000), world.apply(WEAK)]
    answers += [world.draw(account, 2_000_000) for account in range(4)]
    world.next_day(33)
    answers += [world.repay(GOOD, world.line(GOOD, "due_fen")), world.repay(2, 50_000)]
    world.next_day(70)
    answers += [world.restructure(2), world.freeze(GOOD), world.unfreeze(GOOD)]
    answers.append(world.service.review(world.today))
    world.next_day(40)
    answers += [world.charge_off(3), world.recover(3, 700_000), world.withdraw(GOOD)]
    answers += [world.repay(GOOD, 9_000_000), world.close(GOOD)]
    return [str(answer) for answer in answers]


def state(world: World) -> list[Any]:
    journal = [str(row) for row in world.journal()]
    portfolio = world.service.portfolio(world.today - 1)
    return [world.everything(), world.balances_fen(), journal, portfolio, world.reports]


def test_both_books_end_alike_to_the_fen(tmp_path: Path) -> None:
    box = BookBox(f"sqlite:///{tmp_path}/credit.db")
    columns, rows = World.open(), World.open(book=box.open(CREDIT_FRAMES, CREDIT_TABLES))
    assert live(columns) == live(rows)
    assert state(columns) == state(rows)
    assert rows.service.differences() == {}
    box.close()


def test_a_new_service_on_the_same_book_goes_on(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/credit.db"
    box = BookBox(url)
    world = World.lending(book=box.open(CREDIT_FRAMES, CREDIT_TABLES))
    world.draw(0, 1_000_000)
    before = world.everything()
    box.close()
    world.parts = replace(world.parts, book=box.open(CREDIT_FRAMES, CREDIT_TABLES))
    world.service = CreditService(world.parts)
    assert world.everything() == before
    assert not world.draw(0, 1_000_000).code[0]
    box.close()
