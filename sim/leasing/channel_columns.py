"""The fast wiring: readings go to the service as columns, through the same clock correction."""

from dataclasses import fields

import numpy as np

from sim.leasing.grid import MS
from sim.leasing.network import Arrived
from sim.leasing.terminals import Spoken
from sim.portable import I64
from system.kernels.columns import MISSING
from system.leasing.readings import Readings
from system.leasing.service import LeasingService
from system.leasing.skew import corrected_ms
from system.ports.book import Book


class ColumnChannel:
    """Hands each poll's readings over as one batch."""

    def __init__(self, service: LeasingService, book: Book) -> None:
        self._service, self._book = service, book

    def deliver(self, arrived: Arrived) -> None:
        spoken = arrived.spoken
        received_ms = np.full(len(arrived), arrived.at_s * MS, np.int64)
        with self._book.transaction() as unit:
            live = arrived.buffered == 0
            at_ms, _ = corrected_ms(unit, spoken.device, spoken.at_ms, received_ms, live)
        self._service.take_in(as_readings(arrived, at_ms))

    def close(self) -> None:
        """Nothing is open."""


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
