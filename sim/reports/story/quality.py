"""What QA asks for: failures with their replay, and how fast the runs were in real time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sim.metrics.catalog import METRICS
from sim.reports.charts.dots import Dot, dot_chart
from sim.reports.junit import replay
from sim.reports.story.amounts import amount
from sim.reports.story.blocks import Block, Cell, Figure, Row, Section, Table, Text
from sim.reports.story.load import load
from sim.reports.story.source import Source
from sim.reports.story.tongue import Tongue
from sim.reports.story.trust import failures
from sim.run import HELD

_QUANTILES = (0.5, 0.95, 1.0)


def quality(sources: Sequence[Source], say: Tongue) -> list[Section]:
    title = say("Speed, in real time", "真实时间性能")
    blocks: list[Block] = [
        Text(
            say(
                "Wall-clock facts are in no digest and are never compared bit for bit.",
                "墙钟数据不计入任何摘要，也不作逐位比较。",
            ),
            "quiet",
        )
    ]
    blocks += [block for source in sources for block in _speed(source, say)]
    return [
        Section(
            "load", say("Load and latency, simulated", "负载与时延（模拟）"), _loads(sources, say)
        ),
        Section("failures", say("Failures", "失败"), _failed(sources, say)),
        Section("speed", title, blocks),
    ]


def _loads(sources: Sequence[Source], say: Tongue) -> list[Block]:
    return [block for source in sources for block in load(source, say)]


def _failed(sources: Sequence[Source], say: Tongue) -> list[Block]:
    """What broke or crashed, each with the command that shows it again."""
    found = [block for source in sources for block in failures(source, say)]
    if not found:
        found.append(Text(say("No replication failed.", "没有失败的重复。"), "good"))
    broken = [
        (source.name, name, Cell(state, "bad"), replay(source.folder, state))
        for source in sources
        for name, state in source.run["invariants"].items()
        if state != HELD
    ]
    if broken:
        caption = say("Invariants that broke", "被破坏的不变式")
        head = (
            say.word("scenario"),
            say.word("invariant"),
            say.word("state"),
            say("replay", "重现"),
        )
        found.append(Table(caption, head, broken))
    return found


def _speed(source: Source, say: Tongue) -> list[Block]:
    seconds = {arm: _seconds(source, arm) for arm in source.arms}
    seconds = {arm: found for arm, found in seconds.items() if found}
    if not seconds:
        return [Text(say(f"{source.name}: no timing.", f"{source.name}：无计时。"), "quiet")]
    return [_figure(source, seconds, say), _runtime(source, say)]


def _seconds(source: Source, arm: str) -> list[float]:
    """Real seconds of each replication of an arm, from its start to its end."""
    runs = source.wall.get("replications", {}).values()
    return [found[arm]["arm_s"] for found in runs if arm in found]


def _figure(source: Source, seconds: dict[str, list[float]], say: Tongue) -> Figure:
    names = {0.5: "p50", 0.95: "p95", 1.0: say("longest", "最长")}
    found = {
        arm: {q: float(np.quantile(values, q, method="inverted_cdf")) for q in _QUANTILES}
        for arm, values in seconds.items()
    }
    dots = [
        Dot(names[q], say.arm(arm), by_q[q], None, None, len(seconds[arm]))
        for q in _QUANTILES
        for arm, by_q in found.items()
    ]
    titles = {"x": say("seconds per replication", "每次重复的秒数"), "arm": say("arm", "对照组")}
    arms = [say.arm(arm) for arm in seconds]
    title = say(f"{source.name}: half of the replications take ", f"{source.name}：半数重复耗时 ")
    title += say(", ", "，").join(
        f"{amount(by_q[0.5], 's', say)} ({say.arm(arm)})" for arm, by_q in found.items()
    )
    note = say(
        f"Real time from the start of an arm's replication to its end; n = {len(source.records)}.",
        f"一次重复从开始到结束的真实时间；n = {len(source.records)}。",
    )
    rows: list[Row] = [
        (names[q], *(amount(by_q[q], "s", say) for by_q in found.values())) for q in _QUANTILES
    ]
    table = Table(title, ("", *arms), rows, frozenset(range(1, len(arms) + 1)))
    spec = dot_chart(dots, arms, "s", titles, say.lang)
    return Figure(f"speed-{source.key}", title, note, spec, title, table)


def _runtime(source: Source, say: Tongue) -> Table:
    """Every wall-clock figure by arm: p50 and p95 over replications."""
    runs = list(source.wall.get("replications", {}).values())
    names = sorted({key for run in runs for arm in run.values() for key in arm})
    rows: list[Row] = []
    for name in names:
        cells = []
        for arm in source.arms:
            values = [run[arm][name] for run in runs if name in run.get(arm, {})]
            cells.append(_quantiles(values, name, say))
        rows.append((name, *cells))
    caption = say(
        f"{source.name}: wall-clock facts, p50 and p95 over replications",
        f"{source.name}：墙钟数据，各次重复的 p50 与 p95",
    )
    head = (say("fact", "项目"), *(say.arm(arm) for arm in source.arms))
    return Table(caption, head, rows, frozenset(range(1, len(head))))


def _quantiles(values: list[float], name: str, say: Tongue) -> str:
    if not values:
        return "–"
    unit = METRICS[name].unit if name in METRICS else ("s" if name.endswith("_s") else "")
    ends = np.quantile(values, [0.5, 0.95], method="inverted_cdf").tolist()
    return " / ".join(amount(end, unit, say) for end in ends)
