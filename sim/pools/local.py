"""Jobs in worker processes of this machine, replaced now and then, whatever happens to a worker."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from time import perf_counter
from types import TracebackType
from typing import Final, TypeVar

from joblib.externals.loky.process_executor import BrokenProcessPool, ProcessPoolExecutor

from sim.pools.base import WorkerDied

J = TypeVar("J")
R = TypeVar("R")

# pyrevm never frees what it has allocated, about 4 MB for each second of work (decision 0009).
WORKER_LIFE_S: Final = 60.0
# Jobs handed out for each worker: one to do and one to go on with.
AT_HAND: Final = 2


class LocalPool:
    """A pool (``sim.pools.base``) of this machine's processes, which start when first needed."""

    is_here = True

    def __init__(self, workers: int) -> None:
        self.at_once = workers
        self._executor: ProcessPoolExecutor | None = None
        self._started_s = 0.0

    def __enter__(self) -> LocalPool:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()

    def run(
        self, function: Callable[[J], R], jobs: Sequence[J], at_most: int | None = None
    ) -> Iterator[tuple[J, R | WorkerDied]]:
        """As ``Pool.run``. A dying worker takes the jobs at hand along; those run again, each
        alone, so that only the job that kills its worker comes back as WorkerDied."""
        queue = deque(jobs)
        at_hand = at_most or AT_HAND * self.at_once
        while queue:
            orphans = []
            for job, result in self._one_life(function, queue, at_hand):
                if isinstance(result, WorkerDied):
                    orphans.append(job)
                else:
                    yield job, result
            for job in orphans:
                alone = deque([job])
                # Not taken where the workers' time was over, or one of them died, just before.
                while alone:
                    yield from self._one_life(function, alone, 1)

    def _one_life(
        self, function: Callable[[J], R], queue: deque[J], at_hand: int
    ) -> Iterator[tuple[J, R | WorkerDied]]:
        """Take jobs off the queue until it is empty, a worker dies, or their time is over."""
        executor = self._start()
        running: dict[Future[R], J] = {}
        is_whole, is_over = True, False
        try:
            while True:
                is_over = is_over or perf_counter() - self._started_s > WORKER_LIFE_S
                while is_whole and not is_over and queue and len(running) < at_hand:
                    job = queue.popleft()
                    try:
                        running[executor.submit(function, job)] = job
                    except BrokenProcessPool:
                        # A worker died since the last look: this job was never handed out.
                        queue.appendleft(job)
                        is_whole = False
                if not running:
                    break
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    job, result = running.pop(future), _result(future)
                    is_whole = is_whole and not isinstance(result, WorkerDied)
                    yield job, result
        except BaseException:
            self._stop()
            raise
        if is_over or not is_whole:
            self._stop()

    def _start(self) -> ProcessPoolExecutor:
        if self._executor is None:
            self._executor = ProcessPoolExecutor(max_workers=self.at_once)
            self._started_s = perf_counter()
        return self._executor

    def _stop(self) -> None:
        executor, self._executor = self._executor, None
        if executor is not None:
            executor.shutdown(wait=True, kill_workers=True)


def in_processes(
    function: Callable[[J], R], jobs: Sequence[J], workers: int
) -> Iterator[tuple[J, R | WorkerDied]]:
    """``LocalPool.run`` in a pool of its own."""
    with LocalPool(workers) as pool:
        yield from pool.run(function, jobs)


def _result(future: Future[R]) -> R | WorkerDied:
    try:
        return future.result()
    except BrokenProcessPool as error:
        return WorkerDied(str(error))
