"""Jobs on a Ray cluster that is there already: ``--engine ray:ADDR`` of its head."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from types import TracebackType
from typing import Any, Final, TypeVar

from sim.machine import versions
from sim.pools.base import WorkerDied
from system.errors import InputError

J = TypeVar("J")
R = TypeVar("R")
# Jobs handed out for each worker: one to do and one to go on with.
AT_HAND: Final = 2
RETRIES: Final = 3


class RayPool:
    """A pool (``sim.pools.base``) of a cluster's cores, one process each. Ray runs a lost worker's
    job again, at most RETRIES times.

    address: ``HOST:PORT`` or ``auto``. Raises InputError where Ray is not installed, nobody
    answers, or a worker could not give this machine's results.
    """

    is_here = False

    def __init__(self, address: str) -> None:
        # A worker must find the same modules; and Ray's own telemetry stays off.
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        field = f"ray:{address}"
        try:
            import ray
        except ImportError:
            remedy = "Ray is not installed: pip install 'shapan[ray]'"
            raise InputError("--engine", field, remedy) from None
        try:
            ray.init(address=address, log_to_driver=False, configure_logging=False)
        except (OSError, ValueError, RuntimeError) as error:
            remedy = f"no head answers there ({error}); start one: ray start --head"
            raise InputError("--engine", field, remedy) from None
        self._ray = ray
        self.at_once = max(int(ray.cluster_resources().get("CPU", 0)), 1)
        self._check_versions(field)

    def __enter__(self) -> RayPool:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ray.shutdown()

    def run(
        self, function: Callable[[J], R], jobs: Sequence[J], at_most: int | None = None
    ) -> Iterator[tuple[J, R | WorkerDied]]:
        """As ``Pool.run``."""
        remote = self._ray.remote(num_cpus=1, max_retries=RETRIES)(function)
        queue: deque[J] = deque(jobs)
        running: dict[Any, J] = {}
        try:
            while True:
                while queue and len(running) < (at_most or AT_HAND * self.at_once):
                    job = queue.popleft()
                    running[remote.remote(job)] = job
                if not running:
                    return
                ended, _ = self._ray.wait(list(running), num_returns=1)
                for reference in ended:
                    yield running.pop(reference), self._result(reference)
        finally:
            for reference in running:
                self._ray.cancel(reference, force=True)

    def _result(self, reference: Any) -> Any:
        try:
            return self._ray.get(reference)
        except self._ray.exceptions.WorkerCrashedError as error:
            return WorkerDied(str(error))
        except self._ray.exceptions.RayTaskError as error:
            raise error.cause from None

    def _check_versions(self, field: str) -> None:
        here = versions()
        theirs = self._ray.get(self._ray.remote(num_cpus=1)(versions).remote())
        for name, version in here.items():
            if theirs.get(name) != version:
                self._ray.shutdown()
                remedy = f"a worker has {name} {theirs.get(name)}, not {version}: install that"
                raise InputError("--engine", field, remedy)
