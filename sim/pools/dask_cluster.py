"""Jobs on a Dask cluster that is there already: ``--engine dask:ADDR`` of its scheduler."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from types import TracebackType
from typing import Any, Final, TypeVar

from sim.machine import versions
from sim.pools.base import WorkerDied
from system.errors import InputError

J = TypeVar("J")
R = TypeVar("R")
CONNECT_S: Final = 10
# Jobs handed out for each worker: one to do and one to go on with.
AT_HAND: Final = 2


class DaskPool:
    """A pool (``sim.pools.base``) of a cluster's workers. Dask runs a lost worker's jobs again on
    another one, and gives up the job that has lost several.

    address: ``tcp://HOST:PORT`` or ``HOST:PORT``. Raises InputError where Dask is not installed,
    nobody answers, or a worker could not give this machine's results.
    """

    is_here = False

    def __init__(self, address: str) -> None:
        try:
            from dask.distributed import Client
        except ImportError:
            remedy = "Dask is not installed: pip install 'shapan[dask]'"
            raise InputError("--engine", f"dask:{address}", remedy) from None
        try:
            self._client = Client(address, timeout=CONNECT_S, set_as_default=False)
        except (OSError, ValueError) as error:
            remedy = f"no scheduler answers there ({error}); start one: dask scheduler"
            raise InputError("--engine", f"dask:{address}", remedy) from None
        self.at_once = self._checked_workers(address)

    def __enter__(self) -> DaskPool:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.close()

    def run(
        self, function: Callable[[J], R], jobs: Sequence[J], at_most: int | None = None
    ) -> Iterator[tuple[J, R | WorkerDied]]:
        """As ``Pool.run``."""
        from dask.distributed import as_completed

        queue: deque[J] = deque(jobs)
        running: dict[Any, J] = {}
        ended = as_completed(loop=self._client.loop)
        try:
            while True:
                while queue and len(running) < (at_most or AT_HAND * self.at_once):
                    job = queue.popleft()
                    future = self._client.submit(function, job, pure=False)
                    running[future] = job
                    ended.add(future)
                if not running:
                    return
                future = next(ended)
                yield running.pop(future), _result(future)
        finally:
            self._client.cancel(list(running))

    def _checked_workers(self, address: str) -> int:
        """How many there are. Each must run one job at a time, on this machine's versions."""
        found = self._client.scheduler_info(n_workers=-1)["workers"]
        field = f"dask:{address}"
        if not found:
            self._refuse(field, "it has no workers: dask worker ADDR --nthreads 1")
        if any(worker["nthreads"] != 1 for worker in found.values()):
            self._refuse(field, "a job needs a process of its own: dask worker ADDR --nthreads 1")
        here = versions()
        for worker, theirs in self._client.run(versions).items():
            for name, version in here.items():
                if theirs.get(name) != version:
                    remedy = f"{worker} has {name} {theirs.get(name)}, not {version}: install that"
                    self._refuse(field, remedy)
        return len(found)

    def _refuse(self, engine: str, remedy: str) -> None:
        self._client.close()
        raise InputError("--engine", engine, remedy)


def _result(future: Any) -> Any:
    from dask.distributed import KilledWorker

    try:
        return future.result()
    except KilledWorker as error:
        return WorkerDied(str(error))
