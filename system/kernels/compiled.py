"""Loops over rows that run as machine code: for work that would be dozens of passes over columns.

A compiled loop gives the same bits as NumPy does: additions and multiplications in the order in
which they are written, none of them fused, no sums over rows. It is compiled once per machine and
kept beside its source (``__pycache__``), or where NUMBA_CACHE_DIR says; where neither can be
written, once per process.
"""

from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any, Generic, ParamSpec, TypeVar

import numpy as np

from system.kernels.columns import I64

P = ParamSpec("P")
R = TypeVar("R")


class compiled(Generic[P, R]):  # noqa: N801  (a decorator)
    """The loop, compiled at its first call, here or by another loop. It works outside the
    interpreter's lock. A process that never calls it never loads the compiler."""

    def __init__(self, loop: Callable[P, R]) -> None:
        self._loop = loop

    def __call__(self, *args: P.args, **_: P.kwargs) -> R:
        found: R = self._made(*args)
        return found

    @cached_property
    def _made(self) -> Any:
        import numba

        try:
            return numba.njit(cache=True, nogil=True, error_model="numpy")(self._loop)
        except RuntimeError:  # nowhere to keep it
            return numba.njit(nogil=True, error_model="numpy")(self._loop)

    @property
    def _numba_type_(self) -> Any:
        """What the compiler asks of a name in a loop: as if the compiled loop stood there."""
        return self._made._numba_type_


def as_input(column: I64) -> I64:
    """A column that a loop only reads, in the one form for which it is compiled: a view, or a copy
    where its values do not lie side by side."""
    own = np.ascontiguousarray(column).view()
    own.flags.writeable = False
    return own


def as_inputs(columns: Iterable[I64]) -> tuple[I64, ...]:
    """As ``as_input``, of several."""
    return tuple(as_input(column) for column in columns)
