"""Two or more runs beside each other: parameters, claims, and paired differences."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
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
_Column = tuple[str, str, list[float | None], list[float | None]]


def compare(folders: Sequence[RunFolder], only: Collection[str] | None = None) -> Json:
    """What differs between runs; differences are against the first run, None where unpaired.

    Replications are paired where seeds are equal: the same number then had the same luck.
    only: the metrics to set against each other; None for all that the runs share.
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
        "claims": list(
            _claims(
                [folder.read_claims() for folder in folders],
                # Runs of unlike scenarios measure unlike things.
                units_of([record for of_run in records for record in of_run]),
            )
        ),
        "paired": paired,
        "differences": list(_differences(folders, records, only)) if paired else [],
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
            "text": first["text"],
            "compare": first["compare"],
            "unit": units.get(first["metric"], ""),
            "runs": [
                {key: table[name][key] for key in CLAIM_KEYS} if name in table else None
                for table in tables
            ],
        }


def _differences(
    folders: Sequence[RunFolder],
    records: Sequence[Sequence[Json]],
    only: Collection[str] | None,
) -> Iterator[Json]:
    first, units = _by_number(records[0]), units_of(records[0])
    found = [
        (str(folder.path), arm, metric, values, baseline)
        for folder, later in zip(folders[1:], map(_by_number, records[1:]), strict=True)
        for arm, metric, values, baseline in _columns(first, later)
        if only is None or metric in only
    ]
    alpha = ALPHA / max(1, len(found))
    for run, arm, metric, values, baseline in found:
        interval = paired_interval(values, baseline)
        if interval.n:
            named = {"run": run, "arm": arm, "metric": metric, "unit": units[metric]}
            ends = {"ci_low": interval.ci_low, "ci_high": interval.ci_high, "n": interval.n}
            change = _change(paired_interval(values, baseline, alpha), metric)
            yield named | {"mean": interval.mean} | ends | {"change": change}


def _columns(first: Mapping[int, Json], later: Mapping[int, Json]) -> Iterator[_Column]:
    """Arm, metric, and the metric in the later and the first run, over the replications that both
    have; by arm in the first run's order."""
    numbers = sorted(first.keys() & later.keys())
    if not numbers:
        return
    for arm, facts in first[numbers[0]].items():
        if arm not in later[numbers[0]]:
            continue
        here = [first[number][arm]["metrics"] for number in numbers]
        there = [later[number][arm]["metrics"] for number in numbers]
        for metric in facts["metrics"]:
            if metric in there[0]:
                values, baseline = ([run.get(metric) for run in side] for side in (there, here))
                yield arm, metric, values, baseline


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
