"""Who rents: contractors, their habits, and what they are offered beside a leased machine."""

from dataclasses import dataclass

import numpy as np

from sim.leasing.fleet import shared_out
from sim.leasing.grid import WEEK_DAYS
from sim.leasing.world_parameters import WorldParameters
from sim.portable import F64, I64, Mask, exp_portable, floor_i64
from sim.streams import Luck

LINES_MAX = 6
# Hours on which a month's rent is spread where prices per hour are compared: the trade's norm.
NORM_HOURS = 160


@dataclass(frozen=True, slots=True)
class Contractors:
    """Columns (m,). kind: the class of machine that its trade needs.

    rent_fen: list price of a month of the middle machine of this class.
    lines: projects that it can run side by side.  usual_hours: worked a day when all are busy.
    spot_fen, own_fen: an engine hour of another firm's machine, of the own old one; fuel and
    driver aside.
    owns: has an old machine.  overhead: share of usual sales.  weekday: when papers are looked at.
    """

    kind: I64
    region: I64
    rent_fen: I64
    lines: I64
    line_hours: F64
    spot_fen: I64
    own_fen: I64
    owns: Mask
    overhead: F64
    buffer_days: F64
    weekday: I64
    careless: Mask
    absconds: Mask

    @property
    def m(self) -> int:
        return self.kind.size


def draw_contractors(luck: Luck, p: WorldParameters, m: int) -> Contractors:
    """m contractors; a longer list keeps its first ones."""
    kind = shared_out(luck.cohort("contractor_class", 0, m), p.fleet_share_classes)
    rent_fen = floor_i64(np.array(p.value_fen_classes)[kind] * (0.8 * p.rent_value_share_per_month))
    norm_fen = rent_fen / NORM_HOURS
    spot = p.spot_rent_ratio_p50 * lognormal(luck, "contractor_spot", m, p.spot_rent_sigma)
    extra = p.line_count_mean - 1
    lines = 1 + floor_i64(luck.cohort("contractor_lines", 0, m) * (2 * extra + 1))
    return Contractors(
        kind=kind,
        region=floor_i64(luck.cohort("contractor_region", 0, m) * p.region_count),
        rent_fen=rent_fen,
        lines=np.clip(lines, 1, LINES_MAX),
        line_hours=p.line_hours_per_day_p50
        * lognormal(luck, "contractor_size", m, p.line_hours_sigma),
        spot_fen=floor_i64(norm_fen * spot),
        own_fen=floor_i64(norm_fen * p.own_cost_ratio),
        owns=luck.cohort("contractor_owns", 0, m) < p.own_machine_share,
        overhead=p.overhead_share * lognormal(luck, "contractor_overhead", m, p.overhead_sigma),
        buffer_days=p.cash_buffer_days_p50
        * lognormal(luck, "contractor_buffer", m, p.cash_buffer_sigma),
        weekday=floor_i64(luck.cohort("contractor_weekday", 0, m) * WEEK_DAYS),
        careless=luck.cohort("contractor_careless", 0, m) < p.careless_owner_share,
        absconds=luck.cohort("contractor_absconds", 0, m) < p.absconder_share,
    )


def lognormal(luck: Luck, purpose: str, n: int, sigma: float, key: int = 0) -> F64:
    """float64 (n,), median 1."""
    normal = luck.generator(purpose, key).standard_normal(n)
    return exp_portable(sigma * np.clip(normal, -3.0, 3.0))
