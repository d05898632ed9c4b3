"""The platform's link to the payment rail: the process that speaks with it, and its rounds."""

from collections.abc import Callable
from typing import Final

from sim.receivables.chain_driver import RETRY_S
from sim.receivables.chain_restarts import Restarts
from sim.receivables.economy import Economy
from sim.receivables.network import BANKS
from sim.receivables.records import Firm
from sim.twins.faulty_rail import FaultyRail
from sim.twins.patient_client import PatientClient, Unreachable
from system.adapters.group_store import GroupStore
from system.adapters.memory_store import MemoryStore
from system.adapters.rail_embedded import RAIL_TABLES, EmbeddedRail
from system.bootstrap import System
from system.chain.service import ReceivablesService
from system.chain.service_payouts import end_of
from system.payments import rail_work
from system.payments.desk import name_account
from system.payments.intake import Received, Taken
from system.payments.rail_work import RailWork
from system.payments.records import PAYMENTS, UNDER_WAY, PayoutAccount, RailPayment
from system.ports.clock import Clock
from system.ports.rail import PaymentRail

# The gateway looks every half second; the economy's clock has whole ones.
_LOOK_S: Final = 1
# After everybody's actions and the blocks of the same second.
_AFTER: Final = 6
# Invented numbers of the banks in the clearing system.
_AGENT_OF: Final = dict(zip(BANKS, ("102100099996", "105100000017"), strict=True))


class RailProcess:
    """What the gateway does between books and rail, in a process of the bank of its own.

    start: puts a service together over ``store``.
    """

    def __init__(
        self,
        start: Callable[[GroupStore], ReceivablesService],
        store: GroupStore,
        clock: Clock,
        rail: PaymentRail,
    ) -> None:
        self._start, self._store, self._clock = start, store, clock
        self._work = RailWork(rail, store, clock, self._forget)
        self._service = start(store)

    def run(self) -> None:
        """Send what waits, apply what came."""
        for _ in self._work.run(self._take):
            pass

    def _take(self, raw: bytes) -> Taken:
        return rail_work.take(self._store, self._clock.now_s(), raw, self._ended, self._received)

    def _forget(self) -> None:
        self._service = self._start(self._store)

    def _ended(self, payment: RailPayment) -> None:
        self._service.end_payouts([end_of(payment)])

    def _received(self, received: Received) -> None:
        raise AssertionError(f"debtors pay at the platform, not over this rail: {received}")


class RailLink:
    """The rail with books of its own, and the rounds of the platform's process. told: hands out
    the events that a round has led to.

    The rail is open at all hours and settles at once: the time until cash can be used is a cause
    of its own (``cash_out_window_s``), and no finding hangs on hours that nobody measured.
    """

    def __init__(self, economy: Economy, system: System, restarts: Restarts) -> None:
        self._e, self._system = economy, system
        self.books = MemoryStore(RAIL_TABLES)
        line = FaultyRail(EmbeddedRail(self.books, economy.engine.clock), economy.faults)

        def start() -> RailProcess:
            store = GroupStore(restarts.store)
            return RailProcess(restarts.start, store, restarts.clock, line)

        self._process = PatientClient(start)
        self._is_scheduled = False
        self.told: Callable[[], None]
        self.party_of_account = {_account(firm): firm.key for firm in economy.firms}

    @property
    def is_at_rest(self) -> bool:
        """Whether no payment is under way."""
        return not self._is_scheduled

    def name_accounts(self, firms: list[Firm]) -> None:
        """Say where each firm is paid: at its house bank."""
        with self._system.store.transaction() as unit:
            for firm in firms:
                agent, now_s = _AGENT_OF[firm.bank], self._e.start_s
                where = PayoutAccount(firm.key, firm.key, _account(firm), agent, True, now_s)
                name_account(unit, where)

    def wake(self) -> None:
        """There is something to send."""
        self._later(_LOOK_S)

    def finish(self) -> None:
        """One last round: what is under way after it, the auditor will name."""
        self._process.run()
        self.told()
        self._is_scheduled = False

    def _later(self, delay_s: int) -> None:
        if not self._is_scheduled:
            self._is_scheduled = True
            self._e.engine.at(self._e.engine.now_s + delay_s, self._round, _AFTER)

    def _round(self) -> None:
        self._is_scheduled = False
        try:
            self._process.run()
        except Unreachable:
            self._later(RETRY_S)
            return
        self.told()
        if self._is_under_way():
            self._later(RETRY_S)

    def _is_under_way(self) -> bool:
        with self._system.store.transaction() as unit:
            found = [unit.find(PAYMENTS, {"state": state}, limit=1) for state in UNDER_WAY]
        return any(found)


def _account(firm: Firm) -> str:
    return f"6222{firm.index:012d}"
