"""What QA asks of load: how much was begun and done over time, how long it took, what failed.

Times are simulated, and counted from when somebody meant to begin, not from when the system had
time for him: a queue shows. What was begun and never done is counted beside.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from sim.reports.charts.latency import Bound, Delay, latency_chart
from sim.reports.charts.vintages import Stretch, vintage_chart
from sim.reports.story.amounts import amount
from sim.reports.story.answer import sign
from sim.reports.story.blocks import Block, Figure, Table, Text
from sim.reports.story.source import Source
from sim.reports.story.tongue import Tongue
from system.limits import DAY_S

PERCENTILES: Final = (0.5, 0.95, 0.99)
WEEK_DAYS: Final = 7
# Product -> (kind of event that begins, kind that ends); the subject is the same.
_SPANS: Final = {"receivables": ("sought", "funded")}
_BOUNDED: Final = ("time_to_cash_s_", "application_to_decision_s_")


@dataclass(frozen=True, slots=True)
class Week:
    """All replications together. delays_s: by PERCENTILES, of those that were done."""

    arm: str
    week: int
    begun: int
    done: int
    delays_s: tuple[int, ...]


def load(source: Source, say: Tongue) -> Iterator[Block]:
    """Throughput and latency over time; a sentence where the run tells of no single requests."""
    product = next((name for name in source.scenario["products"] if name in _SPANS), None)
    weeks = [] if product is None else _weeks(source, *_SPANS[product])
    if not weeks:
        yield Text(
            say(
                f"{source.name}: events tell of whole days here, not of single requests; "
                "latency under load is measured by shapan stress.",
                f"{source.name}：此处事件按日汇总，不含单笔请求；"
                "负载下的时延由 shapan stress 测量。",
            ),
            "quiet",
        )
        return
    yield _latency(source, weeks, say)
    yield _throughput(source, weeks, say)


def _weeks(source: Source, begins: str, ends: str) -> list[Week]:
    rows = source.query(
        """
        with told as (
          select arm, replication, subject, kind, min(at_s) as at_s from events
          where kind in ($begins, $ends) group by all
        ),
        spans as (
          select b.arm, b.at_s as begun_s, e.at_s - b.at_s as delay_s
          from (select * from told where kind = $begins) b
          left join (select * from told where kind = $ends) e using (arm, replication, subject)
        )
        select arm, (begun_s - (select min(at_s) from events)) // ($week * 86400) as week,
               count(*), count(delay_s), quantile_disc(delay_s, [0.5, 0.95, 0.99])
        from spans group by all order by all
        """,
        {"begins": begins, "ends": ends, "week": WEEK_DAYS},
    )
    return [Week(arm, week, begun, done, tuple(q or ())) for arm, week, begun, done, q in rows]


def _names(say: Tongue) -> tuple[str, ...]:
    return tuple(f"p{share * 100:g}" for share in PERCENTILES)


def _latency(source: Source, weeks: Sequence[Week], say: Tongue) -> Figure:
    delays = [
        Delay(say.arm(one.arm), name, one.week * WEEK_DAYS, delay_s)
        for one in weeks
        for name, delay_s in zip(_names(say), one.delays_s, strict=False)
    ]
    bounds = _bounds(source, say)
    titles = {
        "x": say("day on which it was meant to begin", "计划开始日"),
        "y": say("time to the end", "到完成的时间"),
        "arm": say("arm", "对照组"),
        "part": say("percentile", "百分位"),
    }
    worst = max((one for one in weeks if one.delays_s), key=lambda one: one.delays_s[-1])
    title = say(
        f"{source.name}: the slowest week has p99 {amount(worst.delays_s[-1], 's', say)} "
        f"{say.arm(worst.arm)}",
        f"{source.name}：最慢一周的 p99 为 {amount(worst.delays_s[-1], 's', say)}"
        f"（{say.arm(worst.arm)}）",
    )
    begun, done = sum(one.begun for one in weeks), sum(one.done for one in weeks)
    note = say(
        "By week of intended start, so that waiting counts; all replications together: "
        f"{done:,} of {begun:,} requests were done by the end. Dashed red: thresholds that were "
        "set beforehand.",
        f"按计划开始的周统计，等待计入；合并全部重复：{begun:,} 笔请求中 {done:,} 笔于期末前完成。"
        "红色虚线：事先设定的门槛。",
    )
    arms = list(dict.fromkeys(delay.arm for delay in delays))
    spec = latency_chart(delays, bounds, arms, "s", titles, say.lang)
    return Figure(f"latency-{source.key}", title, note, spec, title, _table(title, weeks, say))


def _table(title: str, weeks: Sequence[Week], say: Tongue) -> Table:
    head = (
        say("arm", "对照组"),
        say("week", "周"),
        say("begun", "开始"),
        say("done", "完成"),
        *_names(say),
    )
    rows = [
        (
            say.arm(one.arm),
            str(one.week),
            str(one.begun),
            str(one.done),
            *(amount(delay_s, "s", say) for delay_s in one.delays_s or (None,) * len(PERCENTILES)),
        )
        for one in weeks
    ]
    return Table(title, head, rows, frozenset(range(1, len(head))))


def _bounds(source: Source, say: Tongue) -> list[Bound]:
    """Every claim on the level of such a time."""
    found = {
        (claim["threshold"], claim["operator"]): claim["metric"]
        for claim in source.claims
        if claim["compare"] == "level" and claim["metric"].startswith(_BOUNDED)
    }
    return [
        Bound(seconds, f"{metric} {sign(operator)} {amount(seconds, 's', say)}")
        for (seconds, operator), metric in found.items()
        if seconds >= 1
    ]


def _throughput(source: Source, weeks: Sequence[Week], say: Tongue) -> Figure:
    n = len(source.records)
    counts = {"begun": say("begun", "开始"), "done": say("done of those", "其中完成")}
    stretches = [
        Stretch(say.arm(one.arm), name, one.week * WEEK_DAYS, mean, mean, mean)
        for key, name in counts.items()
        for one in weeks
        for mean in (getattr(one, key) / n,)
    ]
    titles = {
        "x": say("day on which it was meant to begin", "计划开始日"),
        "y": say("requests per week", "每周请求数"),
        "arm": say("arm", "对照组"),
        "part": say("requests", "请求"),
    }
    peak = max(weeks, key=lambda one: one.begun)
    title = say(
        f"{source.name}: up to {peak.begun / n:.4g} requests a week",
        f"{source.name}：每周至多 {peak.begun / n:.4g} 笔请求",
    )
    note = say(
        f"Mean over n = {n} replications; one week is {WEEK_DAYS * DAY_S:,} s of virtual time.",
        f"为 n = {n} 次重复的均值；一周为虚拟时间 {WEEK_DAYS * DAY_S:,} 秒。",
    )
    arms = list(dict.fromkeys(one.arm for one in stretches))
    spec = vintage_chart(stretches, arms, "", titles, say.lang)
    return Figure(f"throughput-{source.key}", title, note, spec, title, _table(title, weeks, say))
