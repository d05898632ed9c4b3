"""Projects: who builds what where, from when to when, and how the client pays.

All projects of a run are drawn beforehand, so that both arms meet the same ones. A contractor's
line runs one project after another, with gaps between.
"""

from dataclasses import dataclass, fields
from math import log
from typing import Final

import numpy as np

from sim.leasing.contractors import LINES_MAX, Contractors, lognormal
from sim.leasing.grid import at_region
from sim.leasing.world_parameters import WorldParameters
from sim.portable import F64, I64, Mask, floor_i64
from sim.streams import Luck

# A client never pays later than this.
PAY_DAYS_MAX: Final = 360
_LEAD_DAYS: Final = 360


@dataclass(frozen=True, slots=True)
class Projects:
    """Columns (k,), by contractor, then line, then time.

    hours: machine hours of real work in all.  price_fen: what the client pays for one.
    stall_day, stall_days: the client stops the site.  pays: whether the client ever pays.
    seven_days: the site works on Sundays too.  nights: it works at night.
    """

    contractor: I64
    first_day: I64
    end_day: I64
    hours: F64
    price_fen: I64
    lat_e7: I64
    lon_e7: I64
    stall_day: I64
    stall_days: I64
    pay_days: I64
    pays: Mask
    seven_days: Mask
    nights: Mask

    @property
    def k(self) -> int:
        return self.contractor.size


def draw_projects(
    luck: Luck, p: WorldParameters, contractors: Contractors, start_day: int, days: int
) -> Projects:
    """Every project that begins before ``start_day + days`` and is not paid for at the start."""
    per_line = _per_line(p, days)
    shape = (contractors.m, LINES_MAX, per_line)
    n = contractors.m * LINES_MAX * per_line
    length = np.maximum(
        p.project_days_p50 * lognormal(luck, "project_days", n, p.project_sigma), 3.0
    ).reshape(shape)
    draw = luck.cohort("project_gap", 0, n).reshape(shape)
    gap = p.project_gap_days_mean * _exponential(draw)
    # The first project of each line began some time ago.
    lead = luck.cohort("project_phase", 0, contractors.m * LINES_MAX).reshape(shape[:2])
    ends = np.cumsum(length + gap, axis=2) - (lead * _LEAD_DAYS)[:, :, None]
    first = start_day + np.floor(ends - length).astype(np.int64)
    columns = _columns(luck, p, contractors, first, length)
    line = np.broadcast_to(np.arange(LINES_MAX)[None, :, None], shape).ravel()
    kept = line < contractors.lines[columns.contractor]
    kept &= columns.end_day + columns.pay_days > start_day
    kept &= columns.first_day < start_day + days
    return Projects(*(getattr(columns, f.name)[kept] for f in fields(Projects)))


def remaining(projects: Projects, start_day: int) -> F64:
    """Hours of work that are left at the start: float64 (k,)."""
    days = projects.end_day - projects.first_day
    ahead = np.clip(projects.end_day - start_day, 0, days)
    left: F64 = projects.hours * (ahead / days)
    return left


def _per_line(p: WorldParameters, days: int) -> int:
    """Enough that a line of short projects still lasts to the end."""
    usual_days = p.project_days_p50 + p.project_gap_days_mean
    return 6 + int(2 * (days + _LEAD_DAYS) / usual_days)


def _exponential(draw: F64) -> F64:
    """Mean 1, from uniform draws, by a table: a logarithm's last bit differs between machines."""
    at = np.minimum((draw * _STEPS).astype(np.int64), _STEPS - 1)
    value: F64 = _EXPONENTIAL[at]
    return value


_STEPS: Final = 64
_EXPONENTIAL: Final = np.array([round(-log(1 - (i + 0.5) / _STEPS), 3) for i in range(_STEPS)])


def _columns(
    luck: Luck, p: WorldParameters, contractors: Contractors, first: I64, length: F64
) -> Projects:
    """All drawn projects, kept or not: int64 and float64 (m x lines x per line,)."""
    n = first.size
    owner = np.repeat(np.arange(contractors.m), n // contractors.m)
    first_day, days = first.ravel(), length.ravel()
    usual = contractors.line_hours[owner]
    busy = 1 + p.project_busy_share_cv * (2 * luck.cohort("project_busy", 0, n) - 1)
    price = p.job_price_ratio_p50 * lognormal(luck, "project_price", n, p.job_price_sigma)
    lat_e7, lon_e7 = _places(luck, p, contractors, owner, n)
    stalled = luck.cohort("project_stalls", 0, n) < p.stall_share
    stall_days = p.stall_days_mean * _exponential(luck.cohort("project_stall_days", 0, n))
    pay_days = p.client_pay_days_p50 * lognormal(luck, "client_pay", n, p.client_pay_sigma)
    return Projects(
        contractor=owner,
        first_day=first_day,
        end_day=first_day + np.ceil(days).astype(np.int64),
        hours=usual * busy * days * (6 / 7),
        price_fen=floor_i64(price * cost_fen(p, contractors)[owner]),
        lat_e7=lat_e7,
        lon_e7=lon_e7,
        stall_day=first_day + floor_i64(days * luck.cohort("project_stall_at", 0, n)),
        stall_days=np.where(stalled, np.ceil(stall_days), 0).astype(np.int64),
        pay_days=np.clip(floor_i64(pay_days), 1, PAY_DAYS_MAX),
        pays=luck.cohort("client_defaults", 0, n) >= p.client_default_share,
        seven_days=luck.cohort("project_sundays", 0, n) < p.seven_day_site_share,
        nights=luck.cohort("project_nights", 0, n) < p.night_site_share,
    )


def _places(
    luck: Luck, p: WorldParameters, contractors: Contractors, owner: I64, n: int
) -> tuple[I64, I64]:
    north, east = (2 * luck.cohort(f"site_{axis}", 0, n) - 1 for axis in ("north", "east"))
    reach_m = float(p.site_distance_m_max)
    return at_region(contractors.region[owner], reach_m * north, reach_m * east)


def cost_fen(p: WorldParameters, contractors: Contractors) -> F64:
    """An hour of real work by the usual machine of each contractor's class, all costs in.

    Clients pay a multiple of it: what such work costs is known in the trade.
    """
    engine_hours = 1 / (1 - p.idle_time_share)
    burn = np.array(p.burn_medium_ml_per_hour_classes)[contractors.kind]
    idle = np.array(p.burn_idle_ml_per_hour_classes)[contractors.kind]
    litres = (burn + idle * (engine_hours - 1)) / 1_000
    rent = contractors.rent_fen / _USUAL_HOURS
    return rent + litres * p.fuel_fen_per_litre + engine_hours * p.operator_fen_per_hour


# Hours of real work in a usual month of a machine that has work.
_USUAL_HOURS: Final = 90
