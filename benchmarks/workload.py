"""What a benchmark is: a named workload, done by several contenders that must tell the same story.

The harness (test_workloads.py, on pytest-benchmark) opens a contender, times its work, and takes
the digest of what happened before it closes it. Only the work is timed.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from hashlib import sha256

Clock = Callable[[], float]
# Other work on a shared machine disturbs the CPU time of this process least; what waits for disks
# or computes in other processes has to be compared by wall time.
CPU: Clock = time.process_time
WALL: Clock = time.perf_counter


@dataclass(frozen=True, slots=True)
class Answer:
    """What one round came to: operations done, and (outside the timing) all that happened."""

    count: int
    story: Callable[[], object]

    def digest(self) -> str:
        """SHA-256 (hex) of the story. Call it while the contender is open."""
        return sha256(repr(self.story()).encode()).hexdigest()


Work = Callable[[], Answer]


@dataclass(frozen=True, slots=True)
class Contender:
    """One way to do a workload.

    open: everything that is set up before the timing; yields the work.
    rounds: how often the work is timed; the figure is their median.
    reopen: False where each round goes on from where the last one ended.
    peer: the contender beside which it is put.  ratio_min: the target, in the peer's speeds.
    tale: contenders of one workload with the same tale must end with the same digest.
    absent: why it cannot run here; empty where it can.
    """

    name: str
    open: Callable[[], AbstractContextManager[Work]]
    rounds: int
    clock: Clock = WALL
    reopen: bool = True
    peer: str = ""
    ratio_min: float | None = None
    tale: str = ""
    absent: str = ""


@dataclass(frozen=True, slots=True)
class Workload:
    """unit: of the operations that are counted.  sizes: "small" and "full", in run order."""

    name: str
    unit: str
    sizes: Mapping[str, Callable[[], Iterable[Contender]]]
