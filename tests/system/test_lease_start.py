"""Before rent runs: limits of lessees and their groups, and the handover."""

from typing import Any

import numpy as np

from system.kernels.columns import MISSING
from system.leasing.leases import commands as c
from system.leasing.leases.records import LeaseLife
from system.leasing.leases.rules import Refusal
from tests.system.lease_world import HOUR_S, RENT_FEN, World, column
from tests.system.leasing_world import enrolment


def test_limits_hold_for_a_lessee_and_for_its_group_in_order_of_the_batch() -> None:
    world = World.open(6)
    head = world.admit(1, limit_fen=150_000_000)
    firms = world.admit(2, limit_fen=100_000_000, group=head.start)
    a, b = range(firms.start, firms.stop)
    n = 5
    columns: dict[str, Any] = {
        "machine": column(0, 1, 2, 3, 4),
        "lessee": column(a, a, b, b, b),
        "value_fen": column(60, 60, 60, 30, 5) * 1_000_000,
    }
    terms = {"tariff": 1, "rent_fen": RENT_FEN, "deposit_fen": 0, "term_days": 300}
    terms |= dict.fromkeys(("period_engine_s_max", "term_engine_s_max", "option_fen"), 0)
    columns |= {name: np.full(n, value) for name, value in terms.items()}
    batch = c.StartBatch("all", counter_s=np.full(n, MISSING), **columns)
    found = world.service.start(batch)
    # The second is above its firm's limit; the last above the group's (60 + 60 + 30 of 150).
    assert found.lease.tolist() == [0, -1, 1, 2, -1]
    assert world.service.exposure().total_fen[[a, b]].tolist() == [60_000_000, 90_000_000]


def test_a_firm_of_a_group_in_default_gets_no_machine() -> None:
    world = World.open(3)
    firms = world.admit(2, group=0)
    world.start(0, firms.start)
    world.fall_behind(91)
    assert not world.charge_off(0).code[0]
    sister = world.start(1, firms.start + 1)
    assert sister.code[0] == Refusal.START_LESSEE_IN_DEFAULT
    assert not world.start(1, 1).code[0]


def test_what_is_owed_takes_room_of_the_limit() -> None:
    world = World.leasing(1, value_fen=10_000_000)
    world.bill(100)
    owed_fen = world.lease(0, "due_fen")
    assert world.service.exposure().total_fen[0] == 10_000_000 + owed_fen
    rows = world.machines.enrol_machines(enrolment(1, "one more"))
    world.set_limit(0, 20_000_000 + owed_fen - 1)
    refused = world.start(rows.start, 0, value_fen=10_000_000, counter_s=0)
    assert refused.code[0] == Refusal.START_ABOVE_LIMIT
    world.set_limit(0, 20_000_000 + owed_fen)
    assert not world.start(rows.start, 0, value_fen=10_000_000, counter_s=0).code[0]


def test_a_limit_that_is_cut_stops_the_next_lease_only() -> None:
    world = World.open()
    assert not world.start(0, 0).code[0]
    assert not world.set_limit(0, 60_000_000).code[0]
    assert world.start(1, 0).code[0]
    assert world.lease(0, "life") == LeaseLife.LIVE


def test_a_handover_without_telemetry_takes_the_meter_that_both_read() -> None:
    world = World.open()
    rows = world.machines.enrol_machines(enrolment(1, "one more"))
    assert world.start(rows.start, 0).code[0]
    assert not world.start(rows.start, 0, counter_s=7_000 * HOUR_S).code[0]
    world.report(rows.start, 7_010 * HOUR_S)
    world.to_day_of_period(29)
    world.report(rows.start, 7_040 * HOUR_S)
    world.next_day()
    assert world.service.bills(0)[-1].engine_s == 40 * HOUR_S
