"""From replication records to what a study found: claims, invariants, metrics by arm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from sim.metrics.catalog import find
from sim.quantiles import is_quantile
from sim.questions import Judgement, Question
from sim.run import HELD, Plan
from sim.run_folder import Json
from sim.scenario import Claim, Scenario
from sim.statistics import judge, mean_interval

UNCHECKED = "not checked: no replication reported on it"


def judgements(scenario: Scenario, records: Sequence[Json], alpha: float) -> list[Judgement]:
    """The verdict on each claim, in the scenario's order, at a look that may spend ``alpha``."""
    questions = [
        Question(
            claim.id,
            claim.compare,
            claim.operator,
            claim.threshold,
            _values(records, claim.arm, claim.metric),
            _values(records, claim.baseline, claim.metric) if claim.baseline else None,
            quantile=is_quantile(claim.metric),
        )
        for claim in scenario.claims
    ]
    return judge(questions, alpha)


def _values(records: Sequence[Json], arm: str, metric: str) -> list[float | None]:
    """One value per replication; None where the arm did not run or the metric is not defined."""
    return [record["arms"].get(arm, {"metrics": {}})["metrics"].get(metric) for record in records]


def decidable(claim: Claim, plan: Plan) -> bool:
    """Whether the arms that the claim speaks of run in this study."""
    return {claim.arm, claim.baseline or claim.arm} <= set(plan.arms)


def claims_of(scenario: Scenario, found: Sequence[Judgement]) -> list[Json]:
    """claims.json's entries: each claim as stated, with its judgement."""
    return [
        asdict(claim) | asdict(judgement)
        for claim, judgement in zip(scenario.claims, found, strict=True)
    ]


def invariants_of(scenario: Scenario, records: Sequence[Json]) -> dict[str, str]:
    """Name -> "held", or where and how it broke first. An expected one must have been checked."""
    found = dict.fromkeys(scenario.expect, UNCHECKED)
    for record in records:
        for arm, facts in record["arms"].items():
            for name, state in facts["invariants"].items():
                if found.get(name, UNCHECKED) in (UNCHECKED, HELD):
                    where = f"replication {record['replication']}, arm {arm}: "
                    found[name] = HELD if state == HELD else where + state
    return dict(sorted(found.items()))


def metrics_of(records: Sequence[Json], units: dict[str, str]) -> Json:
    """Arm -> metric -> mean, t interval, n and unit, over the replications that define it."""
    names: dict[str, dict[str, None]] = {}
    for record in records:
        for arm, facts in record["arms"].items():
            names.setdefault(arm, {}).update(dict.fromkeys(facts["metrics"]))
    return {
        arm: {
            metric: asdict(mean_interval(_values(records, arm, metric))) | {"unit": units[metric]}
            for metric in sorted(metrics)
        }
        for arm, metrics in names.items()
    }


def units_of(records: Sequence[Json]) -> dict[str, str]:
    """Metric name -> unit from the catalogue ("" for a name that it does not hold)."""
    names = {
        name for record in records for facts in record["arms"].values() for name in facts["metrics"]
    }
    found = {name: find(name) for name in sorted(names)}
    return {name: metric.unit if metric else "" for name, metric in found.items()}


def events_count(records: Sequence[Json]) -> int:
    return sum(facts["events"] for record in records for facts in record["arms"].values())
