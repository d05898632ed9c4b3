"""map.json: what was swept, and for each claim what moves it, its box, and where it turns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from sim.assumptions.axes import Axis, fixed_of
from sim.assumptions.break_even import BreakEven, break_even
from sim.assumptions.margins import estimate, holds, pairs_of
from sim.assumptions.pawn import Pawn
from sim.assumptions.points import BASE, Point, line_place
from sim.assumptions.polynomial import Surrogate
from sim.assumptions.prim import Box, find_box, held_out_density
from sim.assumptions.readings import Reading, line_replications, seen_on_line
from sim.assumptions.store import Key
from sim.assumptions.work import FAILED, OUTSIDE, Sweep

Json = dict[str, Any]


def map_document(
    sweep: Sweep, axes: Sequence[Axis], records: Mapping[Key, Json], read: Sequence[Reading]
) -> Json:
    """map.json but for its status: what was swept, what was left out, and each claim's entry."""
    designed = [r for (point, _), r in records.items() if line_place(point) is None]
    return {
        "design": _design(sweep, axes),
        "outside": _outside(designed),
        "failed": _failed(records),
        "broken": _broken(records),
        "claims": {reading.claim.id: _entry(reading, sweep, axes, records) for reading in read},
    }


def spec_of(sweep: Sweep) -> Json:
    """What a map can be gone on with."""
    return {
        "points": sweep.points,
        "replications": sweep.replications,
        "population_scale": sweep.population_scale,
        "caps": dict(sweep.plan.scenario.map.caps),
    }


def _design(sweep: Sweep, axes: Sequence[Axis]) -> Json:
    return {
        "method": "Latin hypercubes of 32 points, common random numbers",
        "indices": "PAWN, mean Kolmogorov-Smirnov distance over slices",
        "surrogate": "sparse polynomial chaos (lasso): first and total Sobol' indices",
        "box": "PRIM over the parameters that move the claim",
        "line_replications": line_replications(sweep),
        "axes": {
            axis.name: {
                "low": axis.low,
                "high": axis.high,
                "base": axis.base,
                "scale": "log" if axis.is_log else "linear",
            }
            for axis in axes
        },
        "fixed": dict(fixed_of(sweep.plan.scenario)),
    }


def _outside(records: Sequence[Json]) -> Json:
    refused = {r["point"]: r["field"] for r in records if r["status"] == OUTSIDE}
    return {"points": len(refused), "by_field": dict(sorted(Counter(refused.values()).items()))}


def _failed(records: Mapping[Key, Json]) -> list[Json]:
    return [
        {"point": point, "replication": number, "error": record["detail"].strip().split("\n")[-1]}
        for (point, number), record in sorted(records.items())
        if record["status"] == FAILED
    ]


def _broken(records: Mapping[Key, Json]) -> list[Json]:
    return [
        {"point": point, "replication": number, "arm": arm, "invariant": name, "state": state}
        for (point, number), record in sorted(records.items())
        for arm, facts in record.get("arms", {}).items()
        for name, state in facts["broken"].items()
    ]


def _entry(
    reading: Reading, sweep: Sweep, axes: Sequence[Axis], records: Mapping[Key, Json]
) -> Json:
    claim, names = reading.claim, [axis.name for axis in axes]
    base = estimate(claim, pairs_of(claim, records, BASE, sweep.replications))
    movers = reading.movers()
    return {
        "base": {"estimate": _short(base), "holds": None if base is None else holds(claim, base)},
        "points": int(reading.figures.size),
        "points_without_value": reading.missing,
        "holds_share": _short(float(reading.holds.mean())) if reading.holds.size else None,
        **_indices(reading.pawn, names),
        "movers": [names[i] for i in movers],
        "surrogate": _surrogate(reading.surrogate, names),
        **_boxed(reading, movers, axes),
        "break_even": _turn(reading, sweep, axes, records),
    }


def _indices(found: Pawn | None, names: Sequence[str]) -> Json:
    if found is None:
        return {"indices": {}, "indices_ci": {}, "noise": None, "slices": None}
    order = np.argsort(-found.index, kind="stable").tolist()
    return {
        "indices": {names[i]: _short(float(found.index[i])) for i in order},
        "indices_ci": {
            names[i]: [_short(float(found.low[i])), _short(float(found.high[i]))] for i in order
        },
        "noise": _short(found.noise),
        "slices": found.slices,
    }


def _surrogate(found: Surrogate | None, names: Sequence[str]) -> Json | None:
    if found is None:
        return None
    used = [i for i in np.argsort(-found.total, kind="stable").tolist() if found.total[i] > 0]
    return {
        "r2_cv": _short(found.r2),
        "first": {names[i]: _short(float(found.first[i])) for i in used},
        "total": {names[i]: _short(float(found.total[i])) for i in used},
        "total_ci": {
            names[i]: [_short(float(found.low[i])), _short(float(found.high[i]))] for i in used
        },
    }


def _boxed(reading: Reading, movers: Sequence[int], axes: Sequence[Axis]) -> Json:
    """The box over all axes (those that do not move the claim keep their whole range)."""
    whole = {axis.name: [axis.low, axis.high] for axis in axes}
    if not reading.holds.any():
        return {"box": {}, "box_restricted": [], "box_quality": None}
    x, held = reading.units[:, movers], reading.holds
    box = find_box(x, held)
    ends = {axes[axis].name: _ends(axes[axis], box, i) for i, axis in enumerate(movers)}
    restricted = [name for name, pair in ends.items() if pair != whole[name]]
    return {
        "box": whole | ends,
        "box_restricted": restricted,
        "box_quality": {
            "density": _short(box.density),
            "coverage": _short(box.coverage),
            "support": _short(box.support),
            "density_held_out": _short(held_out_density(x, held)),
        },
    }


def _ends(axis: Axis, box: Box, i: int) -> list[float]:
    low, high = float(box.low[i]), float(box.high[i])
    return [
        axis.coordinate(low) if np.isfinite(low) else axis.low,
        axis.coordinate(high) if np.isfinite(high) else axis.high,
    ]


def _turn(
    reading: Reading, sweep: Sweep, axes: Sequence[Axis], records: Mapping[Key, Json]
) -> Json:
    axis = reading.turning_axis(axes)
    if axis is None:
        reason = "no parameter moves the claim more than chance would"
        return _turn_entry("", BreakEven(None, None, None, None, reason), 0)
    seen = seen_on_line(reading.claim, sweep, axis, records)
    return _turn_entry(axis.name, break_even(axis, seen), len(seen))


def _turn_entry(parameter: str, found: BreakEven, looked_at: int) -> Json:
    return {
        "parameter": parameter,
        "value": _short(found.value),
        "ci_low": _short(found.low),
        "ci_high": _short(found.high),
        "figure_grows": found.above,
        "values_tried": looked_at,
        "reason": found.reason,
    }


def points_table(
    sweep: Sweep, points: Sequence[Point], axes: Sequence[Axis], records: Mapping[Key, Json]
) -> pa.Table:
    """map_points.parquet: name, status, each parameter's coordinate, each claim's estimate."""
    rows = []
    for point in points:
        at = {axis.name: axis.base for axis in axes} | dict(point.coordinates)
        statuses = [r["status"] for (name, _), r in records.items() if name == point.name]
        row: Json = {"point": point.name, "status": statuses[0] if statuses else "", **at}
        for claim in sweep.plan.scenario.claims:
            pairs = pairs_of(claim, records, point.name, line_replications(sweep))
            row[f"claim.{claim.id}"] = estimate(claim, pairs)
        rows.append(row)
    names = [*(axis.name for axis in axes)]
    names += [f"claim.{claim.id}" for claim in sweep.plan.scenario.claims]
    schema = pa.schema(
        [("point", pa.string()), ("status", pa.string()), *((name, pa.float64()) for name in names)]
    )
    return pa.Table.from_pylist(rows, schema=schema)


def _short(value: float | None) -> float | None:
    return None if value is None or not np.isfinite(value) else float(f"{value:.6g}")
