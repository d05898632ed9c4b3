"""Figures that compare arms on metrics, in the one way in which every chapter does it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sim.reports.charts.dots import Dot, dot_chart
from sim.reports.charts.shares import Mark
from sim.reports.story.amounts import amount, with_interval
from sim.reports.story.answer import sign
from sim.reports.story.blocks import Figure, Table
from sim.reports.story.source import Source
from sim.reports.story.tongue import Tongue
from sim.run_folder import Json

CONFIDENCE = "95 %"
DRAWN_MIN = 3


@dataclass(frozen=True, slots=True)
class Wanted:
    """A chart of metrics. rows: metric -> its label.  finding: the metric that the title tells.

    beside: further rows of the table, which would dwarf those that are drawn.
    """

    key: str
    subject: str
    axis: str
    rows: Mapping[str, str]
    finding: str
    beside: Mapping[str, str] = field(default_factory=dict)


def compared(source: Source, wanted: Wanted, say: Tongue) -> Figure | None:
    """Means with intervals by arm; None where the run measured none of it."""
    found = [
        (metric, label, arm, source.metrics[arm][metric])
        for metric, label in wanted.rows.items()
        for arm in source.arms
        if source.metrics[arm].get(metric, {}).get("mean") is not None
    ]
    if not found:
        return None
    arms = [arm for arm in source.arms if any(row[2] == arm for row in found)]
    unit = found[0][3]["unit"]
    dots = [
        Dot(label, say.arm(arm), one["mean"], *ends_drawn(one), one["n"])
        for _, label, arm, one in found
    ]
    titles = {"x": wanted.axis, "arm": say("arm", "对照组")}
    marks = promised(source, list(wanted.rows), say)
    spec = dot_chart(dots, [say.arm(arm) for arm in arms], unit, titles, say.lang, marks)
    title = telling(source, wanted.subject, wanted.finding, say)
    table = table_of(source, {**wanted.beside, **wanted.rows}, arms, title, say)
    note = note_of([one["n"] for *_, one in found], say) + _dashed(marks, say)
    return Figure(wanted.key, title, note, spec, _alt(title, table, say), table)


def ends_drawn(found: Json) -> tuple[float | None, float | None]:
    """The interval's ends, None where they are not worth drawing: of two replications the interval
    is so wide that it would hide all others."""
    return (found["ci_low"], found["ci_high"]) if found["n"] >= DRAWN_MIN else (None, None)


def promised(source: Source, metrics: Sequence[str], say: Tongue) -> list[Mark]:
    """A line for each threshold on the level of one of the metrics."""
    return [
        Mark(claim["threshold"], _bound(source, claim, say))
        for claim in source.claims
        if claim["compare"] == "level" and claim["metric"] in metrics
    ]


def _bound(source: Source, claim: Json, say: Tongue) -> str:
    unit = source.units.get(claim["metric"], "")
    bound = f"{sign(claim['operator'])} {amount(claim['threshold'], unit, say)}"
    arm = say.arm(claim["arm"])
    return say(f"promised {bound} {arm}", f"{arm}承诺 {bound}")


def _dashed(marks: Sequence[Mark], say: Tongue) -> str:
    """What the lines across the chart are."""
    if not marks:
        return ""
    labels = list(dict.fromkeys(mark.label for mark in marks))
    return say(f" Dashed: {', '.join(labels)}.", f"虚线：{'，'.join(labels)}。")


def telling(source: Source, subject: str, metric: str, say: Tongue) -> str:
    """ "Subject: 4.0 % on the chain, 4.8 % on paper": the finding as a title.

    Where the metric is undefined in every arm, the title says so.
    """
    shown = [
        say(
            f"{_mean(source, arm, metric, say)} {say.arm(arm)}",
            f"{say.arm(arm)} {_mean(source, arm, metric, say)}",
        )
        for arm in reversed(source.arms)
        if source.mean(arm, metric) is not None
    ]
    if not shown:
        shown = [say("no value in any replication", "各次重复均无数值")]
    return subject + say(": ", "：") + say(", ", "，").join(shown)


def _mean(source: Source, arm: str, metric: str, say: Tongue) -> str:
    return amount(source.mean(arm, metric), source.units[metric], say)


def note_of(replications: Sequence[int], say: Tongue) -> str:
    """What dots and bars are. replications: how many each figure is a mean of."""
    counts = sorted(set(replications))
    n = str(counts[-1]) if len(counts) == 1 else f"{counts[0]}–{counts[-1]}"
    if counts[-1] < DRAWN_MIN:
        return say(
            f"Means over n = {n} replications: too few for intervals that are worth drawing; "
            "the table has them.",
            f"n = {n} 次重复的均值：重复过少，区间过宽而未绘出，见下表。",
        )
    return say(
        f"Means over replications with {CONFIDENCE} intervals (Student's t); n = {n} replications.",
        f"各次重复的均值与 {CONFIDENCE} 区间（t 分布）；n = {n} 次重复。",
    )


def table_of(
    source: Source, rows: Mapping[str, str], arms: Sequence[str], title: str, say: Tongue
) -> Table:
    body = [
        (label, *(with_interval(source.metrics[arm].get(metric), say) for arm in arms))
        for metric, label in rows.items()
        if any(metric in source.metrics[arm] for arm in arms)
    ]
    head = ("", *(say.arm(arm) for arm in arms))
    return Table(title, head, body, frozenset(range(1, len(head))))


def _alt(title: str, table: Table, say: Tongue) -> str:
    return title + say(
        f". {len(table.rows)} rows; the figures are in the table below.",
        f"。共 {len(table.rows)} 行；数值见下表。",
    )
