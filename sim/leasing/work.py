"""A day's work: which sites work, which machine goes where, and how long it runs."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from sim.leasing.projects import Projects
from sim.leasing.weather import is_rest_day, is_sunday
from sim.leasing.world_parameters import WorldParameters
from sim.portable import F64, I64, Mask
from sim.streams import Luck

NOWHERE: Final = -1
# Beyond the pace that was planned, a site has no room for more machines.
_PACE_MAX: Final = 2.0
# A site asks for one more machine when the ones there lack this much of a machine's day.
_MACHINE_LACKING: Final = 0.3
_OPEN_SHARE: Final = 6 / 7


@dataclass(frozen=True, slots=True)
class Sites:
    """Today's sites, (k,) over projects.

    live: between start and end, not yet done.  open: it works today.  closed: rain or a holiday
    stops it.  need: hours of real work that it wants done today, float64.
    """

    live: Mask
    open: Mask
    closed: Mask
    need: F64


def sites_today(
    luck: Luck, p: WorldParameters, projects: Projects, left: F64, wet: Mask, day: int
) -> Sites:
    """left: float64 (k,), hours of work that remain.  wet: bool (k,), rain at the site."""
    live = (projects.first_day <= day) & (left > 0)
    live &= day < projects.end_day + p.late_project_days_max
    since = day - projects.stall_day
    stalled = live & (since >= 0) & (since < projects.stall_days)
    stopped = wet & (luck.cohort("rain_stops", day, projects.k) < p.rain_stops_share)
    closed = stopped | is_rest_day(day, p)
    works = live & ~stalled & ~closed
    if is_sunday(day):
        works &= projects.seven_days
    open_days = np.maximum((projects.end_day - day) * _OPEN_SHARE, 1.0)
    planned = projects.hours / ((projects.end_day - projects.first_day) * _OPEN_SHARE)
    need: F64 = np.minimum(np.minimum(left / open_days, _PACE_MAX * planned), left)
    return Sites(live, works, closed, np.where(live & ~stalled, need, 0.0))


def by_owner(owner: I64, amount: F64, m: int) -> F64:
    """Sums by contractor: float64 (m,)."""
    # NumPy's types have bincount count; with weights it sums.
    return np.asarray(np.bincount(owner, amount, m), np.float64)


def assign(
    lessee: I64, place: I64, usable: Mask, projects: Projects, sites: Sites, machine_hours: float
) -> I64:
    """The project of each machine today: int64 (n,), NOWHERE without one.

    A machine stays on a site that still wants it; free ones go where machines lack. lessee, place:
    int64 (n,), contractor and project, or NOWHERE.  machine_hours: of real work in a machine's day.
    """
    wanted = sites.live & (sites.need > 0)
    stays = (place != NOWHERE) & (lessee != NOWHERE)
    stays[stays] = wanted[place[stays]]
    result = np.where(stays, place, NOWHERE)
    there = np.bincount(result[stays & usable], minlength=projects.k)
    lacking = np.ceil(sites.need / machine_hours - _MACHINE_LACKING).astype(np.int64) - there
    lacking = np.where(wanted, np.maximum(lacking, 0), 0)
    vacant = np.repeat(np.arange(projects.k), lacking)
    free = np.flatnonzero(usable & ~stays & (lessee != NOWHERE))
    of_site, of_machine = projects.contractor[vacant], lessee[free]
    # The first free machine of a contractor takes its first vacancy, and so on.
    site_key = of_site * _RANKS + rank_within(of_site)
    machine_order = np.argsort(of_machine, kind="stable")
    free, of_machine = free[machine_order], of_machine[machine_order]
    machine_key = of_machine * _RANKS + rank_within(of_machine)
    _, at_site, at_machine = np.intersect1d(
        site_key, machine_key, assume_unique=True, return_indices=True
    )
    result[free[at_machine]] = vacant[at_site]
    return result


_RANKS: Final = 1 << 20


def rank_within(group: I64) -> I64:
    """0, 1, 2 … within each run of equal values of a sorted column."""
    n = group.size
    if not n:
        return np.zeros(0, np.int64)
    starts = np.flatnonzero(np.concatenate(([True], group[1:] != group[:-1])))
    rank: I64 = np.arange(n) - np.repeat(starts, np.diff(np.append(starts, n)))
    return rank


def shared(place: I64, demand: F64, capacity: F64) -> F64:
    """Each machine's part of its site's demand, up to its own capacity: float64 (n,).

    place: int64 (n,), NOWHERE for no work.  demand: float64 (k,).  capacity: float64 (n,).
    """
    busy = place != NOWHERE
    room = np.bincount(place[busy], capacity[busy], demand.size)
    part = np.minimum(demand / np.maximum(room, 1e-9), 1.0)
    work: F64 = np.where(busy, capacity * part[np.maximum(place, 0)], 0.0)
    return work
