"""The chapter on leasing: use, rent, default, and alerts by kind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from sim.reports.charts.dots import Dot, dot_chart
from sim.reports.story.amounts import amount, with_interval
from sim.reports.story.blocks import Figure, Table
from sim.reports.story.books import categories, over_time
from sim.reports.story.comparing import Wanted, compared, ends_drawn, note_of, telling
from sim.reports.story.source import Source
from sim.reports.story.tongue import Tongue

_DELAY: Final = "detection_delay_s_"


def figures(source: Source, say: Tongue) -> Iterator[Figure | None]:
    share = say("share", "比例")
    yield compared(
        source, _one("machine-use", "utilisation", say("Machines in use", "设备利用率"), share), say
    )
    yield compared(
        source,
        _one(
            "rent",
            "rent_income_fen_per_machine_month",
            say("Rent per machine and month", "每台每月租金"),
            say("yuan", "元"),
        ),
        say,
    )
    yield compared(source, _activity(say), say)
    ran = say("Machines that ran in a month", "当月开机设备占比")
    yield compared(source, _one("active", "active_share", ran, share), say)
    yield compared(source, _credit(say), say)
    owed = say("Machines out and rent owed", "在租设备与应收租金")
    yield from over_time(source, say, owed)
    yield categories(source, say, owed)
    yield _precision_recall(source, say)
    wrong = say("False alerts per machine and month", "每台每月误报数")
    yield compared(
        source, _alerts(source, "false_alerts_per_machine_month", wrong, wrong, say), say
    )
    yield _delays(source, say)


def _one(key: str, metric: str, subject: str, axis: str) -> Wanted:
    return Wanted(key, subject, axis, {metric: subject}, metric)


def _credit(say: Tongue) -> Wanted:
    rows = {
        "default_rate": say("lessees that default", "承租人违约率"),
        "recovery_rate": say("recovered of what was owed", "回收率"),
    }
    return Wanted(
        "lease-default",
        say("Lessees that default", "承租人违约率"),
        say("share", "比例"),
        rows,
        "default_rate",
    )


def _activity(say: Tongue) -> Wanted:
    rows = {
        "utilisation": say("hours of work / one shift a working day", "作业小时 / 每工作日一班"),
        "leased_share": say("machine days at a lessee", "在租台日"),
        "idling_share": say("engine hours without work", "怠速小时 / 发动机小时"),
    }
    subject = say("Machine days at a lessee", "在租台日占比")
    return Wanted("activity", subject, say("share", "比例"), rows, "leased_share")


def _alerts(source: Source, family: str, subject: str, axis: str, say: Tongue) -> Wanted:
    rows = {family: say("all kinds", "全部类型")}
    rows |= {f"{family}.{kind}": say.kind(kind) for kind in source.parts(family)}
    return Wanted(family.replace("_", "-"), subject, axis, rows, family)


def _precision_recall(source: Source, say: Tongue) -> Figure | None:
    """By kind of alert, beside what the commission's fixed rules make of the same readings."""
    arm = next((a for a in source.arms if source.mean(a, "alert_precision") is not None), None)
    if arm is None:
        return None
    measured = {
        "alert_precision": say("precision", "精确率"),
        "alert_recall": say("recall", "召回率"),
        "baseline_alert_precision": say("precision, fixed rules", "精确率（固定规则）"),
        "baseline_alert_recall": say("recall, fixed rules", "召回率（固定规则）"),
    }
    subject = say("Alerts that were right", "预警精确率")
    title = telling(source, subject, "alert_precision", say)
    title += say(
        f"; causes that were found: {amount(source.mean(arm, 'alert_recall'), 'ratio', say)}",
        f"；真实事件中被发现者：{amount(source.mean(arm, 'alert_recall'), 'ratio', say)}",
    )
    note = say(
        "Precision: share of the alerts that were right; recall: share of the causes that were "
        "found. ",
        "精确率：预警中正确者；召回率：真实事件中被发现者。",
    )
    axis = say("share", "比例")
    return _by_kind(source, arm, measured, ("precision-recall", title, note, axis, "ratio"), say)


def _by_kind(
    source: Source,
    arm: str,
    measured: Mapping[str, str],
    shown: tuple[str, str, str, str, str],
    say: Tongue,
) -> Figure:
    """A row per kind of alert, a mark per metric. shown: key, title, note, axis, unit."""
    key, title, note, axis, unit = shown
    metrics = source.metrics[arm]
    kinds = {part: say.kind(part) for metric in measured for part in source.parts(metric)}
    labels = {"": say("all kinds", "全部类型")} | {
        f".{part}": kinds[part] for part in sorted(kinds)
    }
    dots = [
        Dot(label, name, one["mean"], *ends_drawn(one), one["n"])
        for suffix, label in labels.items()
        for metric, name in measured.items()
        if (one := metrics.get(metric + suffix)) and one["mean"] is not None
    ]
    drawn = {dot.category for dot in dots}
    rows = [
        (label, *(with_interval(metrics.get(metric + suffix), say) for metric in measured))
        for suffix, label in labels.items()
        if label in drawn
    ]
    titles = {"x": axis, "arm": say("measure", "指标")}
    spec = dot_chart(dots, list(measured.values()), unit, titles, say.lang)
    figures = frozenset(range(1, len(measured) + 1))
    return Figure(
        key,
        title,
        note + note_of([dot.n for dot in dots], say),
        spec,
        title,
        Table(title, ("", *measured.values()), rows, figures),
    )


def _delays(source: Source, say: Tongue) -> Figure | None:
    """Median and 95th percentile of the time to an alert, by kind."""
    arm = next((a for a in source.arms if source.mean(a, _DELAY + "p50") is not None), None)
    if arm is None:
        return None
    ends = {_DELAY + "p50": say("median", "中位数")}
    ends |= {_DELAY + "p95": say("95th percentile", "第 95 百分位")}
    title = telling(source, say("Median delay", "发现延迟中位数"), _DELAY + "p50", say)
    note = say(
        "Time from a cause to its alert, of the causes that were found. ",
        "从事件到预警的时间，仅计被发现的事件。",
    )
    axis = say("time to the alert", "到预警的时间")
    return _by_kind(source, arm, ends, ("detection-delay", title, note, axis, "s"), say)
