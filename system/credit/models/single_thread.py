"""One thread for numerical libraries: sums in one order, so that a fit repeats bit for bit."""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def single_thread() -> Iterator[None]:
    """While it is open, BLAS and OpenMP use one thread."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        yield
