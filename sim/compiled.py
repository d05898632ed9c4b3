"""Loops over rows that run as machine code: for work that would be dozens of passes over columns.

A compiled loop gives the same bits as NumPy does: additions and multiplications in the order in
which they are written, none of them fused, no sums over rows. It is compiled once per machine and
kept beside its source (``__pycache__``), or where NUMBA_CACHE_DIR says.
"""

from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

import numba

P = ParamSpec("P")
R = TypeVar("R")


def compiled(loop: Callable[P, R]) -> Callable[P, R]:
    """The loop, compiled at its first call. It works outside the interpreter's lock."""
    made = numba.njit(cache=True, nogil=True, error_model="numpy")(loop)
    return cast("Callable[P, R]", made)
