"""The payment rail over a line that breaks before or after a call arrived, and that stutters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from sim.faults import Faults
from system.errors import RailUnavailable
from system.ports.rail import Delivery, PaymentRail

T = TypeVar("T")


class FaultyRail:
    """Stands in for any rail. Half of the calls that fail have done there what they asked for.

    Which half, luck decides call by call; no caller can tell from the error.
    """

    def __init__(self, rail: PaymentRail, faults: Faults) -> None:
        self._rail, self._faults = rail, faults
        self._told: dict[str, Delivery] = {}
        # What was acknowledged last: a line that stutters delivers it again.
        self._last: list[Delivery] = []

    def submit(self, message_id: str, raw: bytes) -> None:
        self._call("take a message", lambda: self._rail.submit(message_id, raw))

    def collect(self) -> Sequence[Delivery]:
        fresh = self._call("tell what happened", self._rail.collect)
        self._told.update((one.delivery_id, one) for one in fresh)
        again = self._last if self._last and self._faults.strikes("rail_duplicated") else []
        return [*again, *fresh]

    def acknowledge(self, delivery_ids: Sequence[str]) -> None:
        self._call("take note", lambda: self._rail.acknowledge(delivery_ids))
        known = [self._told.pop(one) for one in delivery_ids if one in self._told]
        self._last = known or self._last

    def _call(self, operation: str, action: Callable[[], T]) -> T:
        """The action's answer. Raises RailUnavailable where the line breaks."""
        if not self._faults.strikes("rail_down"):
            return action()
        if not self._faults.chance("rail_before", "rail_down", 0.5):
            action()
        raise RailUnavailable(operation, "timeout")
