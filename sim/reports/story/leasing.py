"""The chapter on leasing: use, rent, default, and alerts by kind."""

from __future__ import annotations

from collections.abc import Iterator

from sim.reports.story.blocks import Figure
from sim.reports.story.comparing import Wanted, compared
from sim.reports.story.source import Source
from sim.reports.story.tongue import Tongue


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
    yield compared(source, _credit(say), say)
    for what, subject in (
        ("precision", say("Alerts that point at a true event", "预警中确有其事的比例")),
        ("recall", say("True events that raised an alert", "真实事件中触发预警的比例")),
    ):
        yield compared(source, _alerts(source, f"alert_{what}", subject, share, say), say)
    wrong = say("False alerts per machine and month", "每台每月误报数")
    yield compared(
        source, _alerts(source, "false_alerts_per_machine_month", wrong, wrong, say), say
    )
    delay = say("Median delay of detection", "发现延迟中位数")
    yield compared(
        source, _alerts(source, "detection_delay_s_p50", delay, say("time", "时间"), say), say
    )


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


def _alerts(source: Source, family: str, subject: str, axis: str, say: Tongue) -> Wanted:
    rows = {family: say("all kinds", "全部类型")}
    rows |= {f"{family}.{kind}": kind.replace("_", " ") for kind in source.parts(family)}
    return Wanted(family.replace("_", "-"), subject, axis, rows, family)
