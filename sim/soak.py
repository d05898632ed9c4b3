"""Random faults over random small scenarios until the time is up, swarm style.

Trial n of a seed is always the same trial: scenario, arm, seed and faults follow from (seed, n).
Each trial leaves most kinds out, so that rare combinations get room of their own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, Final

from sim.failure import Failure, attempt
from sim.fault_kinds import kinds_of
from sim.scenario import apply, load, scenario_of
from sim.streams import Luck
from sim.world import WIRINGS, Outcome, Task

_KIND_SHARE: Final = 0.25
_EVERY_DAYS: Final = (1, 2, 4, 8)
_FOR_DAYS: Final = (0.02, 0.2, 1)
_SEVERITIES: Final = (0.02, 0.1, 0.4, 1)
# Restarts take time, and nothing but patience stands between a caller and a store that is locked.
_SEVERITY_MAX: Final = {"service_killed": 0.1, "store_locked": 0.4, "disk_full": 0.4}
_SEED_MAX: Final = 2**31 - 1


@dataclass(frozen=True, slots=True)
class _Base:
    """A small economy to break. settings: of the struck arm."""

    product: str
    arm: str
    overrides: tuple[str, ...]
    wiring: str = "columns"
    settings: dict[str, Any] = field(default_factory=dict)


_RECEIVABLES = (
    "horizon_days=45",
    "warmup_days=5",
    "populations.core.count=2",
    "populations.tier1.count=8",
    "populations.tier2.count=8",
    "populations.tier3.count=6",
)
_LEASING = (
    "horizon_days=25",
    "warmup_days=10",
    "populations.machine.count=12",
    "populations.contractor.count=8",
)
_CREDIT = ("horizon_days=60", "warmup_days=60", "populations.merchant.count=150")
_DEEP: Final = {"confirmations_count": 8}
_BASES: Final = (
    _Base("receivables", "chain", _RECEIVABLES, settings=_DEEP),
    _Base("receivables", "chain", _RECEIVABLES, settings=_DEEP | {"pays_by_rail": True}),
    _Base("receivables", "paper", _RECEIVABLES),
    _Base("credit", "collateral", _CREDIT),
    _Base("credit", "data", (*_CREDIT, "populations.legacy.count=6000")),
    _Base("leasing", "fixed", _LEASING),
    _Base("leasing", "usage", _LEASING),
    _Base("leasing", "usage", _LEASING, "full"),
)


@dataclass(slots=True)
class Soaked:
    """What a soak has seen. trials_by_kind, strikes: by kind of fault.

    trials_by_place: by product, arm and wiring.  events: by product and kind of event, which is
    how far the economy and the bank got.
    """

    seed: int
    trials: int = 0
    failures: dict[int, Failure] = field(default_factory=dict)
    trials_by_place: Counter[str] = field(default_factory=Counter)
    trials_by_kind: Counter[str] = field(default_factory=Counter)
    strikes: Counter[str] = field(default_factory=Counter)
    events: Counter[str] = field(default_factory=Counter)
    wall_s: float = 0.0

    def note(self, task: Task, outcome: Outcome | None) -> None:
        """Count a trial. outcome: None where it crashed."""
        [product] = task.scenario.products
        self.trials += 1
        self.trials_by_place[f"{product}/{task.arm}/{task.wiring}"] += 1
        self.trials_by_kind.update({fault.kind for fault in task.scenario.faults})
        if outcome is not None:
            self.strikes.update(_strikes(outcome.runtime))
            self.events.update(f"{product}/{event.kind}" for event in outcome.log.events())


def trial(seed: int, number: int) -> Task:
    """The trial of this number."""
    luck = Luck(seed, number)
    base = _BASES[luck.choice_index("base", n=len(_BASES))]
    data = apply(load(base.product), base.overrides).as_data()
    data["seed"] = luck.integer("seed", low=0, high=_SEED_MAX)
    data["arms"][base.arm].update(base.settings)
    data["faults"] = _faults(luck, base.product)
    scenario = scenario_of(data, f"soak {seed}/{number}")
    return Task(scenario, base.arm, 0, base.wiring, *WIRINGS[base.wiring])


def _faults(luck: Luck, product: str) -> list[dict[str, Any]]:
    known = kinds_of(product)
    chosen = [kind for kind in known if luck.chance("kind", kind, share=_KIND_SHARE)]
    return [
        _fault(luck, kind) for kind in chosen or [known[luck.choice_index("one", n=len(known))]]
    ]


def _fault(luck: Luck, kind: str) -> dict[str, Any]:
    severity = _SEVERITIES[luck.choice_index("severity", kind, n=len(_SEVERITIES))]
    return {
        "kind": kind,
        "every": _EVERY_DAYS[luck.choice_index("every", kind, n=len(_EVERY_DAYS))],
        "for": _FOR_DAYS[luck.choice_index("for", kind, n=len(_FOR_DAYS))],
        "severity": min(severity, _SEVERITY_MAX.get(kind, 1)),
    }


def soak(
    seed: int,
    minutes: float,
    trials_max: int | None,
    on_trial: Callable[[Soaked, Failure | None], None],
) -> Soaked:
    """Trial after trial until the time is up, or ``trials_max`` are done; always at least one."""
    seen, started = Soaked(seed), perf_counter()
    while not seen.trials or (
        perf_counter() - started < minutes * 60 and seen.trials != trials_max
    ):
        number = seen.trials
        task = trial(seed, number)
        outcome, failure = attempt(task)
        seen.note(task, outcome)
        if failure is not None:
            seen.failures[number] = failure
        seen.wall_s = perf_counter() - started
        on_trial(seen, failure)
    return seen


def _strikes(runtime: dict[str, float]) -> dict[str, int]:
    found = {k: v for k, v in runtime.items() if k.startswith("fault.")}
    return {name.removeprefix("fault."): int(count) for name, count in found.items()}
