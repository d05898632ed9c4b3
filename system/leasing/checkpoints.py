"""Twins as they were before each business day, for as long as readings may come late."""

from collections.abc import Mapping
from typing import Final

import numpy as np

from system.kernels.columns import I64, MISSING, Mask
from system.leasing.records import CHECKPOINTS, TWIN_COLUMNS, TWIN_UNKNOWN, Checkpoint
from system.limits import CHECKPOINT_DAYS
from system.ports.store import Unit

FRESH: Final = np.array([MISSING if n in TWIN_UNKNOWN else 0 for n in TWIN_COLUMNS], np.int64)


def fresh_twins(n: int) -> dict[str, I64]:
    """Twins of which nothing is known."""
    return {name: np.full(n, value) for name, value in zip(TWIN_COLUMNS, FRESH, strict=True)}


def keep_checkpoints(
    unit: Unit, machines: I64, twins: Mapping[str, I64], turned: Mask, day: int
) -> None:
    """Keep the twins of machines for which a new day begins. twins: TWIN_COLUMNS, int64 (m,)."""
    at = np.flatnonzero(turned)
    if not at.size:
        return
    states = np.stack([twins[name][at] for name in TWIN_COLUMNS], axis=1).astype("<i8")
    slot, width = day % CHECKPOINT_DAYS, states.shape[1] * 8
    packed = states.tobytes()
    rows = [
        Checkpoint(machine, slot, day, packed[n * width : (n + 1) * width])
        for n, machine in enumerate(machines[at].tolist())
    ]
    held = unit.get(CHECKPOINTS, [(row.machine, slot) for row in rows])
    unit.insert(CHECKPOINTS, [row for row, old in zip(rows, held, strict=True) if old is None])
    unit.replace(CHECKPOINTS, [row for row, old in zip(rows, held, strict=True) if old is not None])


def earliest_from(unit: Unit, machine: int, day: int) -> I64:
    """The state before the first day from this one on that had readings, in TWIN_COLUMNS' order.

    Between it and this day there was nothing, so it is also the state before this day. Call it
    for a machine that has readings on or after the day.
    """
    held = [row for row in unit.find(CHECKPOINTS, {"machine": machine}) if row.day >= day]
    first = min(held, key=lambda row: row.day)
    return np.frombuffer(first.twin, "<i8").astype(np.int64)
