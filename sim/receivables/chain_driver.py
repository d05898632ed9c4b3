"""Moves the platform through virtual time: relay passes, blocks, and the events that follow.

A relay pass runs on the next tick of the relay interval after there is something to send; its
block is sealed on the next tick of the block interval. Without work there is neither.
"""

from collections.abc import Callable

from sim.receivables.economy import Economy
from system.bootstrap import System
from system.chain.events import Event
from system.errors import IntegrityError

# Ticks of relay and blocks come after people's actions of the same second.
_AFTER = 5


class ChainDriver:
    """One relay and one block producer. ``handle`` gets every event of the product, in order."""

    def __init__(self, economy: Economy, system: System) -> None:
        self._engine, self._service, self._chain = economy.engine, system.receivables, system.chain
        self._relay_interval_s = economy.p.relay_interval_s
        self._block_interval_s = economy.p.block_interval_s
        self._head = system.evm.head()
        self.handle: Callable[[Event], None]
        self._is_scheduled = False
        self.block_count = 0
        self.transaction_count = 0

    def wake(self) -> None:
        """There may be something to send."""
        if not self._is_scheduled:
            self._is_scheduled = True
            self._engine.at(_tick(self._engine.now_s, self._relay_interval_s), self._relay, _AFTER)

    def drain(self) -> None:
        """Hand out the events that are ready."""
        for event in self._service.confirm():
            self.handle(event)

    def finish(self) -> None:
        """Relay and seal at once until nothing is under way; the facts still reach ``handle``."""
        while self._service.relay():
            self._mine(max(self._engine.now_s, self._head.time_s + 1))
            self.drain()

    def _relay(self) -> None:
        self._is_scheduled = False
        sent = self._service.relay()
        if sent:
            self.transaction_count += sent
            self._engine.at(_tick(self._engine.now_s, self._block_interval_s), self._seal, _AFTER)
            self._is_scheduled = True

    def _seal(self) -> None:
        self._is_scheduled = False
        self._mine(self._engine.now_s)
        self.block_count += 1
        self.drain()
        # What the block made possible may be waiting in the outbox.
        self.wake()

    def _mine(self, at_s: int) -> None:
        block = self._chain.seal(at_s)
        if block.parent_hash != self._head.hash:
            expected, found = self._head.hash.hex(), block.parent_hash.hex()
            raise IntegrityError("head of a node that nobody else may use", expected, found)
        self._head = block


def _tick(now_s: int, interval_s: int) -> int:
    """The first multiple of the interval after now."""
    return (now_s // interval_s + 1) * interval_s
