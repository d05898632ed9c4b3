"""The map of the assumptions: what moves each claim, where it holds, where it turns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sim.reports.charts.tornado import Weight, tornado_chart
from sim.reports.figures import figure, parameter_figure
from sim.reports.reasons import told
from sim.reports.story.amounts import with_units
from sim.reports.story.blocks import Block, Cell, Commands, Figure, Section, Table, Text
from sim.reports.story.source import Source
from sim.reports.story.tongue import Tongue
from sim.run_folder import Json

_SHOWN: Final = 10


def assumption_map(source: Source, say: Tongue) -> Section:
    title = say(f"Assumption map: {source.name}", f"假设地图：{source.name}")
    return Section(f"map-{source.key}", title, list(_blocks(source, say)), 2)


def _blocks(source: Source, say: Tongue) -> Iterator[Block]:
    if source.map is None:
        yield Text(
            say(
                "No map was made of this run: which assumptions turn a verdict is not known.",
                "此次运行未测绘假设地图：尚不清楚哪些假设会使结论翻转。",
            ),
            "unsure",
        )
        yield Commands([f"shapan run {source.folder.path.name} --map"])
        return
    yield _turns(source, source.map, say)
    for claim in source.claims:
        found = source.map["claims"].get(claim["id"])
        if found and found["movers"]:
            yield _tornado(claim, found, source.map, say)


def _turns(source: Source, document: Json, say: Tongue) -> Table:
    head = (
        say("promise", "承诺"),
        say("points where it holds", "成立的取样点"),
        say("moved by", "受其影响"),
        say("turns at", "翻转处"),
        say("box in which it holds", "成立的区间盒"),
    )
    rows = [
        _row(claim, document["claims"][claim["id"]], document, say)
        for claim in source.claims
        if claim["id"] in document["claims"]
    ]
    caption = say(
        "Each assumption varied over its range, all at once; what moves a claim, and where it "
        "turns",
        "各假设同时在其范围内变动：何者影响承诺，在何处翻转",
    )
    return Table(caption, head, rows, frozenset({1}))


def _row(claim: Json, found: Json, document: Json, say: Tongue) -> tuple[Cell | str, ...]:
    share, points = found["holds_share"], found["points"]
    holds = "–" if share is None else say(f"{share:.0%} of {points}", f"{points} 个中 {share:.0%}")
    movers = ", ".join(found["movers"][:3]) or say("nothing beyond luck", "无超出运气者")
    promise = Cell(claim["text"][say.lang], note=claim["id"])
    return (promise, holds, movers, _turn(found["break_even"], say), _box(found, document, say))


def _turn(turn: Json, say: Tongue) -> Cell:
    """Where the claim turns, with its interval; else why nowhere."""
    name = turn["parameter"]
    if turn["value"] is None:
        return Cell("–", "quiet", told(turn["reason"], say.lang))
    ends = f"{_amount(name, turn['ci_low'], say)} – {_amount(name, turn['ci_high'], say)}"
    return Cell(f"{name} = {_amount(name, turn['value'], say)}", note=ends)


def _amount(name: str, value: float | None, say: Tongue) -> str:
    return "…" if value is None else with_units(parameter_figure(name, value), say.lang)


def _box(found: Json, document: Json, say: Tongue) -> Cell:
    """The sides of the box that are narrower than the range, and how often it holds inside."""
    if not found["box"]:
        return Cell(say.word("map_nowhere"), "quiet")
    sides = [
        f"{name} {_amount(name, found['box'][name][0], say)} – "
        f"{_amount(name, found['box'][name][1], say)}"
        for name in found["box_restricted"]
        if name in document["design"]["axes"]
    ]
    density = figure(found["box_quality"]["density"], "ratio")
    note = say.word("map_density").format(density=density)
    return Cell("; ".join(sides) or say.word("map_whole"), note=note)


def _tornado(claim: Json, found: Json, document: Json, say: Tongue) -> Figure:
    indices = list(found["indices"].items())[:_SHOWN]
    ends = {name: (low, high) for name, (low, high) in found["indices_ci"].items()}
    weights = [Weight(name, index, *ends[name], name in found["movers"]) for name, index in indices]
    titles = {
        "x": say("weight (PAWN index, 0 to 1)", "影响权重（PAWN 指数，0 至 1）"),
        "moves": say("beyond noise", "超出噪声"),
        "yes": say("moves the claim", "影响承诺"),
        "no": say("no effect seen", "未见影响"),
    }
    text = claim["text"][say.lang]
    title = say(
        f'"{text}" is moved most by {found["movers"][0]}',
        f"“{text}”受 {found['movers'][0]} 影响最大",
    )
    note = say(
        f"Distance that a parameter's range makes to the figure, with 95 % intervals; n = "
        f"{found['points']} points; dashed: what luck alone gives.",
        f"参数在其范围内变动所造成的分布距离与 95% 区间；n = {found['points']} 个取样点；"
        "虚线：仅凭运气所得。",
    )
    rows = [(w.parameter, f"{w.weight:.3f}", f"{w.low:.3f} – {w.high:.3f}") for w in weights]
    head = (say("parameter", "参数"), titles["x"], say("interval", "区间"))
    table = Table(title, head, rows, frozenset({1, 2}))
    spec = tornado_chart(weights, found["noise"], titles)
    return Figure(f"tornado-{claim['id']}", title, note, spec, title, table)
