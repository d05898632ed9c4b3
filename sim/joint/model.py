"""One arm of one replication of the joint economy: the entry for the study engine."""

from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import Final

from sim.checks.cash import CONSERVED, first_breach
from sim.credit.happenings import add_journal
from sim.engine import Engine
from sim.faults import Faults, windows_of
from sim.joint.audit import audit_joint
from sim.joint.bank import JointBank, JointChannel
from sim.joint.economy import JointDebtors, JointEconomy
from sim.joint.parameters import setting_of
from sim.metrics.joint import measure_joint
from sim.receivables.cash_audit import audit_economy
from sim.receivables.chain_audit import audit_platform
from sim.receivables.chain_platform import Platform
from sim.receivables.model import ReceivablesModel, cleared, counts_of
from sim.receivables.rail_audit import audit_payments
from sim.receivables.watchman import Watchman
from sim.streams import Luck
from sim.world import Outcome, Task
from system.adapters.sql_place import own_place
from system.limits import DAY_S

_BUSINESS_S: Final = 10 * 3_600
# The close of both books, before the platform's at midnight.
_EVENING_S: Final = DAY_S - 1
_PLACES: Final = ("receivables", "lines", "leases", "desk")


class JointModel(ReceivablesModel):
    """The Mesa model: the receivables' day, and the same enterprises' shops, lines and leases."""

    def __init__(self, economy: JointEconomy, bank: JointBank) -> None:
        super().__init__(economy, JointDebtors(economy))
        self._joint, self._bank = economy, bank

    def step(self) -> None:
        """At midnight: retail cash is there before bills; dealings at ten, the close at night."""
        if self._joint.day == 0:
            self._bank.open()
        self._joint.sell_retail()
        super().step()
        now_s = self._joint.engine.now_s
        self._joint.engine.at(now_s + _BUSINESS_S, self._bank.business)
        self._joint.engine.at(now_s + _EVENING_S, self._bank.evening)


def simulate_joint(task: Task) -> Outcome:
    """Run one arm of one replication. Raises InputError for parameters that do not fit."""
    with _databases(task) as urls:
        economy, bank = run_joint(task, urls)
        metrics = measure_joint(economy, bank)
        with economy.faults.paused():
            platform_verdicts = audit_platform(bank.platform.system, economy)
            verdicts = first_breach(
                (
                    economy.broken,
                    platform_verdicts,
                    audit_payments(bank.platform, economy),
                    audit_economy(economy),
                    {CONSERVED: cleared(economy)},
                    audit_joint(economy, bank),
                )
            )
    # The lines' days, as a run of credit alone tells them.
    add_journal(economy.log, bank.lines.journal())
    bank.close()
    counts = economy.faults.counts() | {
        "blocks": float(bank.platform.driver.block_count),
        "transactions": float(bank.platform.driver.transaction_count),
    }
    return Outcome(metrics, economy.log, verdicts, counts)


def run_joint(task: Task, urls: tuple[str, str, str, str]) -> tuple[JointEconomy, JointBank]:
    """An arm to its end. urls: of the stores of receivables, lines, leases and the joint desk."""
    scenario = task.scenario
    setting = setting_of(scenario, task.arm)
    luck = Luck(scenario.seed, task.replication)
    engine = Engine(setting.receivables.start_s)
    economy = JointEconomy(engine, luck, setting, counts_of(scenario))
    windows = windows_of(scenario, task.arm, luck, economy.start_s)
    economy.faults = Faults(windows, luck, lambda: engine.now_s)
    economy.warm_at_s = economy.start_s + scenario.warmup_days * DAY_S
    economy.end_at_s = economy.warm_at_s + scenario.horizon_days * DAY_S
    platform = Platform(
        economy, Task(scenario, task.arm, task.replication, task.wiring, task.evm, urls[0])
    )
    bank = JointBank(economy, platform, setting, urls[1:])
    channel = JointChannel(economy, bank)
    economy.channel = channel
    platform.driver.handle = channel.handle
    Watchman(economy, platform)
    JointModel(economy, bank)
    engine.run(economy.end_at_s)
    with economy.faults.paused():
        platform.finish()
    return economy, bank


@contextmanager
def _databases(task: Task) -> Iterator[tuple[str, str, str, str]]:
    """The URLs of four empty stores, as ``task.store`` asks for."""
    if task.store == "memory":
        yield ("memory",) * 4
    elif task.store == "sqlite":
        with TemporaryDirectory() as folder:
            a, b, c, d = (f"sqlite:///{folder}/{name}.db" for name in _PLACES)
            yield a, b, c, d
    else:
        name = f"{task.arm}-{task.replication}"
        with (
            own_place(task.store, f"{name}-{_PLACES[0]}") as a,
            own_place(task.store, f"{name}-{_PLACES[1]}") as b,
            own_place(task.store, f"{name}-{_PLACES[2]}") as c,
            own_place(task.store, f"{name}-{_PLACES[3]}") as d,
        ):
            yield a, b, c, d
