"""What broke on schedule, when, how often it was met, and which sentences broke under it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from sim.faults import Window, windows_of
from sim.reports.charts.timeline import Bar, timeline_chart
from sim.reports.story.blocks import Block, Cell, Figure, Row, Table, Text
from sim.reports.story.source import Source
from sim.reports.story.tongue import Tongue
from sim.run import HELD
from sim.run_folder import Json
from sim.scenario import scenario_of
from sim.scenario_draws import drawn
from sim.streams import Luck
from system.limits import DAY_S

_DAY: Final = re.compile(r"day (\d+): ")
_MET: Final = "fault."


def faults(source: Source, say: Tongue) -> Iterator[Block]:
    """The plan, its windows on a timeline, and how often each fault was met."""
    planned = source.scenario.get("faults", [])
    if not planned:
        yield Text(say("The scenario plans no fault.", "此场景未安排故障。"), "quiet")
        return
    yield _plan(planned, say)
    chart = _timeline(source, say)
    if chart is not None:
        yield chart
    yield _met(source, say)


def _plan(planned: list[Json], say: Tongue) -> Table:
    head = (
        say("fault", "故障"),
        say("from day", "起始日"),
        say("or every so many days", "或平均间隔（天）"),
        say("for days", "持续天数"),
        say("severity", "强度"),
    )
    keys = ("kind", "at", "every", "for", "severity")
    rows = [tuple(str(fault.get(key, "–")) for key in keys) for fault in planned]
    caption = say("Faults on schedule, or drawn at a rate", "按计划或按频率注入的故障")
    return Table(caption, head, rows, frozenset({1, 2, 3, 4}))


def windows(source: Source, arm: str, replication: int) -> tuple[tuple[Window, ...], int]:
    """What was broken in this arm of this replication, and the second at which the run began."""
    scenario = drawn(
        scenario_of(source.scenario, str(source.folder.path / "run.json")), replication
    )
    start_s = int(source.scenario["parameters"].get("start_s", {}).get("value", 0))
    return windows_of(scenario, arm, Luck(scenario.seed, replication), start_s), start_s


def _timeline(source: Source, say: Tongue) -> Figure | None:
    """Of the first replication that was run; invariants that broke, wherever they did."""
    number = source.records[0]["replication"]
    titles = {
        "x": say("day of the run", "运行日"),
        "state": say("what", "类别"),
        "fault": say("fault is open", "故障期间"),
        "broken": say("invariant breaks", "不变式被破坏"),
    }
    bars = [bar for arm in source.arms for bar in _windows(source, arm, number, titles, say)]
    if not bars:
        return None
    bars += _breaks(source, titles)
    days = source.scenario["warmup_days"] + source.scenario["horizon_days"]
    kinds = len({bar.row for bar in bars if bar.state == titles["fault"]})
    states = source.run["invariants"]
    held = sum(state == HELD for state in states.values())
    title = say(
        f"{kinds} kinds of fault were played, and {held} of {len(states)} invariants held",
        f"注入 {kinds} 类故障，{len(states)} 条不变式中 {held} 条成立",
    )
    note = say(
        f"Windows of replication {number}; inside one, luck decides which attempts are struck. "
        f"Invariants over all n = {len(source.records)} replications.",
        f"第 {number} 次重复的故障窗口；窗口内由随机数决定命中哪些尝试。"
        f"不变式为全部 n = {len(source.records)} 次重复。",
    )
    head = (say("fault or invariant", "故障或不变式"), titles["x"], titles["state"])
    rows: list[Row] = [(bar.row, bar.told, bar.state) for bar in bars]
    spec = timeline_chart(bars, days, titles)
    return Figure(f"faults-{source.key}", title, note, spec, title, Table(title, head, rows))


def _windows(source: Source, arm: str, number: int, titles: Json, say: Tongue) -> Iterator[Bar]:
    found, start_s = windows(source, arm, number)
    for window in found:
        begins, ends = ((at_s - start_s) / DAY_S for at_s in (window.from_s, window.until_s))
        told = f"{begins:.4g} – {ends:.4g}"
        yield Bar(f"{window.kind} ({say.arm(arm)})", begins, ends, titles["fault"], told)


def _breaks(source: Source, titles: Json) -> Iterator[Bar]:
    """Invariants whose state names the day on which they were first seen broken."""
    for name, state in source.run["invariants"].items():
        day = _DAY.search(state)
        if state != HELD and day:
            at = float(day[1])
            yield Bar(name, at, at + 1, titles["broken"], state)


def _met(source: Source, say: Tongue) -> Table:
    """Attempts that each fault struck: smallest to largest number over replications."""
    runs = source.wall.get("replications", {}).values()
    met: dict[tuple[str, str], list[int]] = {}
    for run in runs:
        for arm, facts in run.items():
            for name, count in facts.items():
                if name.startswith(_MET):
                    key = (name.removeprefix(_MET), say.arm(arm))
                    met.setdefault(key, []).append(int(count))
    rows: list[Row] = [
        (kind, arm, f"{min(counts)} – {max(counts)}", str(sum(counts)))
        for (kind, arm), counts in sorted(met.items())
    ]
    caption = say("Attempts that met a fault", "遇到故障的尝试次数")
    if not rows:
        rows = [(Cell(say("none", "无"), "quiet"), "–", "–", "–")]
    head = (
        say("fault", "故障"),
        say("arm", "对照组"),
        say("per replication", "每次重复"),
        say("in all", "合计"),
    )
    return Table(caption, head, rows, frozenset({2, 3}))
