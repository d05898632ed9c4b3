"""The platform under faults: its service over parts that fail, started again when it dies."""

from collections.abc import Iterator
from functools import partial
from typing import Any, Final, cast

from sim.faults import Faults
from sim.receivables.chain_driver import ChainDriver
from sim.receivables.economy import Economy
from sim.twins.faulty_clock import FaultyClock
from sim.twins.faulty_evm import FaultyEvm
from sim.twins.faulty_transactions import FaultyTransactions
from sim.twins.patient_client import PatientClient
from system.bootstrap import DEFAULT_BOUNDS, System, assemble
from system.chain.events import Event
from system.chain.records import FEED
from system.chain.service import ReceivablesService
from system.chain.session import event_of
from system.ports.store import Store

REORG_BLOCKS_MAX: Final = 8


class Restarts:
    """Everything that survives the service: clock, chain, store and keys.

    ``service`` is the service for its users. The system that was built stays whole: the auditor
    looks at its parts, which never fail.
    """

    def __init__(self, system: System, secret: bytes, faults: Faults) -> None:
        self._system, self._secret = system, secret
        self.clock = FaultyClock(system.clock, faults)
        self.store: Any = FaultyTransactions(system.store, faults)
        self.chain: Any = FaultyEvm(system.chain, faults)
        patient = PatientClient(lambda: self.start(self.store))
        self.service = cast(ReceivablesService, patient)
        with system.store.transaction() as unit:
            last = unit.last(FEED)
        self._told = last.sequence if last is not None else 0

    def untold(self) -> Iterator[Event]:
        """The stored events that were not handed out yet, each once, whoever stored them."""
        with self._system.store.transaction() as unit:
            rows = unit.scan(FEED, after=(self._told,))
        for row in rows:
            self._told = row.sequence
            yield event_of(row)

    def start(self, store: Store) -> ReceivablesService:
        """A service over the parts that survive. store: ``self.store``, or one over it."""
        parts = self._system.parts
        return assemble(
            self.clock,
            self.chain,
            store,
            self._system.wallets,
            parts.policy,
            DEFAULT_BOUNDS,
            self._secret,
            parts.confirmations,
        ).receivables


def schedule_breaks(economy: Economy, driver: ChainDriver) -> None:
    """What breaks by itself, whoever calls: the chain reorganises, the node restarts."""
    for window in economy.faults.windows:
        if window.kind == "reorg":
            depth = 1 + round(window.severity * (REORG_BLOCKS_MAX - 1))
            economy.engine.at(window.from_s, partial(_reorganise, economy, driver, depth))
        elif window.kind == "node_restart":
            economy.engine.at(window.from_s, driver.restart_node)


def _reorganise(economy: Economy, driver: ChainDriver, depth: int) -> None:
    faults = economy.faults
    faults.struck["reorg"] += 1
    driver.reorganise(depth, keep=faults.chance("reorg_keeps", "reorg", 0.5))
