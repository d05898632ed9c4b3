"""One arm of one replication of the receivables economy: the entry for the study engine."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from tempfile import TemporaryDirectory

from sim.checks.auditor import HELD
from sim.checks.cash import CONSERVED, first_breach
from sim.engine import EconomyModel, Engine
from sim.faults import Faults, windows_of
from sim.metrics.receivables import measure
from sim.receivables.bills import Bills
from sim.receivables.cash_audit import audit_economy
from sim.receivables.chain import ChainChannel
from sim.receivables.chain_audit import audit_platform
from sim.receivables.chain_platform import CLEARING, RAIL, Platform
from sim.receivables.debtors import Debtors
from sim.receivables.economy import Economy
from sim.receivables.fraud import FraudDesk
from sim.receivables.paper import PaperChannel
from sim.receivables.parameters import parameters_of
from sim.receivables.rail_audit import audit_payments
from sim.receivables.statements import lent_of, state_book
from sim.receivables.trade import Trade
from sim.receivables.treasury import Treasury
from sim.receivables.watchman import Watchman
from sim.scenario import Scenario
from sim.statements import stand
from sim.streams import Luck
from sim.world import Outcome, Task
from system.adapters.sql_place import own_place
from system.limits import DAY_S


class ReceivablesModel(EconomyModel):
    """The Mesa model: its daily step moves trade, debtors, bills, treasurers and fraudsters."""

    def __init__(self, economy: Economy, debtors: Debtors | None = None) -> None:
        super().__init__(economy.engine)
        self.economy = economy
        self._bills, self._trade = Bills(economy), Trade(economy)
        treasury = Treasury(economy)
        self._daily = (debtors or Debtors(economy), self._bills, self._trade, treasury)
        self._fraud = FraudDesk(economy, treasury)
        self._bills.open_accounts()
        self._trade.open_books()

    def step(self) -> None:
        """One local day, at midnight."""
        state_book(self.economy)
        for part in (*self._daily, self._fraud):
            part.step()
        self.economy.channel.end_of_day()


def simulate_receivables(task: Task) -> Outcome:
    """Run one arm of one replication. Raises InputError for parameters that do not fit."""
    process = task.scenario.arms[task.arm].word("process")
    if process == "paper":
        return _simulate_paper(task)
    if process == "chain":
        with _database(task) as url:
            return _simulate_chain(replace(task, store=url))
    remedy = 'write "paper" or "chain"'
    raise task.scenario.refuse(("arms", task.arm, "process"), process, remedy)


def _simulate_paper(task: Task) -> Outcome:
    economy = run_paper(task)
    measured = measure(economy, "paper")
    verdicts = first_breach((economy.broken, audit_economy(economy)))
    return Outcome(measured, economy.log, verdicts, economy.faults.counts())


def run_paper(task: Task) -> Economy:
    """The paper process to its end."""
    economy = _economy(task)
    economy.channel = PaperChannel(economy)
    Watchman(economy)
    _run(economy, task)
    return economy


def _simulate_chain(task: Task) -> Outcome:
    economy, platform = run_chain(task)
    passed_on = {CONSERVED: cleared(economy)}
    found = (audit_platform(platform.system, economy), audit_payments(platform, economy))
    verdicts = first_breach((economy.broken, *found, audit_economy(economy), passed_on))
    platform.system.close()
    counts = economy.faults.counts() | {
        "blocks": float(platform.driver.block_count),
        "transactions": float(platform.driver.transaction_count),
    }
    return Outcome(measure(economy, "chain"), economy.log, verdicts, counts)


def run_chain(task: Task) -> tuple[Economy, Platform]:
    """The chain process to its end, with everything that was sent on the chain."""
    economy = _economy(task)
    platform = Platform(economy, task)
    channel = ChainChannel(economy, platform)
    economy.channel = channel
    platform.driver.handle = channel.handle
    Watchman(economy, platform)
    _run(economy, task)
    with economy.faults.paused():
        platform.finish()
    return economy, platform


def _run(economy: Economy, task: Task) -> None:
    ReceivablesModel(economy)
    days = task.scenario.warmup_days + task.scenario.horizon_days
    economy.engine.run(economy.start_s + days * DAY_S)
    stand(economy.log, economy.engine.now_s, lent_of(economy))


def cleared(economy: Economy) -> str:
    """ "held", or what of debtors' payments is stuck."""
    left_fen = economy.purses.of(CLEARING) + economy.purses.of(RAIL)
    return f"{left_fen} fen of debtors' payments never reached anybody" if left_fen else HELD


@contextmanager
def _database(task: Task) -> Iterator[str]:
    """The URL of an empty store, as ``task.store`` asks for."""
    if task.store == "memory":
        yield task.store
    elif task.store == "sqlite":
        with TemporaryDirectory() as folder:
            yield f"sqlite:///{folder}/system.db"
    else:
        with own_place(task.store, f"{task.arm}-{task.replication}") as url:
            yield url


def _economy(task: Task) -> Economy:
    parameters = parameters_of(task.scenario, task.arm)
    luck = Luck(task.scenario.seed, task.replication)
    economy = Economy(Engine(parameters.start_s), luck, parameters, counts_of(task.scenario))
    windows = windows_of(task.scenario, task.arm, luck, economy.start_s)
    economy.faults = Faults(windows, luck, lambda: economy.engine.now_s)
    economy.warm_at_s = economy.start_s + task.scenario.warmup_days * DAY_S
    economy.end_at_s = economy.warm_at_s + task.scenario.horizon_days * DAY_S
    return economy


def counts_of(scenario: Scenario) -> tuple[int, ...]:
    """Cores and the three tiers; none may be empty, for each buys from the next."""
    return tuple(_count(scenario, name) for name in ("core", "tier1", "tier2", "tier3"))


def _count(scenario: Scenario, name: str) -> int:
    count = scenario.populations[name].whole("count")
    if count < 1:
        raise scenario.refuse(("populations", name, "count"), count, "write 1 or more")
    return count
