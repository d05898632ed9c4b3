"""The metrics of one arm of one replication of machine leasing.

Everything is over all machines that the lessor owns, the idle pool included. A metric with nothing
to count is None, never zero.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from sim.leasing.grid import SLOTS_PER_HOUR
from sim.leasing.rent_book import LASTS
from sim.metrics.base import Values, ratio
from sim.metrics.leasing_alerts import measure_alerts

if TYPE_CHECKING:
    from sim.leasing.stage import Stage

# A contract that went out later has had no time to go bad: 90 days past due, and a month's bill.
_AGED_DAYS: Final = 120


def measure(stage: Stage) -> Values:
    """Every metric that this run defines."""
    return {**_use(stage), **_rent(stage), **_trouble(stage), **measure_alerts(stage)}


def _use(stage: Stage) -> Values:
    facts = stage.facts
    engine_hours = facts.engine_slots / SLOTS_PER_HOUR
    every_month = facts.n * len(facts.active)
    machine_days = facts.n * facts.days
    return {
        "utilisation": _share(facts.worked, facts.shift_hours),
        "leased_share": ratio(facts.leased_days, machine_days),
        "active_share": ratio(sum(facts.active), every_month),
        "engine_hours_per_machine_month": _share(engine_hours, facts.months),
        "idling_share": _share(facts.idle_hours, engine_hours),
        "outside_work_share": _share(
            facts.spot_hours + facts.own_hours,
            facts.spot_hours + facts.own_hours + facts.worked,
        ),
    }


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def _rent(stage: Stage) -> Values:
    book, first = stage.lessor.book, stage.measured_from
    issued = book.invoices["issue_day"] >= first
    paid = book.payments["day"] >= first
    billed_fen = int(book.invoices["amount_fen"][issued].sum())
    paid_fen = int(book.payments["amount_fen"][paid].sum())
    months = stage.facts.months
    return {
        "rent_income_fen_per_machine_month": _share(billed_fen, months),
        "rent_collected_fen_per_machine_month": _share(paid_fen, months),
        "rent_list_share": ratio(
            billed_fen, int(stage.world.fleet.rent_fen.sum() * stage.facts.months / stage.facts.n)
        ),
    }


def _trouble(stage: Stage) -> Values:
    leases, stakes = stage.lessor.book.leases, stage.lessor.stakes
    lived = leases["until_day"] > stage.measured_from
    aged = leases["from_day"] <= stage.end_day - _AGED_DAYS
    good_before = leases["bad_day"] >= stage.measured_from
    counted = lived & aged & good_before
    bad = counted & (leases["bad_day"] < LASTS)
    purses = stage.world.economy.purses
    return {
        "default_rate": ratio(int(bad.sum()), int(counted.sum())),
        "lease_count": int(counted.sum()),
        "recovery_rate": ratio(stakes.recovered_fen, stakes.lost_fen),
        "contractor_survival_rate": ratio(int(np.sum(purses.open)), purses.open.size),
    }
