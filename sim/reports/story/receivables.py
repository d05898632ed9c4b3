"""The chapter on receivables: time to cash, its stages, cost, survival, fraud."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sim.reports.charts.shares import Spread, spread_chart
from sim.reports.charts.stacks import Part, stack_chart
from sim.reports.stages import STAGE
from sim.reports.story.amounts import amount
from sim.reports.story.blocks import Figure, Table
from sim.reports.story.books import categories, over_time
from sim.reports.story.comparing import Wanted, compared, promised, telling
from sim.reports.story.source import Source
from sim.reports.story.tongue import Tongue
from system.limits import DAY_S

_SHARES = [round(share / 100, 2) for share in range(1, 100)]
_SHOWN = (10, 50, 90, 99)


def figures(source: Source, say: Tongue) -> Iterator[Figure | None]:
    yield _spread(source, say)
    yield _stages(source, say)
    yield compared(source, _cost(source, say), say)
    yield compared(source, _survival(source, say), say)
    yield compared(source, _npl(say), say)
    yield from over_time(source, say)
    yield categories(source, say)
    yield compared(source, _fraud(source, "precision", say), say)
    yield compared(source, _fraud(source, "recall", say), say)


def _spread(source: Source, say: Tongue) -> Figure | None:
    told = source.events_of("sought", "funded")
    waits = {arm: waits_s(source, told, arm) for arm in source.arms}
    waits = {arm: found for arm, found in waits.items() if found.size}
    if not waits:
        return None
    spreads = [
        Spread(
            say.arm(arm),
            list(
                zip(
                    _SHARES,
                    np.quantile(found, _SHARES, method="inverted_cdf").tolist(),
                    strict=True,
                )
            ),
        )
        for arm, found in waits.items()
    ]
    titles = {
        "x": say("time from application to cash", "从申请到资金可用的时间"),
        "y": say("share of applications", "申请占比"),
        "arm": say("arm", "对照组"),
    }
    marks = promised(source, ["time_to_cash_s_mean"], say)
    title = telling(source, say("Median time to cash", "到账时间中位数"), "time_to_cash_s_p50", say)
    counts = say(", ", "，").join(
        f"{say.arm(arm)} n = {found.size:,}" for arm, found in waits.items()
    )
    note = say(
        "Share of funded applications that had cash within a time, all replications together; "
        f"{counts}. "
        "Applications after the warm-up, fraudulent ones included.",
        f"在给定时间内到账的获资申请占比，合并全部重复；{counts}。含预热期之后的全部申请（包括欺诈"
        "申请）。",
    )
    table = Table(
        title,
        (say("share of applications", "申请占比"), *(say.arm(arm) for arm in waits)),
        [
            (
                f"{percent} %",
                *(
                    amount(float(np.quantile(w, percent / 100, method="inverted_cdf")), "s", say)
                    for w in waits.values()
                ),
            )
            for percent in _SHOWN
        ],
        frozenset(range(1, len(waits) + 1)),
    )
    return Figure(
        "time-to-cash", title, note, spread_chart(spreads, marks, titles, say.lang), title, table
    )


def waits_s(source: Source, told: pa.Table, arm: str) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Seconds from ``sought`` to ``funded`` of each funded application after the warm-up, (n,).

    told: the events of these two kinds.
    """
    start_s = source.scenario["parameters"]["start_s"]["value"]
    warm_s = start_s + source.scenario["warmup_days"] * DAY_S
    numbers = [record["replication"] for record in source.records]
    of_each = [told.filter(pc.equal(told["replication"], number)) for number in numbers]
    found = [_waits(events, arm, warm_s) for events in of_each]
    return np.concatenate(found) if found else np.zeros(0, np.int64)


def _waits(events: pa.Table, arm: str, warm_s: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    of_arm = events.filter(pc.equal(events["arm"], arm))
    sought, funded = (
        of_arm.filter(pc.equal(of_arm["kind"], kind)).select(["subject", "at_s"])
        for kind in ("sought", "funded")
    )
    pairs = funded.join(sought, "subject", join_type="inner", right_suffix="_sought")
    begun = pairs["at_s_sought"].to_numpy()
    waits = pairs["at_s"].to_numpy() - begun
    return np.sort(waits[begun >= warm_s]).astype(np.int64)


def _stages(source: Source, say: Tongue) -> Figure | None:
    by_arm = {arm: _stages_of(source, arm) for arm in source.arms}
    parts = [
        Part(
            say.arm(arm), say.stage(stage), mean_s / sum(stages.values()), amount(mean_s, "s", say)
        )
        for arm, stages in by_arm.items()
        for stage, mean_s in stages.items()
    ]
    if not parts:
        return None
    longest = {part.arm: part for part in reversed(parts)}
    title = say("Longest stage: ", "最长环节：") + say(", ", "，").join(
        say(f"{part.part} {part.value} {arm}", f"{arm} {part.part} {part.value}")
        for arm, part in longest.items()
    )
    note = say(
        "Shares of the mean time from application to cash; means over n = "
        f"{len(source.records)} replications.",
        f"从申请到资金可用平均时间的构成；为 n = {len(source.records)} 次重复的均值。",
    )
    head = (say("arm", "对照组"), say("stage", "环节"), say("mean time", "平均时间"), "%")
    rows = [(part.arm, part.part, part.value, f"{part.share:.1%}") for part in parts]
    titles = {"x": say("share of the mean time", "占平均时间的比例"), "part": say("stage", "环节")}
    table = Table(title, head, rows, frozenset({2, 3}))
    return Figure("stages", title, note, stack_chart(parts, titles), title, table)


def _stages_of(source: Source, arm: str) -> dict[str, float]:
    """Stage -> mean seconds, longest first."""
    means = {stage: source.mean(arm, STAGE + stage) for stage in source.parts(STAGE.rstrip("."))}
    found = [(stage, mean) for stage, mean in means.items() if mean]
    return dict(sorted(found, key=lambda item: -item[1]))


def _tiers(source: Source, family: str, say: Tongue) -> dict[str, str]:
    whole = {family: say("all suppliers", "全部供应商")}
    return whole | {
        f"{family}.{tier}": say(f"tier {tier}", f"第 {tier} 级") for tier in source.parts(family)
    }


def _cost(source: Source, say: Tongue) -> Wanted:
    return Wanted(
        "financing-cost",
        say("Yearly cost of financing", "融资年化成本"),
        say("discount and fees per year of money had", "贴息与费用的年化比率"),
        _tiers(source, "financing_cost_apr", say)
        | {"working_capital_cost_apr": say("all borrowed working capital", "全部营运资金借款")},
        "financing_cost_apr",
    )


def _survival(source: Source, say: Tongue) -> Wanted:
    return Wanted(
        "survival",
        say("Suppliers still solvent at the end", "期末仍有偿付能力的供应商"),
        say("share of the suppliers of the start", "占期初供应商的比例"),
        _tiers(source, "supplier_survival_rate", say),
        "supplier_survival_rate",
    )


def _npl(say: Tongue) -> Wanted:
    return Wanted(
        "receivables-losses",
        say("Loss to fraud over all advances", "欺诈损失占放款总额"),
        say("share", "比例"),
        {
            "npl_ratio": say("over 90 days past due / balance", "逾期 90 天以上余额占比"),
            "fraud_loss_rate": say("fraud loss / advances", "欺诈损失 / 放款"),
        },
        "fraud_loss_rate",
    )


def _fraud(source: Source, what: str, say: Tongue) -> Wanted:
    family = f"fraud_alert_{what}"
    subject = {
        "precision": say("Fraud alerts that point at a fraud", "欺诈预警中确为欺诈的比例"),
        "recall": say("Frauds that raised an alert", "触发预警的欺诈比例"),
    }[what]
    rows = {family: say("all kinds", "全部类型")}
    rows |= {f"{family}.{kind}": say.kind(kind) for kind in source.parts(family)}
    return Wanted(f"fraud-{what}", subject, say("share", "比例"), rows, family)
