"""One life on both books: SQL rows and columns end with the same leases, journal and ledger."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from system.bootstrap_leasing import LEASING_FRAMES, LEASING_TABLES, build_leasing
from system.kernels.business_day import day_start_s
from system.leasing.leases.commands import OpenTariff
from system.leasing.leases.desk import LeaseParts
from system.leasing.leases.policy import DEFAULT_POLICY as POLICY
from system.leasing.leases.service import LeaseService
from tests.ports.book_box import BookBox
from tests.system.lease_world import HOUR_S, LEAVE, USAGE, Clock, World
from tests.system.leasing_world import HOUR_MS, MONDAY_MS, enrolment, readings


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


def test_readings_that_machines_sent_are_the_hours_that_are_billed() -> None:
    """From readings through the twin to the bill: a reset, one that came late, and a repeat."""
    clock = Clock(MONDAY_MS // 1_000 + 43_200)
    system = build_leasing(clock=clock, store_url="memory")
    world = World(clock, LeaseParts(clock, system.book, POLICY), system.leases, system.leasing)
    world.machines.enrol_machines(enrolment(1))
    world.service.open_tariff(OpenTariff("usage", "usage", USAGE, LEAVE))
    world.admit(1)
    start_ms = day_start_s(world.today) * 1_000
    days = 30 - world.today % 30
    # Every hour one reading; the machine works a quarter of it; its terminal is changed half-way.
    n = days * 24
    worked_s = np.arange(n) * HOUR_S // 4
    anew = np.arange(n) >= n // 2
    sent = readings(
        n,
        start_ms=start_ms,
        every_ms=HOUR_MS,
        boot=1 + anew,
        engine_s=np.where(anew, worked_s - worked_s[n // 2], 3_600_000 + worked_s),
    )
    world.machines.take_in(sent.take(np.array([0])))
    assert not world.start(0, 0, tariff=0).code[0]
    in_time = np.flatnonzero(np.arange(n) != n - 5)
    world.machines.take_in(sent.take(in_time))
    world.machines.take_in(sent.take(np.array([n - 5, 3])))
    world.next_day(days)
    [bill] = world.service.bills(0)
    assert not bill.is_estimated
    # What the first reading after the change had worked since the last one before it is not known.
    assert bill.engine_s == (n - 2) * HOUR_S // 4
