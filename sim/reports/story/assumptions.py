"""The map of the assumptions: what moves each claim, where it holds, where it turns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sim.reports.charts.tornado import Weight, tornado_chart
from sim.reports.reasons import told
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
    yield _turns(source.map, say)
    for claim in source.claims:
        found = source.map["claims"].get(claim["id"])
        if found and found["movers"]:
            yield _tornado(claim, found, source.map, say)


def _turns(document: Json, say: Tongue) -> Table:
    head = (
        say("promise", "承诺"),
        say("points where it holds", "成立的取样点"),
        say("moved by", "受其影响"),
        say("turns at", "翻转处"),
        say("box in which it holds", "成立的区间盒"),
    )
    rows = [_row(name, found, document, say) for name, found in document["claims"].items()]
    caption = say(
        "Each assumption varied over its range, all at once; what moves a claim, and where it "
        "turns",
        "各假设同时在其范围内变动：何者影响承诺，在何处翻转",
    )
    return Table(caption, head, rows, frozenset({1}))


def _row(name: str, found: Json, document: Json, say: Tongue) -> tuple[Cell | str, ...]:
    share = found["holds_share"]
    holds = "–" if share is None else f"{share:.0%} / {found['points']}"
    turn = found["break_even"]
    at = Cell("–", "quiet", told(turn["reason"], say.lang))
    if turn["value"] is not None:
        ends = f"{_number(turn['ci_low'])} – {_number(turn['ci_high'])}"
        at = Cell(f"{turn['parameter']} = {turn['value']:.4g}", note=ends)
    movers = ", ".join(found["movers"][:3]) or say("nothing", "无")
    return (name, holds, movers, at, _box(found, document))


def _number(value: float | None) -> str:
    return "…" if value is None else f"{value:.4g}"


def _box(found: Json, document: Json) -> str:
    """The sides of the box that are narrower than the range."""
    sides = [
        f"{name} {_number(found['box'][name][0])} – {_number(found['box'][name][1])}"
        for name in found["box_restricted"]
        if name in document["design"]["axes"]
    ]
    return "; ".join(sides) or "–"


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
