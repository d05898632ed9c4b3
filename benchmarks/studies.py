"""Many replications: what the engine adds to each, and how well two workers share them."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.workload import WALL, Answer, Contender, Work, Workload
from sim.pools.local import LocalPool
from sim.run import Plan
from sim.run_folder import RunFolder
from sim.scenario import Scenario, apply, load, scenario_of
from sim.study import Study, conduct
from sim.trace import EventLog
from sim.world import WIRINGS, Outcome, Task, model_path

# About a second of work on an idle core, both arms.
_SECOND = (
    "horizon_days=60",
    "warmup_days=5",
    "populations.core.count=3",
    "populations.tier1.count=16",
    "populations.tier2.count=16",
    "populations.tier3.count=12",
)
_EMPTY = "benchmarks.studies:nothing"


def nothing(task: Task) -> Outcome:
    """A model that costs nothing, so that only the engine's own work is timed."""
    return Outcome({}, EventLog(), {}, {})


@contextmanager
def _study(model: str, replications: int, workers: int) -> Iterator[Work]:
    """Workers are started, and have loaded the model, before the timing begins."""
    scenario = _scenario()
    plan = Plan(
        scenario,
        tuple(sorted(scenario.arms)),
        "columns",
        *WIRINGS["columns"],
        model or model_path(scenario),
    )
    with TemporaryDirectory() as place, LocalPool(workers) as pool:

        def run(name: str, numbers: range) -> Any:
            folder = RunFolder(Path(place) / name)
            return conduct(Study(plan, folder, (numbers,), ()), pool, _nobody, fresh=True)

        run("warm", range(1, 1 + 2 * workers))
        rounds = iter(range(100))

        def work() -> Answer:
            # From 1 on: replication 0 runs on both wirings, and the others should cost the same.
            found = run(f"round-{next(rounds)}", range(1, 1 + replications))
            return Answer(replications, lambda: (found["digest"], found["failed"]))

        yield work


def _scenario() -> Scenario:
    data = apply(load("receivables"), list(_SECOND)).as_data()
    # Without claims nothing is left to decide at a look.
    return scenario_of(data | {"claims": [], "expect": []}, "benchmark")


def _nobody(finished: int) -> None:
    """Nobody watches the progress."""


def _overhead(replications: int) -> Iterable[Contender]:
    for workers in (1, 2):
        name = f"empty replications, {workers} worker{'s' * (workers > 1)}"
        opening = partial(_study, _EMPTY, replications, workers)
        yield Contender(name, opening, 1, WALL, reopen=False, tale="empty")


def _sharing(replications: int) -> Iterable[Contender]:
    yield from _overhead(200)
    for workers, ratio in ((1, None), (2, 1.8)):
        name = f"replications of a second, {workers} worker{'s' * (workers > 1)}"
        opening = partial(_study, "", replications, workers)
        peer = "" if ratio is None else "replications of a second, 1 worker"
        yield Contender(
            name, opening, 1, WALL, reopen=False, peer=peer, ratio_min=ratio, tale="seconds"
        )


STUDIES = Workload(
    "studies",
    "replications",
    {"small": partial(_overhead, 4), "full": partial(_sharing, 24)},
)
