"""The economy with its troubles: one arm's machines from day to day, truth included.

``morning`` and ``work`` of a day come before its telemetry; nothing here knows what the lessor
does with it.
"""

from dataclasses import dataclass

import numpy as np

from sim.leasing.activity import Activity, live_day, open_tanks, slots_on
from sim.leasing.economy import Economy, Wishes
from sim.leasing.grid import MONTH_DAYS, SLOT_S, SLOTS, day_start_s
from sim.leasing.idleness import Idleness
from sim.leasing.machines import MachineDay
from sim.leasing.terms import Terms
from sim.leasing.trouble_parameters import TroubleParameters
from sim.leasing.troubles import Troubles
from sim.leasing.truth import Kind
from sim.leasing.whereabouts import (
    HAUL_SLOT,
    SHIFT_SLOT,
    Ground,
    Trip,
    at_home,
    haul_trip,
    positions,
    theft_trip,
)
from sim.leasing.work import NOWHERE
from sim.leasing.world_parameters import WorldParameters
from sim.portable import F64, I64, Mask
from sim.streams import Luck


@dataclass(frozen=True, slots=True)
class Physical:
    """What really happened on one day: work, half hours, places (n, SLOTS)."""

    work: MachineDay
    live: Activity
    lat_e7: I64
    lon_e7: I64
    riding: Mask


@dataclass(frozen=True, slots=True)
class Notice:
    """A lessee, or the lessor's own yard, tells of moves: machines and their new sites.

    from_s, until_s: when the haul leaves and when it is there, int64 (j,).
    """

    rows: I64
    place: I64
    from_s: I64
    until_s: I64


class World:
    """n machines, m contractors, and what befalls them."""

    def __init__(
        self,
        luck: Luck,
        p: WorldParameters,
        t: TroubleParameters,
        terms: Terms,
        sizes: tuple[int, int],
        days: int,
    ) -> None:
        n, m = sizes
        self.luck, self.p, self.t = luck, p, t
        self.economy = Economy(luck, p, terms, n, m, days)
        self.fleet, self.projects = self.economy.fleet, self.economy.projects
        self.troubles = Troubles(luck, t, n)
        self.truth = self.troubles.truth
        self.ground = Ground(self.fleet, self.projects, p.site_radius_m, t.edge_parking_share)
        self.where = at_home(self.fleet)
        self.tanks = open_tanks(luck, self.fleet)
        self.idleness = Idleness(n)
        # Days on which lessees tell of thefts.
        self.reported_on = np.full(n, NOWHERE, np.int64)
        self._fled = np.zeros(n, np.bool_)
        self._period_s = np.zeros(n, np.int64)
        self.serviced_today = np.zeros(0, np.int64)

    def morning(self, day: int) -> Wishes:
        """Weather, sites, new troubles; what contractors wish."""
        self.serviced_today = np.zeros(0, np.int64)
        wishes = self.economy.morning(day)
        leased = self.economy.machines.lessee != NOWHERE
        rows = np.arange(self.fleet.n)
        middle = self.ground.middle(rows, self.where.site)
        self.troubles.morning(day, leased, self._priced(), middle)
        return wishes

    def _priced(self) -> Mask:
        """Whose next hour costs rent: bool (n,)."""
        rent = self.fleet.rent_fen.astype(np.float64)
        hours = self.economy.machines.month_hours
        priced: Mask = self.economy.terms.next_hour_fen(rent, hours) > 0
        return priced

    def work(self, day: int) -> tuple[Physical, Notice]:
        """The day itself: thieves at night, hauls at dawn, work; and the moves that are told."""
        thefts = self._thefts(day)
        self.economy.place_machines(day)
        hauls, notice = self._hauls(day)
        work = self.economy.work(day, self._on_the_way(hauls))
        nights = np.zeros(self.fleet.n, np.bool_)
        busy = work.place != NOWHERE
        nights[busy] = self.projects.nights[work.place[busy]]
        on = slots_on(work, nights)
        on[hauls.rows] &= np.arange(SLOTS) >= (hauls.slot + hauls.slots)[:, None]
        middle = self.ground.middle(np.arange(self.fleet.n), self.where.place)
        trips = [thefts, hauls]
        lat_e7, lon_e7, riding = positions(self.luck, self.where, trips, on, middle, day)
        live = live_day(
            self.luck,
            self.p,
            self.fleet,
            self.tanks,
            day,
            work,
            on,
            self._burn(day),
            self._siphoned(day),
        )
        self._note(day, work, on)
        return Physical(work, live, lat_e7, lon_e7, riding), notice

    def _burn(self, day: int) -> F64:
        """Factor on fuel: faults, and the month's driver."""
        draw = self.luck.cohort("driver_burns", day // MONTH_DAYS, self.fleet.n)
        driver = 1 + self.p.operator_effect_share * (draw - 0.5)
        burn: F64 = self.troubles.ailing.burn * driver
        return burn

    def _siphoned(self, day: int) -> I64:
        leased = (self.economy.machines.lessee != NOWHERE) & ~self.economy.machines.gone
        return self.troubles.siphoned_ml(day, leased, self.tanks, self.fleet.tank_ml)

    # Places.

    def _thefts(self, day: int) -> Trip:
        """Machines that thieves take tonight; the lessee finds out some days later."""
        machines = self.economy.machines
        here = (machines.lessee != NOWHERE) & ~machines.gone
        struck = self.troubles.strikes("theft", self.t.theft_per_year, day) & here
        return self.steal(np.flatnonzero(struck | (self._fled & here)), day)

    def flee(self, contractors: I64) -> None:
        """Failed contractors who take the machines with them tonight."""
        absconders = contractors[self.economy.contractors.absconds[contractors]]
        self._fled = np.isin(self.economy.machines.lessee, absconders)

    def steal(self, rows: I64, day: int) -> Trip:
        """These machines are on a lorry tonight."""
        trip = theft_trip(self.luck, self.where, rows, day)
        at_s = day_start_s(day) + trip.slot * SLOT_S
        self.economy.machines.gone[rows] = True
        self.economy.machines.place[rows] = NOWHERE
        waits = 2 * self.t.report_days_mean * self.troubles.draw("theft_reported", day)[rows]
        self.reported_on[rows] = day + 1 + waits.astype(np.int64)
        self.truth.begin(Kind.GEOFENCE, rows, at_s)
        removes = self.troubles.draw("thief_removes", day)[rows] < self.t.thief_removes_share
        later = 1 + (6 * self.troubles.draw("thief_removes_at", day)[rows]).astype(np.int64)
        self.troubles.remove_terminal(rows[removes], (at_s + later * SLOT_S)[removes])
        self._fled[:] = False
        return trip

    def _hauls(self, day: int) -> tuple[Trip, Notice]:
        """Machines whose place has changed go there at dawn; most lessees tell the lessor."""
        machines, where = self.economy.machines, self.where
        keeps = (machines.place == NOWHERE) & (machines.lessee != NOWHERE)
        goal = np.where(keeps, where.place, machines.place)
        moving = np.flatnonzero((goal != where.place) & ~machines.gone)
        lat_e7, lon_e7 = self.ground.parking(self.luck, moving, goal[moving], day)
        where.place[moving] = goal[moving]
        silent = self.troubles.draw("untold_move", day) < self.t.unregistered_move_share
        told = moving[~silent[moving] | (goal[moving] == NOWHERE)]
        untold = np.setdiff1d(moving, told)
        away = untold[where.place[untold] != where.site[untold]]
        from_s = day_start_s(day) + HAUL_SLOT * SLOT_S
        self.truth.begin(Kind.GEOFENCE, away, from_s)
        trip = haul_trip(where, moving, lat_e7, lon_e7)
        there_s = np.full(self.fleet.n, from_s, np.int64)
        there_s[moving] += trip.slots * SLOT_S
        return trip, self.register(told, np.full(told.size, from_s), there_s[told])

    def _on_the_way(self, hauls: Trip) -> Mask:
        """Who is not there when the shift begins: bool (n,)."""
        absent = np.zeros(self.fleet.n, np.bool_)
        absent[hauls.rows] = hauls.slot + hauls.slots > SHIFT_SLOT
        return absent

    def register(self, rows: I64, from_s: I64, until_s: I64) -> Notice:
        """The contract follows these machines to where they are, or will be this morning."""
        where = self.where
        where.site[rows] = where.place[rows]
        self.truth.end(Kind.GEOFENCE, rows, from_s)
        return Notice(rows, where.site[rows], from_s, until_s)

    def recover(self, rows: I64, day: int) -> None:
        """Stolen machines are found and brought to their yards."""
        machines, at_s = self.economy.machines, day_start_s(day)
        machines.gone[rows] = False
        self.economy.take_back(day, rows)
        self.reported_on[rows] = NOWHERE
        self.where.place[rows] = NOWHERE
        self.where.lat_e7[rows], self.where.lon_e7[rows] = self.ground.middle(
            rows, np.full(rows.size, NOWHERE)
        )
        self.truth.end(Kind.GEOFENCE, rows, at_s)

    def serviced(self, rows: I64, day: int) -> None:
        """Oil and filters are changed."""
        self.economy.machines.service_hours[rows] = 0.0
        self.truth.end(Kind.MAINTENANCE, rows, day_start_s(day + 1))
        self.serviced_today = np.union1d(self.serviced_today, rows)

    def _note(self, day: int, work: MachineDay, on: Mask) -> None:
        """What is idle beyond plan, by the site's own hours and the machine's own work."""
        assert self.economy.sites is not None
        self.idleness.live(day, on, self.where.site, self.economy.sites, self.projects, self.truth)
        self._note_hours(day, on)

    def _note_hours(self, day: int, on: Mask) -> None:
        """Use beyond the contract, by contract period, and services that are overdue."""
        machines, truth = self.economy.machines, self.truth
        start_s = day_start_s(day)
        if day % MONTH_DAYS == 0:
            self._period_s[:] = 0
            truth.end(Kind.OVERUSE, truth.is_open(Kind.OVERUSE), start_s)
        self._period_s += SLOT_S * on.sum(axis=1)
        over = self._period_s > self.p.contract_hours_max * 3_600
        truth.begin(Kind.OVERUSE, np.flatnonzero(over), start_s)
        due = machines.service_hours >= self.p.service_interval_hours
        truth.begin(Kind.MAINTENANCE, np.flatnonzero(due), start_s)
        kept = self.troubles.draw("service_done", day) < self.t.service_done_per_day
        self.serviced(np.flatnonzero(due & kept), day)
