"""Arithmetic on columns that gives the same bits on every machine, and names for column types."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
Mask = NDArray[np.bool_]

# (1 + x / 2**20) ** (2**20) has a relative error of x * x / 2**21.
_SQUARINGS: Final = 20


def exp_portable(x: F64) -> F64:
    """e**x to five digits, from products alone: the same bits on every machine."""
    power = 1 + x / 2**_SQUARINGS
    for _ in range(_SQUARINGS):
        power = power * power
    return power


def floor_i64(values: NDArray[np.floating[Any]]) -> I64:
    """Rounded down to whole numbers."""
    whole: I64 = np.floor(values).astype(np.int64)
    return whole


def part_floor(whole: I64, share: float | NDArray[np.floating[Any]]) -> I64:
    """A share of whole amounts (0 or more), rounded down."""
    part: I64 = (whole * share).astype(np.int64)
    return part
