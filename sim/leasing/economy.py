"""The machines' economy of one arm of one replication: what happens each day, in stated order.

A day is ``morning`` (weather, sites, wishes), what the lessor agrees to (``hand_over`` and
``take_back``), ``work``, the lessor's dealings with rent (``offers`` and ``paid``), and
``evening``. Every column is over all machines or all contractors. Nothing here knows the arm but
through its ``Terms``.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from sim.leasing import money
from sim.leasing.choices import (
    Outlook,
    Split,
    after_leased,
    before_leased,
    wanted_machines,
)
from sim.leasing.contractors import NORM_HOURS, draw_contractors, lognormal
from sim.leasing.fleet import draw_fleet
from sim.leasing.grid import MONTH_DAYS, SLOTS_PER_HOUR, WEEK_DAYS
from sim.leasing.machines import MachineDay, Machines, break_down, open_machines
from sim.leasing.projects import cost_fen, draw_projects, remaining
from sim.leasing.terms import Terms
from sim.leasing.weather import Weather
from sim.leasing.work import NOWHERE, Sites, assign, by_owner, rank_within, shared, sites_today
from sim.leasing.world_parameters import WorldParameters
from sim.portable import F64, I64, Mask, floor_i64
from sim.streams import Luck

_FAR: Final = 1e12
# The part of a line's time in which it has a project, roughly: for a contractor's overheads.
_BUSY_SHARE: Final = 0.6


@dataclass(frozen=True, slots=True)
class Wishes:
    """What contractors ask of the lessor today.

    asks: int64 (m,), machines to rent.  returns: int64 rows of machines to give back.
    """

    asks: I64
    returns: I64


class Economy:
    """n machines and m contractors from ``start_day`` on; each day once, in order."""

    def __init__(
        self, luck: Luck, p: WorldParameters, terms: Terms, n: int, m: int, days: int
    ) -> None:
        self.luck, self.p, self.terms = luck, p, terms
        self.start_day = p.start_day
        self.fleet = draw_fleet(luck, p, n)
        self.contractors = draw_contractors(luck, p, m)
        self.projects = draw_projects(luck, p, self.contractors, self.start_day, days)
        self.machines: Machines = open_machines(self.fleet)
        self._weather = Weather(luck, p)
        self._left = remaining(self.projects, self.start_day)
        usual_fen = self._usual_fen()
        cost_share = 1 / p.job_price_ratio_p50 + self.contractors.overhead
        self.purses = money.open_purses(
            self.contractors, self.projects, self.start_day, usual_fen * cost_share
        )
        self.start_fen = int(self.purses.cash_fen.sum())
        self._overhead_fen = floor_i64(usual_fen * self.contractors.overhead)
        self._usual_need = self.contractors.lines * self.contractors.line_hours * _BUSY_SHARE
        self._norm_cost_fen = cost_fen(p, self.contractors)
        self._other_fen = self._running_fen()
        self.wet: Mask = np.zeros(p.region_count, np.bool_)
        self.sites: Sites | None = None
        self.outside_hours = Split(np.zeros(m), np.zeros(m))

    def _usual_fen(self) -> F64:
        c = self.contractors
        price_fen = self.p.job_price_ratio_p50 * cost_fen(self.p, c)
        usual: F64 = c.lines * c.line_hours * _BUSY_SHARE * price_fen
        return usual

    def _running_fen(self) -> F64:
        """Fuel and driver of an hour of real work on any machine of the class."""
        p, c = self.p, self.contractors
        litres = np.array(p.burn_medium_ml_per_hour_classes)[c.kind] / 1_000
        hour = litres * p.fuel_fen_per_litre + p.operator_fen_per_hour
        running: F64 = hour / (1 - p.idle_time_share)
        return running

    # In the morning.

    def morning(self, day: int) -> Wishes:
        """Weather and sites; what contractors want to change about their machines."""
        p = self.p
        self.terms = self.terms.on(day)
        self.wet = self._weather.step(day)
        owner = self.projects.contractor
        wet = self.wet[self.contractors.region[owner]]
        sites = sites_today(self.luck, p, self.projects, self._left, wet, day)
        need = np.where(self.purses.open[owner], sites.need, 0.0)
        self.sites = Sites(sites.live & self.purses.open[owner], sites.open, sites.closed, need)
        total = by_owner(owner, need, self.contractors.m)
        memory = (total - self._usual_need) / p.outlook_memory_days
        self._usual_need = self._usual_need + memory
        return self._wishes(day, total)

    def _wishes(self, day: int, need: F64) -> Wishes:
        c, machines = self.contractors, self.machines
        looking = (c.weekday == day % WEEK_DAYS) & self.purses.open
        outlook = Outlook(need, self._usual_need, self._booked_days(day))
        fresh, kept = wanted_machines(c, outlook, self.terms, self.p)
        has = (machines.lessee != NOWHERE) & ~machines.gone
        held = np.bincount(machines.lessee[has], minlength=c.m)
        sound = self.purses.arrears_days == 0
        asks = np.where(looking & sound, np.maximum(fresh - held, 0), 0)
        surplus = np.where(looking, np.maximum(held - np.maximum(kept, fresh), 0), 0)
        return Wishes(asks.astype(np.int64), self._returned(day, surplus))

    def _booked_days(self, day: int) -> F64:
        """How long today's projects last, weighted by their needs: float64 (m,)."""
        assert self.sites is not None
        owner, need = self.projects.contractor, self.sites.need
        days = need * np.maximum(self.projects.end_day - day, 7)
        m = self.contractors.m
        booked: F64 = by_owner(owner, days, m) / np.maximum(by_owner(owner, need, m), 1e-9)
        return booked

    def _returned(self, day: int, surplus: I64) -> I64:
        """The machines given back: those without work first, and only where staying costs more."""
        machines = self.machines
        left_days = machines.free_on - day
        rent = self.fleet.rent_fen.astype(np.float64)
        leave_fen = self.terms.leave_fen(rent, left_days) + self.p.haul_fen
        stay_fen = self.terms.bill_fen(rent, np.zeros(rent.size))
        stay_fen = stay_fen * np.maximum(left_days, MONTH_DAYS) / MONTH_DAYS
        rows = np.flatnonzero((machines.lessee != NOWHERE) & (leave_fen < stay_fen))
        rows = rows[machines.usable(day)[rows]]
        at_work = machines.place[rows] != NOWHERE
        rows = rows[np.lexsort((rows, at_work, machines.lessee[rows]))]
        chosen: I64 = rows[rank_within(machines.lessee[rows]) < surplus[machines.lessee[rows]]]
        return chosen

    # What the lessor agrees to.

    def hand_over(self, day: int, rows: I64, contractors: I64) -> None:
        """These machines go to these contractors, who pay the haul."""
        machines = self.machines
        machines.lessee[rows] = contractors
        machines.leased_on[rows] = day
        machines.ready_on[rows] = day + self.p.delivery_days
        machines.free_on[rows] = day + self.terms.commit_days
        machines.month_hours[rows] = 0.0
        np.add.at(self.purses.arrears_fen, contractors, self.p.haul_fen)

    def affordable(self, contractors: I64, amount_fen: I64) -> Mask:
        """Which of these amounts their contractors have in cash, earlier ones first: bool (q,).

        contractors: int64 (q,), in ascending order.
        """
        before_fen = _before(contractors, amount_fen)
        has: Mask = self.purses.cash_fen[contractors] >= before_fen + amount_fen
        return has

    def handed(self, what: str, contractors: I64, amount_fen: I64) -> None:
        """Cash from contractors to the lessor, by what for; back where negative."""
        total_fen = np.zeros(self.contractors.m, np.int64)
        np.add.at(total_fen, contractors, amount_fen)
        money.move(self.purses, what, -total_fen)
        assert (self.purses.cash_fen >= 0).all(), "nobody pays more than it has"

    def take_back(self, day: int, rows: I64) -> None:
        """These machines return to the pool."""
        machines = self.machines
        machines.lessee[rows] = NOWHERE
        machines.place[rows] = NOWHERE
        machines.ready_on[rows] = day + self.p.delivery_days

    # At work.

    def place_machines(self, day: int) -> None:
        """Which machine is at which site today."""
        p, machines = self.p, self.machines
        assert self.sites is not None
        machines.place = assign(
            machines.lessee,
            machines.place,
            machines.usable(day),
            self.projects,
            self.sites,
            p.day_shift_hours * (1 - p.idle_time_share),
        )

    def work(self, day: int, absent: Mask) -> MachineDay:
        """Every machine's day: how long its engine runs, what it earns.

        absent: bool (n,), on the way and not there before the shift.
        """
        p, c, machines = self.p, self.contractors, self.machines
        assert self.sites is not None
        usable = machines.usable(day) & ~absent
        idle = self._idle_shares(day)
        place = np.where(usable, machines.place, NOWHERE)
        at_site = place != NOWHERE
        place[at_site] = np.where(self.sites.open[place[at_site]], place[at_site], NOWHERE)
        need = np.where(self.sites.open, self.sites.need, 0.0)
        demand = by_owner(self.projects.contractor, need, c.m)
        next_fen = self._next_fen(usable)
        before = before_leased(c, demand, next_fen, p)
        rest = 1 - (before.own + before.spot) / np.maximum(demand, 1e-9)
        capacity = np.where(usable, p.day_shift_hours * (1 - idle), 0.0)
        worked = shared(place, need * rest[self.projects.contractor], capacity)
        small = self._small_jobs(day, usable, next_fen, capacity - worked)
        slots = np.ceil((worked + small) / (1 - idle) * SLOTS_PER_HOUR - 1e-6).astype(np.int64)
        self._finish(day, place, worked, demand, before)
        hours = slots / SLOTS_PER_HOUR
        break_down(self.luck, p, machines, hours, day)
        machines.month_hours += hours
        self._pay_running(hours, idle)
        return MachineDay(slots, idle, worked + small, place)

    def _idle_shares(self, day: int) -> F64:
        """The part of engine time without work, by machine: drivers differ, and so do days."""
        p, n = self.p, self.fleet.n
        month = self.luck.generator("driver_idles", day // MONTH_DAYS).standard_normal(n)
        today = self.luck.generator("idles_today", day).standard_normal(n)
        spread = p.idle_time_cv * (0.8 * month + 0.6 * today)
        rent = self.fleet.rent_fen.astype(np.float64)
        priced = self.terms.next_hour_fen(rent, self.machines.month_hours) > 0
        saved = 1 - p.idle_saved_share * priced
        share: F64 = np.clip(p.idle_time_share * (1 + spread) * saved, 0.05, 0.8)
        return share

    def _next_fen(self, usable: Mask) -> F64:
        """The cheapest next leased engine hour by contractor; _FAR without a machine."""
        machines = self.machines
        rent = self.fleet.rent_fen.astype(np.float64)
        price = self.terms.next_hour_fen(rent, machines.month_hours)
        cheapest = np.full(self.contractors.m, _FAR)
        held = usable & (machines.lessee != NOWHERE)
        np.minimum.at(cheapest, machines.lessee[held], price[held])
        return cheapest

    def _small_jobs(self, day: int, usable: Mask, next_fen: F64, room: F64) -> F64:
        """Jobs that come up on the day, taken where they pay for the next hour: float64 (n,)."""
        p, c = self.p, self.contractors
        offered = self.luck.cohort("small_job", day, c.m) < p.small_job_per_day
        hours = 2 * p.small_job_hours_mean * self.luck.cohort("small_job_hours", day, c.m)
        price = c.rent_fen / NORM_HOURS * p.small_job_price_ratio_p50
        price = price * lognormal(self.luck, "small_job_price", c.m, p.small_job_sigma, day)
        taken = offered & (price > next_fen) & self.purses.open & ~self.wet[c.region]
        rows = np.flatnonzero(usable & (self.machines.lessee != NOWHERE) & (room > 0))
        rows = rows[np.lexsort((-room[rows], self.machines.lessee[rows]))]
        owner = self.machines.lessee[rows]
        best = rows[(rank_within(owner) == 0) & taken[owner]]
        small = np.zeros(self.fleet.n)
        small[best] = np.minimum(hours[self.machines.lessee[best]], room[best])
        paid_fen = np.zeros(c.m)
        earned = price / (1 - p.idle_time_share) + self._other_fen
        np.add.at(paid_fen, self.machines.lessee[best], small[best])
        money.move(self.purses, "small_jobs", floor_i64(paid_fen * earned))
        return small

    def _finish(self, day: int, place: I64, worked: F64, demand: F64, before: Split) -> None:
        """Projects progress; clients will pay; work that machines could not take goes elsewhere."""
        assert self.sites is not None
        owner, m = self.projects.contractor, self.contractors.m
        busy = place != NOWHERE
        by_site = by_owner(place[busy], worked[busy], self.projects.k)
        leased = by_owner(owner, by_site, m)
        left = np.maximum(demand - before.own - before.spot - leased, 0)
        after = after_leased(self.contractors, left, before, self.p)
        self.outside_hours = Split(before.own + after.own, before.spot + after.spot)
        need = np.where(self.sites.open, self.sites.need, 0.0)
        outside = (self.outside_hours.own + self.outside_hours.spot) / np.maximum(demand, 1e-9)
        done: F64 = np.minimum(by_site + need * outside[owner], self._left)
        self._left -= done
        at = np.flatnonzero(done > 0)
        amount_fen = floor_i64(done[at] * self.projects.price_fen[at])
        pay = self.projects.pay_days[at], self.projects.pays[at]
        money.earn(self.purses, day, owner[at], amount_fen, *pay)

    def _pay_running(self, hours: F64, idle: F64) -> None:
        """Fuel, drivers, overheads and other people's machines."""
        c, p, lessee = self.contractors, self.p, self.machines.lessee
        held = lessee != NOWHERE
        medium = np.array(p.burn_medium_ml_per_hour_classes)[self.fleet.kind]
        resting = np.array(p.burn_idle_ml_per_hour_classes)[self.fleet.kind]
        litres = hours * (medium * (1 - idle) + resting * idle) / 1_000
        cost = litres * p.fuel_fen_per_litre + hours * p.operator_fen_per_hour
        total = by_owner(lessee[held], cost[held], c.m)
        outside = self.outside_hours
        engine = 1 / (1 - p.idle_time_share)
        total += outside.own * (c.own_fen * engine + self._other_fen)
        total += outside.spot * (c.spot_fen * engine + self._other_fen)
        self.running_fen = floor_i64(total) + self._overhead_fen * self.purses.open

    # Money.

    def offers(self, day: int, debtor: I64, due_fen: I64, pressed: Mask) -> I64:
        """What contractors pay today: int64 (q,), up to due_fen, first rows first.

        debtor: int64 (q,), contractors in ascending order.  due_fen: int64 (q,).
        pressed: bool (m,), the lessor has taken hold: nothing else is paid before.
        """
        c = self.contractors
        reserve_days = np.where(pressed, 0.0, float(self.p.reserve_days))
        held_fen = floor_i64(self.purses.outflow_fen * reserve_days) * self.purses.open
        spare_fen = np.maximum(self.purses.cash_fen - held_fen, 0)
        attends = ~c.careless | (c.weekday == day % WEEK_DAYS) | pressed
        spare_fen = np.where(attends & self.purses.open, spare_fen, 0)
        offered: I64 = np.clip(spare_fen[debtor] - _before(debtor, due_fen), 0, due_fen)
        return offered

    def paid(self, debtor: I64, amount_fen: I64) -> None:
        """Rent that the lessor has taken."""
        self.handed("rent", debtor, amount_fen)

    def evening(self, day: int) -> I64:
        """Clients pay, costs are paid, firms fail. Returns the contractors that failed today."""
        p, purses = self.p, self.purses
        money.collect(purses, day)
        money.mishaps(purses, self.luck, p, day)
        money.spend(purses, self.running_fen)
        if day % WEEK_DAYS == 0:
            money.withdraw(purses, self.contractors, p)
        return money.close_failed(purses, p, day)

    def start_month(self) -> None:
        """Hours count anew for the price of the next one."""
        self.machines.month_hours[:] = 0.0


def _before(group: I64, amount: I64) -> I64:
    """The sum of earlier amounts within each run of equal values of a sorted column."""
    total = np.cumsum(amount) - amount
    rank = rank_within(group)
    starts = total[rank == 0]
    before: I64 = total - np.repeat(
        starts, np.diff(np.append(np.flatnonzero(rank == 0), rank.size))
    )
    return before
