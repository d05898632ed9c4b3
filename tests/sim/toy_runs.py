"""Builders for studies of the toy product, in process and as a separate command."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from sim.pools.local import LocalPool
from sim.prepare import Wish, prepare, reopen
from sim.run_folder import RunFolder
from sim.study import Study, conduct
from tests.sim.toy import SCENARIO, register, write_scenario

ROOT = Path(__file__).parents[2]


def study_of(
    folder: Path, *overrides: str, out: str = "run", text: str = SCENARIO, **wish: Any
) -> Study:
    register()
    path = write_scenario(folder, text)
    return prepare(Wish(str(path), overrides=overrides, **wish), lambda plan: folder / out)


class SamePool:
    """A pool that is this very process: for tests of what is run, not of where."""

    at_once, is_here = 1, False

    def run(self, function, jobs, at_most=None):
        for job in jobs:
            yield job, function(job)

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace) -> None:
        """Nothing to let go."""


def run(study: Study, workers: int = 2, fresh: bool = True) -> dict[str, Any]:
    with LocalPool(workers) as pool:
        return conduct(study, pool, lambda finished: None, fresh=fresh)


def resume(folder: Path) -> dict[str, Any]:
    register()
    return run(reopen(RunFolder(folder), None), fresh=False)


def command(*arguments: object, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        line_of(*arguments),
        cwd=cwd,
        env=environment_of(**environment),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def line_of(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "tests.sim.toy", *map(str, arguments)]


def environment_of(**changes: str) -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(ROOT), "LANG": "C.UTF-8", "LC_ALL": ""} | changes


def document(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """The one JSON document on stdout; NaN and a second document are errors."""
    found: dict[str, Any] = json.loads(done.stdout, parse_constant=_no_nan)
    return found


def _no_nan(constant: str) -> float:
    raise AssertionError(f"{constant} in JSON")
