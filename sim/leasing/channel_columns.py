"""The fast wiring: readings go to the service as columns, through the same clock correction."""

from collections.abc import Sequence
from dataclasses import fields

import numpy as np

from sim.leasing.grid import MS
from sim.leasing.line import CALM, Trouble
from sim.leasing.messages import gateways_of
from sim.leasing.network import Arrived, arrived_at, taken
from sim.leasing.terminals import Spoken
from sim.portable import I64, Mask
from system.kernels.columns import MISSING
from system.leasing.readings import Readings
from system.leasing.service import LeasingService
from system.leasing.skew import corrected_ms
from system.ports.book import Book


class ColumnChannel:
    """Hands each poll's readings over as one batch. Without a wire, what is no reading is not."""

    def __init__(self, service: LeasingService, book: Book) -> None:
        self._service, self._book = service, book
        # What a consumer that stalled has not taken yet.
        self._waiting: list[Arrived] = []

    def deliver(self, arrived: Arrived, trouble: Trouble = CALM) -> None:
        self._waiting.append(arrived if trouble is CALM else _in_order(arrived, trouble))
        if not trouble.stalled:
            waiting, self._waiting = self._waiting, []
            for batch in waiting:
                self._take_in(batch)

    def _take_in(self, arrived: Arrived) -> None:
        spoken = arrived.spoken
        if not len(spoken):
            return
        received_ms = np.full(len(arrived), arrived.at_s * MS, np.int64)
        with self._book.transaction() as unit:
            live = arrived.buffered == 0
            at_ms, _ = corrected_ms(unit, spoken.device, spoken.at_ms, received_ms, live)
        self._service.take_in(as_readings(arrived, at_ms))

    def broker_ends(self, at_s: int) -> None:
        """There is none."""

    def broker_returns(self, at_s: int) -> None:
        """There is none."""

    def carry(self, at_s: int, orders: Sequence[tuple[str, int]], hears: Mask) -> set[str]:
        """Terminals in reach answer at once."""
        done = {name for name, machine in orders if hears[machine]}
        for name, _ in orders:
            if name in done:
                self._service.receipt(name, done=True)
        return done

    def close(self) -> None:
        """Nothing is open."""


def _in_order(arrived: Arrived, trouble: Trouble) -> Arrived:
    """The readings as the wire would bring them."""
    gateway = gateways_of(arrived.spoken.device)
    parts = [np.zeros(0, np.int64)]
    for one in trouble.order(np.unique(gateway).tolist()):
        rows = np.flatnonzero(gateway == one)
        parts.append(rows[::-1] if one in trouble.last else rows)
    return arrived_at(arrived.at_s, taken(arrived.spoken, np.concatenate(parts)))


def as_readings(arrived: Arrived, at_ms: I64) -> Readings:
    """What arrived, in the product's form. at_ms: int64 (r,), when each was read."""
    spoken = arrived.spoken
    unsaid = np.full(len(arrived), MISSING, np.int64)
    same = {field.name for field in fields(Spoken)} - {"at_ms", "true_s"}
    return Readings(
        at_ms=at_ms,
        received_ms=np.full(len(arrived), arrived.at_s * MS, np.int64),
        faults=unsaid,
        firmware=unsaid,
        **{name: getattr(spoken, name) for name in same},
    )
