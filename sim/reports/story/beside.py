"""Runs of one scenario beside each other: what was changed, what it did to each claim."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sim.compare import compare
from sim.reports.figures import claim_unit
from sim.reports.story.amounts import amount, span
from sim.reports.story.answer import TONES
from sim.reports.story.blocks import Block, Cell, Row, Section, Table, Text, Tone
from sim.reports.story.source import Source
from sim.reports.story.tongue import Tongue
from sim.run_folder import Json

_CHANGES: Final[dict[str, Tone]] = {"better": "good", "worse": "bad"}


def beside(sources: Sequence[Source], say: Tongue) -> list[Section]:
    """A section for each scenario that several of the runs share."""
    by_scenario: dict[str, list[Source]] = {}
    for source in sources:
        by_scenario.setdefault(source.scenario["name"], []).append(source)
    return [_section(name, shared, say) for name, shared in by_scenario.items() if len(shared) > 1]


def _section(name: str, sources: Sequence[Source], say: Tongue) -> Section:
    found = compare([source.folder for source in sources])
    names = [source.name for source in sources]
    blocks: list[Block] = [_parameters(found, names, say), _claims(found, names, say)]
    blocks.append(_differences(found, sources, say))
    title = say(f"Side by side: {name}", f"并列比较：{name}")
    return Section(f"beside-{name}", title, blocks)


def _parameters(found: Json, names: Sequence[str], say: Tongue) -> Block:
    if not found["parameters"]:
        return Text(say.word("same_parameters"), "quiet")
    rows: list[Row] = [(row["path"], *map(str, row["values"])) for row in found["parameters"]]
    caption = say("Parameters that differ", "不同的参数")
    figures = frozenset(range(1, len(names) + 1))
    return Table(caption, (say("parameter", "参数"), *names), rows, figures)


def _claims(found: Json, names: Sequence[str], say: Tongue) -> Table:
    rows: list[Row] = [
        (
            Cell(row["text"][say.lang], note=row["id"]),
            *(_verdict(one, row, say) for one in row["runs"]),
        )
        for row in found["claims"]
    ]
    caption = say("Each claim in each run", "各运行中的各项承诺")
    return Table(caption, (say("promise", "承诺"), *names), rows)


def _verdict(found: Json | None, row: Json, say: Tongue) -> Cell:
    if found is None:
        return Cell("–", "quiet")
    unit = claim_unit(row["compare"], row["unit"])
    interval = span(found["ci_low"], found["ci_high"], unit, say)
    note = f"{amount(found['estimate'], unit, say)} ({interval})"
    return Cell(say.word(found["verdict"]), TONES[found["verdict"]], note)


def _differences(found: Json, sources: Sequence[Source], say: Tongue) -> Block:
    """Only what differs beyond luck; all of it is in ``shapan compare``."""
    if not found["paired"]:
        return Text(say.word("unpaired"), "quiet")
    by_path = {str(source.folder.path): source.name for source in sources}
    rows: list[Row] = [
        (
            by_path[row["run"]],
            say.arm(row["arm"]),
            row["metric"],
            amount(row["mean"], claim_unit("difference", row["unit"]), say),
            span(row["ci_low"], row["ci_high"], claim_unit("difference", row["unit"]), say),
            Cell(say.word(row["change"]), _CHANGES.get(row["change"], "unsure")),
            str(row["n"]),
        )
        for row in found["differences"]
        if row["ci_low"] is not None and (row["ci_low"] > 0 or row["ci_high"] < 0)
    ]
    head = ("", *(say.word(k) for k in ("arms", "metric", "difference", "interval", "change")), "n")
    caption = say(
        f"Paired differences from {sources[0].name} whose 95 % interval excludes zero",
        f"与 {sources[0].name} 的配对差，仅列 95% 区间不含零者",
    )
    return Table(caption, head, rows, frozenset({3, 4, 6}))
