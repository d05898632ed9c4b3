"""Column types that every kernel shares, and the conversion into them."""

from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray

I64 = NDArray[np.int64]
Mask = NDArray[np.bool_]

# A value that is not known, in columns that may lack some. Below every real value.
MISSING: Final = -(2**63)


def i64(values: Iterable[int]) -> I64:
    """A column of whole numbers. Anything outside int64 raises OverflowError."""
    return np.fromiter(values, dtype=np.int64)


def nonzero_at(column: I64) -> I64:
    """Where the values are not zero: int64, ascending. NumPy finds them in a mask two to five times
    as fast as in numbers."""
    at: I64 = np.flatnonzero(column != 0)
    return at


def is_column(column: I64, low: int, high: int) -> bool:
    """True for a one-dimensional int64 column whose values all lie in low..high."""
    if column.dtype != np.int64 or column.ndim != 1:
        return False
    return not column.size or bool(low <= column.min() and column.max() <= high)
