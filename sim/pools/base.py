"""Where jobs run: processes of this machine, or a cluster that is there already."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from types import TracebackType
from typing import Protocol, TypeVar

J = TypeVar("J")
R = TypeVar("R")


class WorkerDied(Exception):
    """The process that ran a job was lost (killed, out of memory, crashed in native code)."""


class Pool(Protocol):
    """Workers that outlive a call. Functions and jobs are picklable; results do not depend on
    which worker runs what, nor when.

    at_once: how many jobs run at the same time.
    is_here: whether the workers see this machine's folders.
    """

    at_once: int
    is_here: bool

    def run(
        self, function: Callable[[J], R], jobs: Sequence[J], at_most: int | None = None
    ) -> Iterator[tuple[J, R | WorkerDied]]:
        """Each job with its result, as they end; at most so many at the same time.

        A lost worker's jobs run again; one that loses its worker again comes back as WorkerDied.
        An exception in ``function`` is raised here. Results are not held back, and jobs are handed
        out a few at a time, so memory does not grow with their number.
        """

    def __enter__(self) -> Pool: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let the workers go; jobs that still run are given up."""
