"""A stretch of days on which one lender meets the merchants' economy, through the real service."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sim.credit.bank import Bank
from sim.credit.economy import Economy
from sim.credit.facts import Facts
from sim.credit.feed_channel import fresh_space
from sim.credit.happenings import add_columns
from sim.credit.lender import Lender
from sim.credit.nights import Nights, NightsBeside, NightsHere
from sim.credit.restarts import under_faults
from sim.credit.statements import state_book
from sim.credit.world_parameters import WorldParameters
from sim.engine import EconomyModel, Engine
from sim.faults import Faults, Window
from sim.streams import Luck
from sim.trace import EventLog
from system.bootstrap_credit import build_credit
from system.credit.feed_records import FeedBatch
from system.kernels.columns import nonzero_at
from system.limits import DAY_S

# The business of a day is done at ten; the books close on its last second.
_OPENS_S: Final = 10 * 3_600
_CLOSES_S: Final = DAY_S - 1


@dataclass(frozen=True, slots=True)
class Span:
    """Days after the start: data flow from day 0, money from ``lend_after_days`` to ``days``."""

    lend_after_days: int
    days: int


class Stage:
    """Everything that one run is made of. ``start_day``: local business day number.

    cores: with two, the merchants' nights have a process of their own, for one large run; a study
    gives each core a replication instead. Faults want one: a delivery asks them what is open.
    """

    def __init__(
        self,
        luck: Luck,
        world: WorldParameters,
        n: int,
        span: Span,
        store: str = "memory",
        cores: int = 1,
        windows: tuple[Window, ...] = (),
    ) -> None:
        self.luck, self.span, self.cores = luck, span, cores
        self.engine = Engine(world.start_s)
        self.start_s, self.start_day = world.start_s, world.start_day
        self.lend_day = self.start_day + span.lend_after_days
        self.end_day = self.start_day + span.days
        self.economy = Economy(luck, world, n)
        self.facts, self.log = Facts(n), EventLog()
        self.system = build_credit(clock=self.engine.clock, store_url=store)
        # Invariants that were seen broken during the run: when, and what broke first.
        self.broken: dict[str, str] = {}
        self.faults = Faults(windows, luck, lambda: self.engine.now_s)
        service = under_faults(self.system, self.engine.clock, self.faults)
        self.bank = Bank(
            service, self.engine.clock, self.economy, self.facts, self.log, self.faults
        )
        self.bank.enrol()

    @property
    def today(self) -> int:
        """Local business day number."""
        return self.start_day + (self.engine.now_s - self.start_s) // DAY_S

    def run(
        self,
        lender: Lender,
        opening: Callable[[], object] = lambda: None,
        closing: Callable[[], object] = lambda: None,
    ) -> None:
        """All days. opening: called on the first morning of lending.  closing: after each day."""
        lender.start(self.start_day)
        _Days(self, lender, opening, closing)
        self.engine.run(self.engine.now_s + self.span.days * DAY_S)
        self.bank.open_day(self.end_day)
        state_book(self.bank, self.lend_day, self.end_day, self.end_day)


class _Days(EconomyModel):
    """The Mesa model: one step per local day."""

    def __init__(
        self,
        stage: Stage,
        lender: Lender,
        opening: Callable[[], object],
        closing: Callable[[], object],
    ) -> None:
        super().__init__(stage.engine)
        self._stage, self._lender = stage, lender
        self._opening, self._closing = opening, closing
        self._day = stage.start_day
        self._nights: Nights | None = None
        self._delivery: Callable[[], FeedBatch | None] = lambda: None

    def step(self) -> None:
        """At midnight: the day's business is due at ten, the close on its last second."""
        now_s = self.engine.now_s
        self.engine.at(now_s + _OPENS_S, self._business)
        self.engine.at(now_s + _CLOSES_S, self._close)

    def _business(self) -> None:
        stage, day = self._stage, self._day
        if self._nights is None:
            first = self._morning(day)
            self._delivery = lambda: first
        else:
            self._nights.end()
            self._delivery = self._nights.delivery
        if day >= stage.lend_day:
            self._lend(day)
        if self._nights is None:
            self._nights = self._first_nights()
        self._nights.begin(day, day + 1 == stage.end_day)

    def _morning(self, day: int) -> FeedBatch | None:
        return self._lender.ship(self._stage.economy.morning(day), fresh_space)

    def _first_nights(self) -> Nights:
        is_beside = self._stage.cores > 1 and not self._stage.faults.windows
        return (NightsBeside if is_beside else NightsHere)(self._stage.economy, self._lender)

    def _lend(self, day: int) -> None:
        stage, bank = self._stage, self._stage.bank
        if day == stage.lend_day:
            self._opening()
        view = bank.open_day(day)
        state_book(stage.bank, stage.lend_day, stage.end_day, day)
        self._lender.open_day(day, view)
        requested_fen = stage.economy.wants_credit(day, view)
        rows = nonzero_at(requested_fen)
        if rows.size:
            stage.facts.applications.ask(day, self.engine.now_s, rows)
            add_columns(
                stage.log, self.engine.now_s, "asked", f"day/{day}", rows, requested_fen[rows]
            )
            self._lender.apply(day, rows, requested_fen[rows])
        bank.pay_out(day, view)
        bank.collect(day, view)

    def _close(self) -> None:
        """What the platform reports of the day comes before the close of the books."""
        batch = self._delivery()
        if batch is not None:
            self._lender.hear(batch)
        self._stage.bank.service.end_of_day(self._day)
        self._closing()
        self._day += 1
        if self._day == self._stage.end_day and self._nights is not None:
            self._nights.end()
