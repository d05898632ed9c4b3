"""What ``shapan stress`` measured of a running bank, in real time: for QA."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from sim.reports.charts.latency import Bound, Delay, latency_chart
from sim.reports.story.blocks import Block, Cell, Figure, Row, Section, Table, Text
from sim.reports.story.printed import read_printed
from sim.reports.story.tongue import Tongue
from sim.run_folder import Json

_KEYS: Final = ("profile", "seed", "status", "duration_s", "streams", "checks", "faults")


def read_stress(path: Path) -> Json:
    """What ``shapan stress --json`` printed. Raises InputError."""
    return read_printed(path, "--load", "shapan stress --json", _KEYS)


def stressed(documents: Sequence[Json], say: Tongue) -> list[Section]:
    """One section per document."""
    return [
        Section(f"stress-{number}", _title(one, say), list(_blocks(one, number, say)))
        for number, one in enumerate(documents, 1)
    ]


def _title(document: Json, say: Tongue) -> str:
    name = document["profile"]
    return say(f"Load in real time: {name}", f"真实时间负载：{name}")


def _blocks(document: Json, number: int, say: Tongue) -> Iterator[Block]:
    held = sum(bool(check["holds"]) for check in document["checks"])
    every = len(document["checks"])
    yield Text(
        say(
            f"{held} of {every} thresholds were kept in {document['duration_s']:g} s; "
            f"seed {document['seed']}. Latency counts from when a request was meant to be sent.",
            f"{document['duration_s']:g} 秒内 {every} 项门槛中有 {held} 项达标；种子 "
            f"{document['seed']}。时延自请求计划发出时刻起算。",
        ),
        "good" if held == every else "bad",
    )
    for name, stream in document["streams"].items():
        if stream.get("seconds"):
            yield _over_time(name, stream, document, number, say)
    yield _streams(document["streams"], say)
    yield _checks(document["checks"], say)
    if document["faults"]:
        yield _faults(document["faults"], say)


def _over_time(name: str, stream: Json, document: Json, number: int, say: Tongue) -> Figure:
    """seconds: rows of second, answered, and percentiles in milliseconds by name."""
    parts = [key for key in stream["seconds"][0] if key.startswith("p")]
    delays = [
        Delay(name, part, row["second"], row[part])
        for part in parts
        for row in stream["seconds"]
        if row[part] is not None
    ]
    limits = [c for c in document["checks"] if c["name"] == f"{name}_p99_ms"]
    bounds = [Bound(c["limit"], f"p99 ≤ {c['limit']:g} ms") for c in limits]
    titles = {
        "x": say("second at which it was meant to be sent", "计划发出的秒"),
        "y": say("milliseconds", "毫秒"),
        "arm": say("stream", "数据流"),
        "part": say("percentile", "百分位"),
    }
    p99 = stream["latency_ms"]["p99"]
    title = say(
        f"{name}: {stream['per_s']:,} {stream['unit']} a second at p99 {p99:g} ms",
        f"{name}：每秒 {stream['per_s']:,} {stream['unit']}，p99 {p99:g} 毫秒",
    )
    note = say(
        f"By second of intended start; n = {stream['answered']:,} answered of "
        f"{stream['asked']:,}. Dashed red: the threshold.",
        f"按计划发出的秒统计；{stream['asked']:,} 笔中 n = {stream['answered']:,} 笔得到答复。"
        "红色虚线：门槛。",
    )
    head = (titles["x"], say("answered", "答复"), *parts)
    rows = [
        tuple(str(row[key]) for key in ("second", "answered", *parts)) for row in stream["seconds"]
    ]
    table = Table(title, head, rows, frozenset(range(len(head))))
    spec = latency_chart(delays, bounds, [name], "ms", titles, say.lang)
    return Figure(f"stress-{number}-{name}", title, note, spec, title, table)


def _streams(streams: Mapping[str, Any], say: Tongue) -> Table:
    percents = list(next(iter(streams.values()))["latency_ms"]) if streams else []
    head = (
        say("stream", "数据流"),
        say("per second", "每秒"),
        say("asked", "请求"),
        say("answered", "答复"),
        say("errors", "错误"),
        *(f"{name} (ms)" for name in percents),
        say("longest (ms)", "最长（毫秒）"),
        say("saturated above", "饱和于"),
    )
    rows: list[Row] = [
        (
            Cell(name, note=one["unit"]),
            f"{one['per_s']:,}",
            f"{one['asked']:,}",
            f"{one['answered']:,}",
            str(sum(one["errors"].values())),
            *(f"{one['latency_ms'][key]:,.1f}" for key in percents),
            f"{one['latency_ms_max']:,.1f}",
            "–" if one["saturated_above_per_s"] is None else f"{one['saturated_above_per_s']:,.0f}",
        )
        for name, one in streams.items()
    ]
    caption = say("Throughput and latency by stream", "各数据流的吞吐与时延")
    return Table(caption, head, rows, frozenset(range(1, len(head))))


def _checks(checks: Sequence[Json], say: Tongue) -> Table:
    kept, missed = say("kept", "达标"), say("missed", "未达标")
    rows: list[Row] = [
        (
            Cell(check["name"], note=check["detail"]),
            "–" if check["value"] is None else f"{check['value']:g}",
            f"{check['limit']:g}",
            Cell(kept, "good") if check["holds"] else Cell(missed, "bad"),
        )
        for check in checks
    ]
    head = (
        say("check", "检查"),
        say("measured", "测得"),
        say("limit", "门槛"),
        say("verdict", "结论"),
    )
    caption = say("Thresholds that were set beforehand", "事先设定的门槛")
    return Table(caption, head, rows, frozenset({1, 2}))


def _faults(faults: Sequence[Json], say: Tongue) -> Table:
    streams = list(faults[0]["in_time_again_after_s"])
    again = [say(f"{name} in time again after", f"{name} 恢复用时") for name in streams]
    head = (say("fault", "故障"), say("at", "发生于"), say("cause gone after", "故障持续"), *again)
    rows = [
        (
            one["kind"],
            _seconds(one["at_s"]),
            _seconds(one["cause_gone_after_s"]),
            *(_seconds(one["in_time_again_after_s"][name]) for name in streams),
        )
        for one in faults
    ]
    return Table(
        say("Faults under load", "负载下的故障"), head, rows, frozenset(range(1, len(head)))
    )


def _seconds(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f} s"
