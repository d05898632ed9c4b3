"""Jobs in fresh worker processes, a few per process, whatever happens to a worker."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, as_completed
from typing import TypeVar

from joblib.externals.loky import ProcessPoolExecutor
from joblib.externals.loky.process_executor import BrokenProcessPool

J = TypeVar("J")
R = TypeVar("R")

# pyrevm never frees what it has allocated, so a worker is replaced after about this many jobs.
JOBS_PER_WORKER = 8


class WorkerDied(Exception):
    """The process that ran a job was lost (killed, out of memory, crashed in native code)."""


def in_processes(
    function: Callable[[J], R], jobs: Sequence[J], workers: int
) -> Iterator[tuple[J, R | WorkerDied]]:
    """Each job with its result, as they end. An exception in ``function`` is raised here.

    A dying worker takes its neighbours' jobs along; those run again, each alone, so that only the
    job that kills its worker comes back as WorkerDied.
    """
    size = workers * JOBS_PER_WORKER
    for start in range(0, len(jobs), size):
        orphans = []
        for job, result in _chunk(function, jobs[start : start + size], workers):
            if isinstance(result, WorkerDied):
                orphans.append(job)
            else:
                yield job, result
        for job in orphans:
            yield from _chunk(function, [job], 1)


def _chunk(
    function: Callable[[J], R], jobs: Sequence[J], workers: int
) -> Iterator[tuple[J, R | WorkerDied]]:
    executor = ProcessPoolExecutor(max_workers=min(workers, len(jobs)))
    try:
        futures = {executor.submit(function, job): job for job in jobs}
        for future in as_completed(futures):
            yield futures[future], _result(future)
    finally:
        executor.shutdown(wait=True, kill_workers=True)


def _result(future: Future[R]) -> R | WorkerDied:
    try:
        return future.result()
    except BrokenProcessPool as error:
        return WorkerDied(str(error))
