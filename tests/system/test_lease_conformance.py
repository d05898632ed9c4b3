"""One life on both books: SQL rows and columns end with the same leases, journal and ledger."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from system.bootstrap_leasing import LEASING_FRAMES, LEASING_TABLES
from system.leasing.leases.service import LeaseService
from tests.ports.book_box import BookBox
from tests.system.lease_world import HOUR_S, World


def live(world: World) -> list[Any]:
    """Bills, payments, disputes, arrears, and every way to end; all answers."""
    answers: list[Any] = [world.renew(1, world.lease(1, "until_day") + 90)]
    period = world.bill(100, 60, 240, 30)
    answers += [world.pay(lease, 900_000 * lease) for lease in range(1, 4)]
    answers += [world.dispute(2, period, 200 * HOUR_S), world.give_back(1)]
    world.next_day(12)
    answers += [world.decide(2, period, 220 * HOUR_S), world.settle(1)]
    period = world.bill(50, 0, 100)
    answers += [world.dispute(3, period, 0), world.repossess(3, breach=True), world.settle(3)]
    world.next_day(75)
    answers += [world.sell(3, 30_000_000), world.pay(2, 4_000_000), world.charge_off(0)]
    world.next_day(20)
    answers += [world.recover(0, 70_000), world.charge_off(0), world.recover(0, 70_000)]
    world.next_day(330)
    return [str(answer) for answer in answers]


def state(world: World) -> list[Any]:
    journal = [str(row) for row in world.journal()]
    kept = [world.disputes(lease) for lease in range(4)]
    bills = [world.service.bills(lease) for lease in range(4)]
    report = [world.service.portfolio(), world.reports]
    return [world.everything(), world.balances_fen(), journal, kept, bills, report]


def test_both_books_end_alike_to_the_fen(tmp_path: Path) -> None:
    box = BookBox(f"sqlite:///{tmp_path}/leasing.db")
    book = box.open(LEASING_FRAMES, LEASING_TABLES)
    columns, rows = World.leasing(), World.leasing(book=book)
    assert live(columns) == live(rows)
    assert state(columns) == state(rows)
    assert rows.service.differences() == {}
    box.close()


def test_a_new_service_on_the_same_book_goes_on(tmp_path: Path) -> None:
    box = BookBox(f"sqlite:///{tmp_path}/leasing.db")
    world = World.leasing(book=box.open(LEASING_FRAMES, LEASING_TABLES))
    world.bill(100)
    before = world.everything()
    box.close()
    world.parts = replace(world.parts, book=box.open(LEASING_FRAMES, LEASING_TABLES))
    world.service = LeaseService(world.parts)
    assert world.everything() == before
    assert not world.pay(0, 1_000).code[0]
    box.close()
