"""The clocks of the devices, kept in the book and corrected as their messages come in."""

from dataclasses import fields
from typing import Final

import numpy as np

from system.kernels.columns import I64, Mask
from system.leasing.kernels.clocks import NO_DELAY, SPAN_MS, Clocks, observe
from system.ports.book import BookUnit, Column, Frame

_NAMES: Final = tuple(field.name for field in fields(Clocks))
# One row per machine, added when its first message comes.
CLOCKS: Final = Frame("leasing_clock", tuple(Column(name) for name in _NAMES))


def corrected_ms(
    unit: BookUnit, device: I64, at_ms: I64, received_ms: I64, is_live: Mask
) -> tuple[I64, I64]:
    """When each reading was read, as far as its device's clock is known; and what was added.

    device, at_ms (by the device's clock), received_ms: int64 (n,), n > 0.  is_live: bool (n,), sent
    as it was read; what was kept for later says nothing about the clock.  Never after received_ms.
    """
    devices, spread = np.unique(device, return_inverse=True)
    clocks = _read(unit, devices)
    span = np.zeros(devices.size, np.int64)
    least_ms = np.full(devices.size, NO_DELAY)
    count = np.zeros(devices.size, np.int64)
    live = np.flatnonzero(is_live)
    np.maximum.at(span, spread[live], received_ms[live] // SPAN_MS)
    np.minimum.at(least_ms, spread[live], received_ms[live] - at_ms[live])
    np.add.at(count, spread[live], 1)
    fresh = observe(clocks, span, least_ms, count)
    _write(unit, devices, clocks, fresh)
    correction_ms = fresh.correction_ms[spread]
    return np.minimum(at_ms + correction_ms, received_ms), correction_ms


def _read(unit: BookUnit, devices: I64) -> Clocks:
    known = unit.count(CLOCKS)
    wanted = int(devices[-1]) + 1
    if wanted > known:
        unit.append(CLOCKS, wanted - known, {})
    return Clocks(**unit.read(CLOCKS, _NAMES, devices))


def _write(unit: BookUnit, devices: I64, before: Clocks, after: Clocks) -> None:
    """Only clocks of which something was learned: a count is not worth a write."""
    moved = np.zeros(devices.size, np.bool_)
    for name in ("span", "least_ms", "before_ms", "correction_ms"):
        moved |= getattr(before, name) != getattr(after, name)
    moved |= after.count <= 2 * _ENOUGH
    rows = np.flatnonzero(moved)
    if rows.size:
        columns = {name: values[rows] for name, values in after.columns().items()}
        unit.write(CLOCKS, devices[rows], columns)


# Counts matter until a slow clock may be believed.
_ENOUGH: Final = 8
