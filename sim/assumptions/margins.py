"""A claim at a point: its figure over the point's replications, and how far from the threshold."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from sim.assumptions.store import Key
from sim.assumptions.work import OK
from sim.questions import OPERATORS
from sim.scenario import Claim

Json = dict[str, Any]
Pair = tuple[float, float]


def pairs_of(
    claim: Claim, records: Mapping[Key, Json], point: str, replications: int
) -> list[Pair]:
    """Values of arm and baseline by replication, where both are defined; a level's baseline is 0.

    Only the first ``replications``, so that no point stands on more luck than another.
    """
    found = []
    for number in range(replications):
        record = records.get((point, number))
        if record is None or record["status"] != OK:
            continue
        value = _value(record, claim.arm, claim.metric)
        base = _value(record, claim.baseline, claim.metric) if claim.baseline else 0.0
        if value is not None and base is not None:
            found.append((value, base))
    return found


def _value(record: Json, arm: str, metric: str) -> float | None:
    value = record["arms"].get(arm, {"metrics": {}})["metrics"].get(metric)
    return float(value) if value is not None and math.isfinite(value) else None


def estimate(claim: Claim, pairs: Sequence[Pair]) -> float | None:
    """The claim's figure: a mean, a mean difference, or a ratio (of geometric means where all are
    above zero, else of means). None where it is not defined."""
    if not pairs:
        return None
    if claim.compare != "ratio":
        return math.fsum(x - y for x, y in pairs) / len(pairs)
    if all(x > 0 and y > 0 for x, y in pairs):
        return math.exp(math.fsum(math.log(x / y) for x, y in pairs) / len(pairs))
    total = math.fsum(y for _, y in pairs)
    return math.fsum(x for x, _ in pairs) / total if total > 0 else None


def margins(claim: Claim, pairs: Sequence[Pair]) -> list[float]:
    """How far each replication lies above the threshold, on a scale on which it may be averaged."""
    if claim.compare != "ratio":
        return [x - y - claim.threshold for x, y in pairs]
    if claim.threshold > 0 and all(x > 0 and y > 0 for x, y in pairs):
        return [math.log(x / y) - math.log(claim.threshold) for x, y in pairs]
    return [x - claim.threshold * y for x, y in pairs]


def holds(claim: Claim, figure: float) -> bool:
    return OPERATORS[claim.operator](figure, claim.threshold)
