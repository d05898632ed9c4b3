"""End to end: one replication of the packaged scenario, every arm, on columns."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial

from benchmarks.workload import CPU, Answer, Contender, Work, Workload
from sim.receivables.model import simulate_receivables
from sim.scenario import apply, load
from sim.world import WIRINGS, Outcome, Task


@contextmanager
def _replication(*overrides: str) -> Iterator[Work]:
    scenario = apply(load("receivables"), list(overrides))
    evm, store = WIRINGS["columns"]
    tasks = [Task(scenario, arm, 0, "columns", evm, store) for arm in sorted(scenario.arms)]

    def work() -> Answer:
        outcomes = [simulate_receivables(task) for task in tasks]
        return Answer(sum(len(o.log) for o in outcomes), partial(_story, outcomes))

    yield work


def _story(outcomes: list[Outcome]) -> list[tuple[str, dict[str, str]]]:
    return [(outcome.log.digest(), outcome.invariants) for outcome in outcomes]


def _contenders(rounds: int, *overrides: str) -> Iterable[Contender]:
    yield Contender("paper and chain, columns", partial(_replication, *overrides), rounds, CPU)


REPLICATION = Workload(
    "replication",
    "events",
    {
        "small": partial(
            _contenders,
            1,
            "horizon_days=40",
            "warmup_days=5",
            "populations.core.count=2",
            "populations.tier1.count=8",
            "populations.tier2.count=8",
            "populations.tier3.count=6",
        ),
        "full": partial(_contenders, 3, "horizon_days=90"),
    },
)
