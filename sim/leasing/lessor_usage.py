"""The lessor with rent by use: readings, alerts, and people who act on them."""

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sim.leasing.bank import Bank
from sim.leasing.channel_columns import as_readings
from sim.leasing.grid import MS, day_start_s
from sim.leasing.lease_desk import NO_LEASE, OFFICER, SECOND, Debts, LeaseDesk
from sim.leasing.lessor import LASTS, Lessor
from sim.leasing.lessor_parameters import LessorParameters
from sim.leasing.line import Line
from sim.leasing.network import Network
from sim.leasing.pressure import Stops
from sim.leasing.terminals import Terminals
from sim.leasing.troubles import FAR_S
from sim.leasing.work import NOWHERE
from sim.leasing.world import Notice, Physical, World
from sim.portable import F64, I64
from sim.trace import EventLog
from system.leasing.commands import AcknowledgeAlerts, ActOnAlert, ClearAlerts
from system.leasing.fixed_rules import FixedRules
from system.leasing.records import ActionKind, Alert, AlertKind, AlertState, Severity
from system.limits import DAY_S

# People answer between eight and eight; what is critical is answered at any hour.
_OPENS_S, _CLOSES_S = 8 * 3_600, 20 * 3_600
_BATCH: Final = 100


class UsageLessor(Lessor):
    """Knows hours and places from readings, and answers alerts."""

    def __init__(
        self,
        world: World,
        p: LessorParameters,
        log: EventLog,
        bank: Bank,
        desk: LeaseDesk,
        line: Line,
    ) -> None:
        super().__init__(world, p, log, bank, desk)
        self.line = line
        self.terminals = Terminals(world.luck, world.t, world.fleet)
        self._network = Network(world.luck, world.t, world.fleet.n)
        n = world.fleet.n
        self.baseline = FixedRules(n)
        self.readings_count = 0
        self.stops = Stops(world, desk)
        self._visit_on = np.full(n, LASTS, np.int64)
        self._service_on = np.full(n, LASTS, np.int64)
        # Machines that come back after a talk about why they stand.
        self._offered: list[int] = []
        self._day = self._now_s = 0
        self._answers: Mapping[AlertKind, Callable[[Alert], None]] = {
            AlertKind.IDLE: self._idle,
            AlertKind.OFFLINE: self._unheard,
            AlertKind.GEOFENCE: self._outside,
            AlertKind.FUEL_BURN: self._thirsty,
            AlertKind.FUEL_THEFT: self._ask,
            AlertKind.TAMPER: self._lies,
            AlertKind.ROLLBACK: self._turned_back,
            AlertKind.SPOOF: self._lies,
            AlertKind.OVERUSE: self._ask,
            AlertKind.MAINTENANCE: self._service,
            AlertKind.FUEL_LEAK: self._thirsty,
        }

    # What the lessor hears.

    def hear(self, day: int, physical: Physical, notice: Notice) -> None:
        """Moves that are told, closed sites, and what terminals write down today."""
        self._day = day
        world = self.world
        self.bank.move(f"{day}", notice)
        region = world.economy.contractors.region[world.projects.contractor]
        standing = world.where.site[world.where.site != NOWHERE]
        self.bank.close_sites(day, world.economy.wet, region, standing)
        place = (physical.lat_e7, physical.lon_e7, physical.riding)
        ailing = world.troubles.ailing
        spoken = self.terminals.read(day, day_start_s(day), physical.live, place, ailing)
        self._network.send(day, spoken, ailing)

    def poll(self, at_s: int) -> None:
        """Readings come in; silence is noticed; somebody looks at new alerts."""
        self._now_s = at_s
        self._carry_orders(at_s)
        arrived = self.line.deliver(self._network.collect(at_s))
        if len(arrived):
            self.readings_count += len(arrived)
            self.sent.note(arrived)
            self.baseline.take_in(as_readings(arrived, arrived.spoken.at_ms))
        self.bank.service.tick(at_s * MS, is_linked=self.line.is_up)
        self._answer(at_s)

    # What people do about alerts.

    def _answer(self, at_s: int) -> None:
        in_hours = _OPENS_S <= (at_s - day_start_s(self._day)) % DAY_S < _CLOSES_S
        fresh = [
            alert
            for alert in self.bank.service.alerts(is_open=True)
            if alert.state != AlertState.ACKNOWLEDGED
            and (in_hours or alert.severity == Severity.CRITICAL)
        ]
        for first in range(0, len(fresh), _BATCH):
            part = fresh[first : first + _BATCH]
            ids = tuple(alert.alert_id for alert in part)
            self.bank.service.acknowledge(AcknowledgeAlerts(f"take/{at_s}/{first}", ids, OFFICER))
            for alert in part:
                self._answers[AlertKind(alert.kind)](alert)

    def _order(self, alert: Alert, kind: ActionKind) -> None:
        """Write down what is done."""
        checker = SECOND if kind >= ActionKind.LIMIT_CUT else ""
        name = f"{kind.name}/{alert.alert_id}/{alert.version}"
        self.bank.service.act(ActOnAlert(name, alert.alert_id, kind, OFFICER, checker))

    def _cut(self, alert: Alert) -> None:
        """Whoever tampers with a meter or a terminal gets no further machine for now."""
        lessee = int(self.world.economy.machines.lessee[alert.machine])
        if lessee != NOWHERE and self.desk.lease_of[alert.machine] != NO_LEASE:
            self._order(alert, ActionKind.LIMIT_CUT)
            self.limits.was_cut(self._day, np.array([lessee], np.int64))

    def _turned_back(self, alert: Alert) -> None:
        self._ask(alert)
        self._cut(alert)

    def _lies(self, alert: Alert) -> None:
        self._visit(alert)
        self._cut(alert)

    def _ask(self, alert: Alert) -> None:
        """The lessee is told, and knows from now on that the bank sees it."""
        self._order(alert, ActionKind.CALL)

    def _idle(self, alert: Alert) -> None:
        """A machine without work may as well come back."""
        self._ask(alert)
        row, economy = alert.machine, self.world.economy
        lessee = economy.machines.lessee[row]
        has_work = economy.machines.place[row] != NOWHERE
        draw = self.world.luck.cohort("idle_talk", self._day, self.world.fleet.n)[row]
        if lessee != NOWHERE and not has_work and draw < self.p.idle_talk_share:
            self._offered.append(row)

    def _outside(self, alert: Alert) -> None:
        """The lessee is asked: it was moved, it was stolen, or it was nothing."""
        self._ask(alert)
        world, rows = self.world, np.array([alert.machine], np.int64)
        if world.economy.machines.gone[alert.machine]:
            self._order(alert, ActionKind.REPOSSESSION)
            self.search(self._day, rows)
        elif world.where.place[alert.machine] != world.where.site[alert.machine]:
            now_s = np.array([self._now_s], np.int64)
            self.bank.move(f"told/{alert.alert_id}", world.register(rows, now_s, now_s))
        else:
            name = f"nothing/{alert.alert_id}/{alert.version}"
            said = "the lessee has it where it should be"
            self.bank.service.clear(ClearAlerts(name, (alert.alert_id,), OFFICER, said))

    def _thirsty(self, alert: Alert) -> None:
        self._ask(alert)
        self.world.troubles.repair(np.array([alert.machine], np.int64), self._day)

    def _unheard(self, alert: Alert) -> None:
        """Somebody has to go and look, unless it speaks again before."""
        self._visit(alert)

    def _visit(self, alert: Alert) -> None:
        self._order(alert, ActionKind.INSPECTION)
        row = alert.machine
        self._visit_on[row] = min(self._visit_on[row], self._day + self.p.inspector_days)

    def _service(self, alert: Alert) -> None:
        self._ask(alert)
        row = alert.machine
        on = self._day + self.p.service_arranged_days
        self._service_on[row] = min(self._service_on[row], on)

    # What people do on a day.

    def look_around(self, day: int) -> None:
        """Thefts that lessees tell of, visits, services that were arranged, talks about returns."""
        self.report_thefts(day)
        self._visit_machines(day, np.flatnonzero(self._visit_on <= day))
        due = np.flatnonzero(self._service_on <= day)
        self._service_on[due] = LASTS
        here = due[~self.world.economy.machines.gone[due]]
        self.world.serviced(here, day)
        self.bank.serviced(day, self.world.serviced_today)
        back, self._offered = np.unique(np.array(self._offered, np.int64)), []
        still = self.world.economy.machines
        self.give_back(day, back[(still.lessee[back] != NOWHERE) & ~still.gone[back]], "talked")

    def _visit_machines(self, day: int, rows: I64) -> None:
        """An inspector finds a machine, or not; a terminal that ails is replaced."""
        self._visit_on[rows] = LASTS
        gone = self.world.economy.machines.gone[rows]
        self.search(day, rows[gone])
        here, ailing = rows[~gone], self.world.troubles.ailing
        ill = (ailing.silent_from_s[here] < FAR_S) | (ailing.opened_at_s[here] < FAR_S)
        ill |= ailing.spoofs[here]
        self.world.troubles.replace_terminal(here[ill], day_start_s(day) + _OPENS_S)

    def hold_debtors(self, day: int, debts: Debts) -> None:
        """Machines of late payers are ordered to stand; paid up, to start."""
        machines = self.world.economy.machines
        late = debts.debtor[debts.dpd_days >= self.p.immobilise_days]
        hears = self.world.troubles.ailing.silent_from_s == FAR_S
        leased = (self.desk.lease_of != NO_LEASE) & ~machines.gone
        self.stops.want(day, np.isin(machines.lessee, late) & leased & hears)

    def _carry_orders(self, at_s: int) -> None:
        """Orders go out; terminals that hear them answer."""
        if self.stops.waiting:
            hears = self.world.troubles.ailing.silent_from_s > at_s
            done = self.line.carry(at_s, self.stops.waiting, hears)
            immobilised = self.bank.service.machines(("immobilised",))["immobilised"]
            self.stops.answered(done, immobilised)

    def fetch_days(self, rows: I64) -> I64:
        tracked = self._is_tracked(rows)
        return np.where(tracked, self.p.repossess_tracked_days, self.p.repossess_blind_days)

    def hunt(self, rows: I64) -> tuple[I64, F64]:
        """A position helps as long as the terminal speaks."""
        tracked, p = self._is_tracked(rows), self.p
        days = np.where(tracked, p.police_tracked_days, p.police_blind_days)
        return days, np.where(tracked, p.recovered_tracked_share, p.recovered_blind_share)

    def _is_tracked(self, rows: I64) -> NDArray[np.bool_]:
        tracked: NDArray[np.bool_] = self.world.troubles.ailing.silent_from_s[rows] > self._now_s
        return tracked

    def came_home(self, day: int, rows: I64) -> None:
        """The bank is told; the terminal is made good."""
        start_s = np.full(rows.size, day_start_s(day), np.int64)
        place = np.full(rows.size, NOWHERE, np.int64)
        self.bank.move(f"found/{day}", Notice(rows, place, start_s, start_s))
        self.world.troubles.replace_terminal(rows, day_start_s(day))

    def close(self) -> None:
        self.line.close()
