"""From pytest-benchmark's JSON to figures: speeds, ratios beside peers, targets, digests."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """One contender. ratio: its speed in its peer's speeds; None where it has no peer."""

    workload: str
    size: str
    unit: str
    contender: str
    per_s: float
    clock: str
    rounds: int
    peer: str
    ratio: float | None
    ratio_min: float | None
    digest: str


def figures_of(document: dict[str, Any]) -> list[Figure]:
    """Every contender in run order. document: what ``--benchmark-json`` wrote."""
    runs = document["benchmarks"]
    speeds = {_key(run, "contender"): _per_s(run) for run in runs}
    return [_figure(run, speeds) for run in runs]


def _key(run: dict[str, Any], who: str) -> tuple[str, str]:
    return run["extra_info"]["workload"], run["extra_info"][who]


def _per_s(run: dict[str, Any]) -> float:
    count: int = run["extra_info"]["count"]
    median_s: float = run["stats"]["median"]
    return count / median_s


def _figure(run: dict[str, Any], speeds: dict[tuple[str, str], float]) -> Figure:
    facts = {name: value for name, value in run["extra_info"].items() if name != "count"}
    peer_per_s = speeds.get(_key(run, "peer"))
    return Figure(
        **facts,
        per_s=_per_s(run),
        clock=run["options"]["timer"],
        rounds=run["stats"]["rounds"],
        ratio=_per_s(run) / peer_per_s if peer_per_s else None,
    )


def lines_of(figures: Iterable[Figure]) -> list[str]:
    """The table: one block per workload, ratios first."""
    lines = []
    for workload, group in groupby(figures, key=lambda figure: figure.workload):
        rows = list(group)
        lines += ["", f"{workload}, {rows[0].size} ({rows[0].unit}/s, median of rounds)"]
        lines.append(f"{'ratio':>8}{'target':>8}{'per s':>12}  {'digest':<10}contender [clock]")
        for row in rows:
            ratio = "" if row.ratio is None else f"{row.ratio:.2f}x"
            target = "" if row.ratio_min is None else f"{row.ratio_min:g}x"
            beside = f", beside {row.peer}" if row.peer else ""
            is_missed = row.ratio is not None and row.ratio < (row.ratio_min or 0)
            beside += "  MISSED" if is_missed else ""
            lines.append(
                f"{ratio:>8}{target:>8}{_speed(row.per_s):>12}  {row.digest[:8]:<10}"
                f"{row.contender} [{row.clock}]{beside}"
            )
    return lines[1:]


def _speed(per_s: float) -> str:
    """Three digits of what is slow, whole numbers of what is fast."""
    return f"{per_s:,.0f}" if per_s >= 100 else f"{per_s:.3g}"


def plain(figures: Iterable[Figure]) -> list[dict[str, Any]]:
    """For JSON: one object per contender."""
    return [asdict(figure) for figure in figures]
