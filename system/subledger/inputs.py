"""What comes from outside: the right type and length, or an error that says which."""

import numpy as np

from system.errors import InputError
from system.kernels.columns import I64, Mask
from system.limits import TEXT_CHARS_MAX


def int_column(name: str, column: object, n: int | None = None) -> I64:
    """The column, if it is int64 (n,). Raises InputError for floats, NaN among them, or shapes."""
    if not isinstance(column, np.ndarray) or column.dtype != np.int64 or column.ndim != 1:
        got = getattr(column, "dtype", type(column).__name__)
        raise InputError(name, str(got), "give a one-dimensional int64 array of whole numbers")
    if n is not None and column.size != n:
        raise InputError(name, column.size, f"give one value for each of the {n} rows")
    return column


def bool_column(name: str, column: object, n: int) -> Mask:
    """The column, if it is bool (n,). Raises InputError."""
    if not isinstance(column, np.ndarray) or column.dtype != np.bool_ or column.shape != (n,):
        got = getattr(column, "dtype", type(column).__name__)
        raise InputError(name, str(got), f"give a bool array of {n} rows")
    return column


def check_text(field: str, value: object) -> None:
    """Raises InputError for anything but a text of usual length."""
    if not isinstance(value, str) or not 1 <= len(value) <= TEXT_CHARS_MAX:
        raise InputError(field, value, f"give a text of 1 to {TEXT_CHARS_MAX} characters")
