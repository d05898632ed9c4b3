"""Runs that were started from the console: processes of the command line, which can be left alone.

The console starts ``shapan run`` and reads the run folder, as anybody could. Closing it stops no
run; cancelling sends what Ctrl-C sends, after which the run can be resumed.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from sim.console.growth import Growth
from sim.prepare import Wish, free_path, prepare
from sim.run import Plan
from sim.run_folder import RunFolder
from sim.scenario import Scenario

RUNNING, DONE, CANCELLED, BROKEN = "running", "done", "cancelled", "broken"
# The command line's own way to end, and Python's where it has not yet come so far, or where it was
# met inside code made from text, as a dataclass's is: Python then ends as Ctrl-C ends a program,
# whatever code was asked for.
_CANCELLED_CODES: Final = (130, -signal.SIGTERM, -signal.SIGINT)
_DONE_CODES: Final = (0, 3)


@dataclass(slots=True)
class Launch:
    """One started process. planned: replications at most.  command: what follows ``shapan``.

    growth: how its claims move.
    """

    id: str
    folder: RunFolder
    scenario: Scenario
    planned: int
    command: tuple[str, ...]
    process: subprocess.Popen[bytes] = field(repr=False)
    growth: Growth = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.growth = Growth(self.scenario)

    @property
    def state(self) -> str:
        """Where it stands."""
        code = self.process.poll()
        if code is None:
            return RUNNING
        if code in _DONE_CODES:
            return DONE
        return CANCELLED if code in _CANCELLED_CODES else BROKEN

    @property
    def finished(self) -> int:
        """Replications that are on disk."""
        return self.folder.finished()

    def log_tail(self, lines: int = 12) -> str:
        """The end of what the process wrote beside its folder."""
        path = _log_of(self.folder.path)
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])


class Launches:
    """Of one console. root: where runs go."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._launches: dict[str, Launch] = {}

    def start(self, wish: Wish) -> Launch:
        """Check everything, then start. Raises InputError for a wish that cannot be run."""
        study = prepare(wish, lambda plan: free_path(self._root / _name(plan.scenario.name, plan)))
        command = (sys.executable, "-m", "sim", "run", *_arguments(wish, study.folder.path))
        log = _log_of(study.folder.path)
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as stream:
            process = subprocess.Popen(command, stdout=stream, stderr=subprocess.STDOUT)
        id_ = study.folder.path.name
        planned, scenario = len(study.looks[-1]), study.plan.scenario
        launch = Launch(id_, study.folder, scenario, planned, command[3:], process)
        self._launches[id_] = launch
        return launch

    def find(self, id_: str) -> Launch | None:
        return self._launches.get(id_)

    def running(self) -> list[Launch]:
        """Those under way, the latest first."""
        return [one for one in reversed(self._launches.values()) if one.state == RUNNING]

    def cancel(self, id_: str) -> None:
        """Ask it to end after closing its folder; nothing where it has ended."""
        launch = self._launches.get(id_)
        if launch is not None and launch.state == RUNNING:
            launch.process.send_signal(signal.SIGTERM)


def _name(scenario: str, plan: Plan) -> str:
    digest = plan.inputs_digest()[:8]
    return f"{scenario}-{digest}"


def _log_of(path: Path) -> Path:
    return path.parent / ".console" / f"{path.name}.log"


def _arguments(wish: Wish, out: Path) -> list[str]:
    """The command line of this wish: what the page shows, to be typed again."""
    named: Mapping[str, str | None] = {
        "--arms": ",".join(wish.arms) or None,
        "--wiring": wish.wiring,
        "--evm": wish.evm,
        "--store": wish.store,
    }
    options = [part for name, value in named.items() if value for part in (name, value)]
    sets = [part for override in wish.overrides for part in ("--set", override)]
    return [wish.scenario, *_all(options, sets), "--out", str(out)]


def _all(*groups: Sequence[str]) -> list[str]:
    return [part for group in groups for part in group]
