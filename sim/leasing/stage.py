"""A stretch of days on which one lessor meets the machines' economy, in virtual time."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from sim.engine import EconomyModel, Engine
from sim.faults import Faults, Window
from sim.leasing.bank import Bank
from sim.leasing.channel_broker import BrokerChannel
from sim.leasing.channel_columns import ColumnChannel
from sim.leasing.facts import Facts
from sim.leasing.grid import MS, day_start_s
from sim.leasing.lease_desk import LeaseDesk
from sim.leasing.lessor import Lessor
from sim.leasing.lessor_fixed import FixedLessor
from sim.leasing.lessor_usage import UsageLessor
from sim.leasing.line import Channel, Line
from sim.leasing.machines import MachineDay
from sim.leasing.parameters import Parameters
from sim.leasing.restarts import Services, under_faults
from sim.leasing.statements import state_book
from sim.leasing.terms import terms_of
from sim.leasing.watch_policy import WATCH_POLICY
from sim.leasing.world import World
from sim.metrics.alert_scoring import Spans, spans_of
from sim.streams import Luck
from sim.trace import EventLog
from system.bootstrap_leasing import LeasingSystem, build_leasing
from system.leasing.leases.policy import DEFAULT_POLICY as LEASE_POLICY
from system.leasing.policy import LeasingPolicy
from system.leasing.records import Alert
from system.limits import DAY_S, PERIOD_DAYS

# Dealings of a day come after its work; the evening comes last.
_DEALS_S: Final = DAY_S - 2
_CLOSES_S: Final = DAY_S - 1
# A broker is back so long before its fault is over, so that clients have come back by then.
_RETURNS_S: Final = 60


@dataclass(frozen=True, slots=True)
class Span:
    """Days after the start: measured from ``from_days`` to ``days``."""

    from_days: int
    days: int


@dataclass(frozen=True, slots=True)
class Setting:
    """One arm's numbers. windows: what breaks when."""

    process: str
    seed: int
    replication: int
    parameters: Parameters
    machines: int
    contractors: int
    span: Span
    windows: tuple[Window, ...] = ()


MakeChannel = Callable[[LeasingSystem, Services, Setting], Channel]


def by_columns(system: LeasingSystem, services: Services, setting: Setting) -> Channel:
    """The fast wiring."""
    return ColumnChannel(services.leasing, system.book)


def by_broker(system: LeasingSystem, services: Services, setting: Setting) -> Channel:
    """The full wiring."""
    start_s = setting.parameters.world.start_s
    return BrokerChannel(system, services.desk, setting.machines, start_s)


class Stage:
    """Everything that one run is made of."""

    def __init__(
        self,
        setting: Setting,
        store_url: str,
        channel: MakeChannel = by_columns,
        policy: LeasingPolicy = WATCH_POLICY,
    ) -> None:
        p, self.setting = setting.parameters, setting
        luck = Luck(setting.seed, setting.replication)
        self.engine, self.log = Engine(p.world.start_s), EventLog()
        self.start_day = p.world.start_day
        self.end_day = self.start_day + setting.span.days
        sizes = (setting.machines, setting.contractors)
        terms = terms_of(setting.process, p.lessor)
        self.world = World(luck, p.world, p.trouble, terms, sizes, setting.span.days)
        self.measured_from = self.start_day + setting.span.from_days
        self.facts = Facts(setting.machines)
        lease_policy = replace(LEASE_POLICY, hold_dpd_days=max(p.lessor.immobilise_days, 1))
        self.system = build_leasing(
            clock=self.engine.clock,
            store_url=store_url,
            policy=policy,
            lease_policy=lease_policy,
        )
        # Invariants that were seen broken during the run: when, and what broke first.
        self.broken: dict[str, str] = {}
        self.faults = Faults(setting.windows, luck, lambda: self.engine.now_s)
        policies = policy, lease_policy
        self._services = under_faults(self.system, self.engine.clock, policies, self.faults)
        parts = self._services.leases, self.system.book
        self.desk = LeaseDesk(*parts, setting.process, p.lessor, sizes, self.faults)
        self.lessor: Lessor = self._lessor(channel)

    def _lessor(self, make_channel: MakeChannel) -> Lessor:
        p, world, log = self.setting.parameters, self.world, self.log
        bank = Bank(self._services.leasing, world.fleet, world.projects, p.world)
        if self.setting.process == "fixed":
            return FixedLessor(world, p.lessor, log, bank, self.desk)
        channel = make_channel(self.system, self._services, self.setting)
        schedule_breaks(self.engine, self.faults, channel)
        line = Line(channel, self.faults)
        return UsageLessor(world, p.lessor, log, bank, self.desk, line)

    def run(self, closing: Callable[[int], object] = lambda day: None) -> None:
        """All days. closing: called with the day's number after each."""
        self.lessor.start()
        _Days(self, closing)
        self.engine.run(self.engine.now_s + self.setting.span.days * DAY_S)

    def note(self, day: int, work: MachineDay) -> None:
        """Remember a day, if it is measured."""
        economy = self.world.economy
        if day >= self.measured_from:
            outside = economy.outside_hours.own, economy.outside_hours.spot
            owned = int((~economy.machines.retired).sum())
            self.facts.note(day, economy.p, work, economy.machines.lessee, outside, owned)

    @property
    def readings_count(self) -> int:
        """Readings that reached the bank, repeats included."""
        return self.lessor.readings_count if isinstance(self.lessor, UsageLessor) else 0

    def alerts(self) -> list[Alert]:
        """Every alert of the run, also those that were withdrawn."""
        return self.system.leasing.alerts()

    def told(self) -> Spans:
        """The alerts as the bank was told of them."""
        return spans_of(
            [(a.machine, a.kind, a.start_ms, a.end_ms, a.raised_at_s * MS) for a in self.alerts()]
        )

    def told_by_baseline(self) -> Spans:
        """What the commission's fixed rules said on the same readings."""
        assert isinstance(self.lessor, UsageLessor)
        return spans_of(
            [
                (a.machine, int(a.kind), a.start_ms, a.end_ms, a.told_ms)
                for a in self.lessor.baseline.alerts
            ]
        )

    def close(self) -> None:
        """Give the store back."""
        self.lessor.close()
        self.system.close()


class _Days(EconomyModel):
    """The Mesa model: one step per local day."""

    def __init__(self, stage: Stage, closing: Callable[[int], object]) -> None:
        super().__init__(stage.engine)
        self._stage, self._closing = stage, closing
        self._day = stage.start_day

    def step(self) -> None:
        """At midnight the day is worked; polls come in their time, dealings and evening last."""
        stage, day = self._stage, self._day
        self._day += 1
        world, lessor = stage.world, stage.lessor
        lessor.open_day(day, world.morning(day))
        physical, notice = world.work(day)
        stage.note(day, physical.work)
        lessor.hear(day, physical, notice)
        start_s = day_start_s(day)
        if isinstance(lessor, UsageLessor):
            poll_s = stage.setting.parameters.trouble.poll_s
            for at_s in range(start_s, start_s + DAY_S, poll_s):
                self.engine.at(at_s, _Poll(lessor, at_s))
        self.engine.at(start_s + _DEALS_S, lambda: self._deal(day))
        self.engine.at(start_s + _CLOSES_S, lambda: self._close(day))

    def _deal(self, day: int) -> None:
        self._stage.lessor.look_around(day)
        self._stage.lessor.collect(day)

    def _close(self, day: int) -> None:
        stage = self._stage
        stage.desk.close_day(day)
        days, system = day + 1 - stage.start_day, stage.system
        if days % PERIOD_DAYS == 0 or days == stage.setting.span.days:
            state_book(stage.log, self.engine.now_s, system.leases.portfolio())
        stage.lessor.failed(day, stage.world.economy.evening(day))
        self._closing(day)


def schedule_breaks(engine: Engine, faults: Faults, channel: Channel) -> None:
    """What breaks by itself, whoever sends: the broker goes away and returns."""
    for window in faults.windows:
        if window.kind == "broker_down":
            back_s = max(window.from_s, window.until_s - _RETURNS_S)
            engine.at(window.from_s, partial(channel.broker_ends, window.from_s))
            engine.at(back_s, partial(channel.broker_returns, back_s))


@dataclass(frozen=True, slots=True)
class _Poll:
    """One poll of the platform."""

    lessor: UsageLessor
    at_s: int

    def __call__(self) -> None:
        self.lessor.poll(self.at_s)
