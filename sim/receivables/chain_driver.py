"""Moves the platform through virtual time: relay passes, blocks, and the events that follow.

A relay pass runs on the next tick of the relay interval after there is something to send; its
block is sealed on the next tick of the block interval. Without work there is neither.
"""

from collections.abc import Callable, Iterator
from typing import Any

from sim.receivables.economy import Economy
from sim.twins.patient_client import Unreachable
from system.chain.events import Event
from system.chain.service import ReceivablesService
from system.errors import IntegrityError, OperationalError

# Ticks of relay and blocks come after people's actions of the same second.
_AFTER = 5
_SAME_MAX = 60
# Every message has left and is final long before this.
_LAST_BLOCKS_MAX = 500
# Whoever finds the platform out of reach comes back after so long.
RETRY_S = 600


class ChainDriver:
    """One relay and one block producer. ``handle`` gets every event of the product, in order.

    chain: seals on demand.  stored: where services are started again, reads the events that are
    stored and not yet handed out, in place of those that the service remembers.
    """

    def __init__(
        self,
        economy: Economy,
        service: ReceivablesService,
        chain: Any,
        stored: Callable[[], Iterator[Event]] | None = None,
    ) -> None:
        self._engine, self._service, self._chain = economy.engine, service, chain
        self._relay_interval_s = economy.p.relay_interval_s
        self._block_interval_s = economy.p.block_interval_s
        self._stored = stored
        self._head = self._first = chain.head()
        self.handle: Callable[[Event], None]
        self._is_scheduled = False
        # Whether events may be stored that nobody was told of, for the answer did not come.
        self._is_behind = False
        self._sent_before = self._same_count = 0
        self.block_count = 0
        self.transaction_count = 0

    @property
    def is_at_rest(self) -> bool:
        """Whether nothing is under way between the service and the chain."""
        return not self._is_scheduled

    def wake(self) -> None:
        """There may be something to send."""
        if not self._is_scheduled:
            self._is_scheduled = True
            self._engine.at(_tick(self._engine.now_s, self._relay_interval_s), self._relay, _AFTER)

    def drain(self) -> None:
        """Hand out the events that are ready."""
        try:
            happened = self._service.confirm()
        except Unreachable:
            self._is_behind = True
            self.wake()
            return
        self._is_behind = False
        for event in list(self._stored()) if self._stored else happened:
            self.handle(event)

    def finish(self) -> None:
        """Relay and seal at once until nothing is under way; the facts still reach ``handle``.

        What is under way after so many blocks never ends: the auditor will name it.
        """
        for _ in range(_LAST_BLOCKS_MAX):
            if not self._service.relay():
                return
            self._mine(max(self._engine.now_s, self._head.time_s + 1))
            self.drain()

    def reorganise(self, depth: int, *, keep: bool) -> None:
        """The chain drops its last blocks, though none from before the first day."""
        depth = min(depth, self._head.number - self._first.number)
        if depth:
            self._head = self._chain.reorg(depth, keep=keep)
        self.drain()
        self.wake()

    def restart_node(self) -> None:
        """The node loses what waits in it."""
        self._chain.restart()
        self.wake()

    def _relay(self) -> None:
        self._is_scheduled = False
        try:
            sent = self._service.relay()
        except Unreachable:
            # What the node has of it, it mines all the same.
            self._seal_later(RETRY_S)
            return
        if sent:
            self.transaction_count += sent
            # Where nothing moves for long, only a fault is under way, and blocks may be rarer.
            self._same_count = self._same_count + 1 if sent == self._sent_before else 0
            self._sent_before = sent
            stuck = self._stored is not None and self._same_count > _SAME_MAX
            self._seal_later(RETRY_S if stuck else self._block_interval_s)
        elif self._is_behind:
            self.drain()

    def _seal_later(self, interval_s: int) -> None:
        self._engine.at(_tick(self._engine.now_s, interval_s), self._seal, _AFTER)
        self._is_scheduled = True

    def _seal(self) -> None:
        self._is_scheduled = False
        try:
            self._mine(self._engine.now_s)
        except OperationalError:
            self._seal_later(RETRY_S)
            return
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
