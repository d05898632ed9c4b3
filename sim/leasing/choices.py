"""What contractors choose: how many machines to rent, and who does the next hour of work.

Arrays are (m,) over contractors, (k,) over projects, or (m, RANKS) where a contractor weighs its
first, second … machine. Nothing here knows the arm but through its ``Terms``.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from sim.leasing.contractors import Contractors
from sim.leasing.grid import MONTH_DAYS
from sim.leasing.terms import Terms
from sim.leasing.world_parameters import WorldParameters
from sim.portable import F64, I64, Mask

# Nobody rents more machines of one class.
RANKS: Final = 8
_OPEN_DAYS: Final = 26
_RANK: Final = np.arange(RANKS)


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a contractor expects of its work: float64 (m,).

    now: hours of real work per open day, as booked.  usual: its memory of them.
    booked_days: until today's projects end, on average.
    """

    now: F64
    usual: F64
    booked_days: F64


def month_hours(daily: F64, p: WorldParameters) -> F64:
    """Engine hours in a month for the first, second … machine: float64 (m, RANKS)."""
    engine = daily * _OPEN_DAYS * (1 - p.wet_day_share * p.rain_stops_share)
    engine = engine / (1 - p.idle_time_share)
    most = p.day_shift_hours * _OPEN_DAYS * (1 - p.wet_day_share * p.rain_stops_share)
    hours: F64 = np.clip(engine[:, None] - _RANK * most, 0, most)
    return hours


def gain_fen(c: Contractors, outlook: Outlook, terms: Terms, p: WorldParameters, days: F64) -> F64:
    """Per month, what each further machine saves over ``days`` (m,): float64 (m, RANKS).

    Without it, work beyond the own machine goes to the spot market where that has one.
    """
    share = np.clip(outlook.booked_days / days, 0, 1)
    own = np.where(c.owns, c_own_hours(p), 0.0)
    now, usual = (
        month_hours(np.maximum(daily - own, 0), p) for daily in (outlook.now, outlook.usual)
    )
    rent_fen = np.broadcast_to(c.rent_fen[:, None].astype(np.float64), now.shape)
    saved = c.spot_fen[:, None] * (now * share[:, None] + usual * (1 - share[:, None]))
    bill = terms.bill_fen(rent_fen, now) * share[:, None]
    bill = bill + terms.bill_fen(rent_fen, usual) * (1 - share[:, None])
    return saved - bill


def wanted_machines(
    c: Contractors, outlook: Outlook, terms: Terms, p: WorldParameters
) -> tuple[I64, I64]:
    """Machines worth renting anew, and machines worth keeping: int64 (m,) each.

    A new one must also earn its hauls over the time for which it is booked or bound; one that is
    there is kept while the next month with it is no dearer than one without and a haul less.
    """
    days = np.maximum(outlook.booked_days, float(max(terms.commit_days, MONTH_DAYS)))
    month_fen = 2 * p.haul_fen * MONTH_DAYS / days[:, None]
    fresh = gain_fen(c, outlook, terms, p, days) > month_fen
    next_month = np.full(days.size, float(MONTH_DAYS))
    kept = gain_fen(c, outlook, terms, p, next_month) > -month_fen
    return _run(fresh), _run(kept)


def _run(good: Mask) -> I64:
    """Leading machines that are all worth it."""
    count: I64 = np.cumprod(good, axis=1).sum(axis=1).astype(np.int64)
    return count


def c_own_hours(p: WorldParameters) -> float:
    """Hours of real work a day of an own, old machine."""
    return p.day_shift_hours * (1 - p.idle_time_share)


@dataclass(frozen=True, slots=True)
class Split:
    """Hours of real work on one day, float64 (m,): by own machines and by the spot market's."""

    own: F64
    spot: F64


def before_leased(c: Contractors, need: F64, next_fen: F64, p: WorldParameters) -> Split:
    """Work that goes elsewhere because the next leased hour is dearer.

    need: float64 (m,), today's work.  next_fen: float64 (m,), the cheapest next leased engine
    hour; beyond all prices without a machine.
    """
    own = np.where(c.owns & (c.own_fen < next_fen), np.minimum(need, c_own_hours(p)), 0)
    rest = need - own
    spot = np.where(c.spot_fen < next_fen, rest * p.spot_supply_share, 0)
    return Split(own, spot)


def after_leased(c: Contractors, left: F64, before: Split, p: WorldParameters) -> Split:
    """Work that leased machines could not take: the own machine, then the spot market."""
    room = np.where(c.owns, c_own_hours(p), 0) - before.own
    own = np.minimum(left, np.maximum(room, 0))
    return Split(own, (left - own) * p.spot_supply_share)
