"""Two or more runs beside each other: parameters, claims, and paired differences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sim.findings import units_of
from sim.looks import ALPHA
from sim.metrics.catalog import metric_of
from sim.questions import Interval
from sim.run_folder import Json, RunFolder, plain
from sim.statistics import paired_interval

CLAIM_KEYS = ("estimate", "ci_low", "ci_high", "threshold", "n", "verdict")
# What a later run does to a metric. Luck alone names a change in 5 % of comparisons at most.
BETTER, WORSE, SAME, INCONCLUSIVE = "better", "worse", "same", "inconclusive"
# These say who ran, not what was asked; they have their own place in the output.
NOT_PARAMETERS = ("seed", "claims", "question")


def compare(folders: Sequence[RunFolder]) -> Json:
    """What differs between runs; differences are against the first run, None where unpaired.

    Replications are paired where seeds are equal: the same number then had the same luck.
    """
    runs = [folder.read_run() for folder in folders]
    records = [folder.records() for folder in folders]
    paired = len({run["seed"] for run in runs}) == 1
    document: Json = {
        "runs": [
            {"run": str(folder.path), "scenario": run["scenario"]["name"]}
            | {key: run.get(key) for key in ("digest", "status", "seed", "wiring")}
            for folder, run in zip(folders, runs, strict=True)
        ],
        "parameters": list(_parameters(runs)),
        "claims": list(_claims([folder.read_claims() for folder in folders], units_of(records[0]))),
        "paired": paired,
        "differences": list(_differences(folders, records)) if paired else [],
    }
    return plain(document)  # type: ignore[no-any-return]


def _parameters(runs: Sequence[Json]) -> Iterator[Json]:
    flats = [dict(_flat(run["scenario"])) for run in runs]
    for path in sorted({path for flat in flats for path in flat}):
        values = [flat.get(path) for flat in flats]
        if any(value != values[0] for value in values):
            yield {"path": path, "values": values}


def _flat(node: Any, at: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted path -> value of everything in the scenario that is not a table."""
    if not isinstance(node, Mapping):
        yield at, node
        return
    for key, item in node.items():
        if at or key not in NOT_PARAMETERS:
            yield from _flat(item, f"{at}.{key}" if at else key)


def _claims(by_run: Sequence[Sequence[Json]], units: Mapping[str, str]) -> Iterator[Json]:
    tables = [{claim["id"]: claim for claim in claims} for claims in by_run]
    for name in dict.fromkeys(name for table in tables for name in table):
        first = next(table[name] for table in tables if name in table)
        yield {
            "id": name,
            "compare": first["compare"],
            "unit": units.get(first["metric"], ""),
            "runs": [
                {key: table[name][key] for key in CLAIM_KEYS} if name in table else None
                for table in tables
            ],
        }


def _differences(folders: Sequence[RunFolder], records: Sequence[Sequence[Json]]) -> Iterator[Json]:
    first, units = _by_number(records[0]), units_of(records[0])
    found = [
        (str(folder.path), arm, metric, *_columns(first, later, arm, metric))
        for folder, later in zip(folders[1:], map(_by_number, records[1:]), strict=True)
        for arm, metric in _shared(first, later)
    ]
    alpha = ALPHA / max(1, len(found))
    for run, arm, metric, values, baseline in found:
        interval = paired_interval(values, baseline)
        if interval.n:
            named = {"run": run, "arm": arm, "metric": metric, "unit": units[metric]}
            change = _change(paired_interval(values, baseline, alpha), metric)
            yield named | asdict(interval) | {"change": change}


def _columns(
    first: Mapping[int, Json], later: Mapping[int, Json], arm: str, metric: str
) -> tuple[list[float | None], list[float | None]]:
    """The metric in both runs, over the replications that both have."""
    later_values, first_values = (
        [run[number][arm]["metrics"].get(metric) for number in _numbers(first, later)]
        for run in (later, first)
    )
    return later_values, first_values


def _change(interval: Interval, metric: str) -> str:
    """Whether the later run is better, worse or the same, or that luck may explain it.

    interval: at a level corrected for the number of metrics that are looked at.
    """
    if interval.ci_low is None or interval.ci_high is None:
        return INCONCLUSIVE
    if interval.ci_low == interval.ci_high == 0:
        return SAME
    if interval.ci_low <= 0 <= interval.ci_high:
        return INCONCLUSIVE
    return BETTER if (interval.ci_low > 0) == metric_of(metric).bigger_is_better else WORSE


def _by_number(records: Sequence[Json]) -> dict[int, Json]:
    return {record["replication"]: record["arms"] for record in records}


def _numbers(first: Mapping[int, Json], later: Mapping[int, Json]) -> list[int]:
    return sorted(first.keys() & later.keys())


def _shared(first: Mapping[int, Json], later: Mapping[int, Json]) -> list[tuple[str, str]]:
    """Arm and metric that both runs have, by arm in the first run's order."""
    numbers = _numbers(first, later)
    if not numbers:
        return []
    here, there = first[numbers[0]], later[numbers[0]]
    return [
        (arm, metric)
        for arm in here
        if arm in there
        for metric in here[arm]["metrics"]
        if metric in there[arm]["metrics"]
    ]
