"""Contractors' money: clients who pay late, daily costs, arrears, and the end of a firm.

Integer fen. Columns over m contractors; what clients will pay lies in a ring of days.
"""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from sim.leasing.contractors import Contractors
from sim.leasing.grid import MONTH_DAYS
from sim.leasing.projects import PAY_DAYS_MAX, Projects
from sim.leasing.world_parameters import WorldParameters
from sim.portable import F64, I64, Mask, floor_i64, part_floor
from sim.streams import Luck
from system.limits import YEAR_DAYS

_RING_DAYS = PAY_DAYS_MAX + 1
NEVER = -1
# Outflows are remembered over about two months.
_MEMORY_DAYS = 60


@dataclass(slots=True)
class Purses:
    """cash_fen, arrears_fen: int64 (m,), 0 or more.  coming_fen: int64 (m, days), by day of pay.

    arrears_days: days in a row with unpaid costs.  outflow_fen: a usual day's costs, float64.
    open: still in business.  closed_on: day of failure or NEVER.
    """

    cash_fen: I64
    arrears_fen: I64
    arrears_days: I64
    coming_fen: I64
    outflow_fen: F64
    open: Mask
    closed_on: I64
    # Into all purses together since the start, by what for; out of them where negative.
    flows_fen: Counter[str] = field(default_factory=Counter)


def open_purses(c: Contractors, projects: Projects, start_day: int, cost_fen: F64) -> Purses:
    """cost_fen: all costs of a usual day, float64 (m,). Clients owe for work done before."""
    m = c.m
    purses = Purses(
        cash_fen=floor_i64(cost_fen * c.buffer_days),
        arrears_fen=np.zeros(m, np.int64),
        arrears_days=np.zeros(m, np.int64),
        coming_fen=np.zeros((m, _RING_DAYS), np.int64),
        outflow_fen=cost_fen,
        open=np.ones(m, np.bool_),
        closed_on=np.full(m, NEVER, np.int64),
    )
    days = projects.end_day - projects.first_day
    daily_fen = floor_i64(projects.hours * projects.price_fen / days)
    for day in range(start_day - PAY_DAYS_MAX, start_day):
        at = np.flatnonzero((projects.first_day <= day) & (day < projects.end_day))
        at = at[day + projects.pay_days[at] >= start_day]
        pay = projects.pay_days[at], projects.pays[at]
        earn(purses, day, projects.contractor[at], daily_fen[at], *pay)
    return purses


def earn(purses: Purses, day: int, owner: I64, amount_fen: I64, pay_days: I64, pays: Mask) -> None:
    """Work done today: clients pay after so many days, or never."""
    slot = (day + pay_days) % _RING_DAYS
    np.add.at(purses.coming_fen, (owner[pays], slot[pays]), amount_fen[pays])


def move(purses: Purses, what: str, amount_fen: I64) -> None:
    """Money into purses, or out of them, int64 (m,)."""
    purses.cash_fen += amount_fen
    purses.flows_fen[what] += int(amount_fen.sum())


def collect(purses: Purses, day: int) -> None:
    """What clients pay today."""
    slot = day % _RING_DAYS
    move(purses, "clients", purses.coming_fen[:, slot])
    purses.coming_fen[:, slot] = 0


def spend(purses: Purses, cost_fen: I64) -> None:
    """Today's costs and old arrears, as far as cash goes."""
    bill_fen = purses.arrears_fen + cost_fen
    paid_fen = np.minimum(bill_fen, purses.cash_fen)
    move(purses, "costs", -paid_fen)
    purses.arrears_fen = bill_fen - paid_fen
    purses.arrears_days = (purses.arrears_days + 1) * (purses.arrears_fen > 0)
    purses.outflow_fen += (cost_fen - purses.outflow_fen) / _MEMORY_DAYS


def mishaps(purses: Purses, luck: Luck, p: WorldParameters, day: int) -> None:
    """An accident, a fine, a machine of one's own that breaks: so many days of usual costs."""
    hit = luck.cohort("mishap", day, purses.open.size) < p.mishap_per_year / YEAR_DAYS
    cost_fen = floor_i64(purses.outflow_fen * p.mishap_days)
    purses.arrears_fen += cost_fen * (hit & purses.open)


def withdraw(purses: Purses, c: Contractors, p: WorldParameters) -> None:
    """Once a week the owner takes home a part of what is more than it keeps."""
    idle_fen = purses.cash_fen - floor_i64(purses.outflow_fen * c.buffer_days)
    share = min(p.withdrawal_per_month * 7 / MONTH_DAYS, 1.0)
    move(purses, "owners", -part_floor(np.maximum(idle_fen, 0), share))


def close_failed(purses: Purses, p: WorldParameters, day: int) -> I64:
    """Firms with unpaid costs for too long end. Returns their rows."""
    failed = np.flatnonzero(purses.open & (purses.arrears_days > p.insolvency_days))
    purses.open[failed] = False
    purses.closed_on[failed] = day
    return failed
