"""The metrics of one arm of one replication of machine leasing.

Everything is over all machines that the lessor owns, the idle pool included. A metric with nothing
to count is None, never zero.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from sim.leasing.grid import SLOTS_PER_HOUR
from sim.metrics.base import Values, ratio
from sim.metrics.leasing_alerts import measure_alerts
from sim.statements import asset_shares

if TYPE_CHECKING:
    from sim.leasing.stage import Stage
    from system.subledger.records import JournalRow

# A contract that went out later has had no time to go bad: 90 days past due, and a month's bill.
_AGED_DAYS: Final = 120


def measure(stage: Stage, journal: Sequence[JournalRow]) -> Values:
    """Every metric that this run defines."""
    return {
        **_use(stage),
        **_rent(stage, journal),
        **_trouble(stage),
        **measure_alerts(stage),
    }


def _use(stage: Stage) -> Values:
    facts = stage.facts
    engine_hours = facts.engine_slots / SLOTS_PER_HOUR
    return {
        "utilisation": _share(facts.worked, facts.shift_hours),
        "leased_share": ratio(facts.leased_days, facts.machine_days),
        "active_share": ratio(sum(facts.active), sum(facts.owned)),
        "engine_hours_per_machine_month": _share(engine_hours, facts.months),
        "idling_share": _share(facts.idle_hours, engine_hours),
        "outside_work_share": _share(
            facts.spot_hours + facts.own_hours,
            facts.spot_hours + facts.own_hours + facts.worked,
        ),
    }


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def _rent(stage: Stage, journal: Sequence[JournalRow]) -> Values:
    """Rent as billed and as paid; credit notes are taken off, fees for leaving stand apart."""
    total: Counter[str] = Counter()
    for fact in journal:
        if fact.day >= stage.measured_from:
            total[fact.kind] += fact.total
    billed_fen = total["rent_billed"] - total["rent_credited"] - total["rent_refunded"]
    paid_fen = total["rent_paid"] - total["rent_refunded"]
    months = stage.facts.months
    list_fen = float(stage.world.fleet.rent_fen.mean()) * months
    return {
        "rent_income_fen_per_machine_month": _share(billed_fen, months),
        "rent_collected_fen_per_machine_month": _share(paid_fen, months),
        "leave_fee_fen_per_machine_month": _share(total["fee_charged"], months),
        "rent_list_share": _share(billed_fen, list_fen),
        "disputed_rent_share": _share(total["rent_disputed"], total["rent_billed"]),
    }


def _trouble(stage: Stage) -> Values:
    service, stakes = stage.system.leases, stage.lessor.stakes
    names = ("from_day", "end_day", "default_day")
    leases = service.view(names, slice(0, service.leases))
    ended, bad = leases["end_day"] > 0, leases["default_day"] > 0
    lived = ~ended | (leases["end_day"] >= stage.measured_from)
    aged = leases["from_day"] <= stage.end_day - _AGED_DAYS
    counted = lived & aged & ~(bad & (leases["default_day"] < stage.measured_from))
    purses = stage.world.economy.purses
    return {
        "default_rate": ratio(int((counted & bad).sum()), int(counted.sum())),
        "lease_count": int(counted.sum()),
        "resale_value_share": ratio(stage.lessor.resale.price_fen, stage.lessor.resale.value_fen),
        "limit_cut_count": stage.lessor.limits.cuts,
        "recovery_rate": ratio(stakes.recovered_fen, stakes.lost_fen),
        "contractor_survival_rate": ratio(int(np.sum(purses.open)), purses.open.size),
        **asset_shares(service.portfolio().by_class_fen),
    }
