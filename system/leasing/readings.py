"""Readings of machines: the one form of telemetry that everything behind the edge shares."""

from dataclasses import dataclass, fields

import numpy as np

from system.kernels.columns import I64


@dataclass(frozen=True, slots=True)
class Readings:
    """What machines reported, one row per reading, int64 (n,) each; MISSING where not reported.

    device: the machine's row.  boot, sequence: with ``device``, the reading's identity.
    at_ms: when the device read it, UTC, corrected by its estimated clock skew.
    received_ms: when it reached the bank, UTC.
    lat_e7, lon_e7: WGS-84 degrees x 10**7.  fix_valid: 0 or 1.  hdop_centi: HDOP x 100.
    engine_s, idle_s, fuel_ml: cumulative counters as the device shows them, resets included.
    tank_permille, load_permille: 0..1000.  voltage_mv: supply.  running, tamper: 0 or 1.
    faults: the word that lists its fault codes.  firmware: the word that names it.  See ``words``.
    """

    device: I64
    boot: I64
    sequence: I64
    at_ms: I64
    received_ms: I64
    lat_e7: I64
    lon_e7: I64
    fix_valid: I64
    hdop_centi: I64
    engine_s: I64
    idle_s: I64
    fuel_ml: I64
    tank_permille: I64
    load_permille: I64
    voltage_mv: I64
    running: I64
    tamper: I64
    faults: I64
    firmware: I64

    def __len__(self) -> int:
        return int(self.device.size)

    def take(self, rows: I64) -> "Readings":
        """These rows, in this order."""
        return Readings(*(getattr(self, field.name)[rows] for field in fields(self)))

    def part(self, rows: slice) -> "Readings":
        """These rows, uncopied."""
        return Readings(*(getattr(self, field.name)[rows] for field in fields(self)))

    def in_event_order(self) -> "Readings":
        """By device, then event time, boot and sequence: the order in which rules see them."""
        return self.take(np.lexsort((self.sequence, self.boot, self.at_ms, self.device)))
