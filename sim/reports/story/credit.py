"""The chapter on merchant credit: who is approved, how they repay, how well the model knows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from statistics import fmean

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sim.reports.charts.courses import Moment, course_chart
from sim.reports.charts.crosses import Cross, cross_chart
from sim.reports.charts.scatter import Point, scatter_chart
from sim.reports.story.amounts import amount, with_interval
from sim.reports.story.blocks import Figure, Table
from sim.reports.story.books import categories, over_time
from sim.reports.story.comparing import Wanted, compared, ends_drawn, note_of, telling
from sim.reports.story.source import Source
from sim.reports.story.tongue import Tongue
from system.credit.records import LineState
from system.limits import DAY_S

F64 = NDArray[np.float64]
_DAYS_SHOWN = 60


def figures(source: Source, say: Tongue) -> Iterator[Figure | None]:
    yield _approval_against_bad(source, say)
    yield compared(source, _approvals(source, say), say)
    yield compared(source, _vintages(source, say), say)
    yield from over_time(source, say)
    yield categories(source, say)
    yield _gone_bad(source, say)
    yield _calibration(source, say)
    yield compared(source, _quality(say), say)
    yield compared(source, _money(say), say)
    yield compared(source, _utilisation(say), say)
    yield compared(source, _fairness(say), say)


def _pairs(source: Source, x: str, y: str, say: Tongue) -> list[Point]:
    return [
        Point(say.arm(arm), record["replication"], metrics[x], metrics[y])
        for record in source.records
        for arm in source.arms
        if (metrics := record["arms"].get(arm, {}).get("metrics", {})).get(x) is not None
        and metrics.get(y) is not None
    ]


def _scatter(
    source: Source, points: list[Point], figure: Mapping[str, str], say: Tongue
) -> Figure | None:
    """figure: key, title, note, x, y, diagonal (empty for none)."""
    if not points:
        return None
    arms = list(dict.fromkeys(point.arm for point in points))
    titles = {"x": figure["x"], "y": figure["y"], "arm": say("arm", "对照组")}
    spec = scatter_chart(points, arms, "ratio", titles, say.lang, bool(figure["diagonal"]))
    rows = [
        (
            point.arm,
            str(point.replication),
            amount(point.x, "ratio", say),
            amount(point.y, "ratio", say),
        )
        for point in points
    ]
    head = (titles["arm"], say("replication", "重复"), figure["x"], figure["y"])
    table = Table(figure["title"], head, rows, frozenset({1, 2, 3}))
    return Figure(figure["key"], figure["title"], figure["note"], spec, figure["title"], table)


def _approval_against_bad(source: Source, say: Tongue) -> Figure | None:
    return _scatter(
        source,
        _pairs(source, "approved_bad_rate", "approval_rate", say),
        {
            "key": "approval-bad",
            "title": telling(
                source, say("Applicants approved", "申请人获批率"), "approval_rate", say
            ),
            "note": say(
                "One point per replication and arm. Bad: over 90 days past due within 180 days "
                "under one "
                f"standard loan, which the simulator alone knows; n = {len(source.records)} "
                "replications.",
                "每个点为一次重复的一个对照组。坏客户：在统一标准贷款下 180 天内逾期超过 90 天（"
                f"仅模拟器知晓）；n = {len(source.records)} 次重复。",
            ),
            "x": say("share of the approved that would go bad", "获批者中的坏客户比例"),
            "y": say("approval rate", "获批率"),
            "diagonal": "",
        },
        say,
    )


def _calibration(source: Source, say: Tongue) -> Figure | None:
    """Predicted beside observed in ten groups of equal size, with the interval of what came."""
    groups = source.parts("pd_mean")
    known = [
        (arm, group)
        for arm in source.arms
        for group in groups
        if source.mean(arm, f"pd_mean.{group}") is not None
        and source.mean(arm, f"default_rate.{group}") is not None
    ]
    if not known:
        return None
    crosses = [_tenth(source, arm, group, say) for arm, group in known]
    arms = list(dict.fromkeys(cross.arm for cross in crosses))
    titles = {
        "x": say("mean predicted probability of default", "平均预测违约概率"),
        "y": say("observed default rate", "实际违约率"),
        "arm": say("arm", "对照组"),
        "category": say("tenth, from the safest", "十分位（自最安全起）"),
    }
    subject = say("Gap between predicted and observed default", "预测与实际违约之差")
    title = telling(source, subject, "calibration_error", say)
    note = say(
        "Approved merchants in ten groups of equal size by their predicted probability; on the "
        "dashed line the model is right. ",
        "获批商户按预测违约概率等分十组；落在虚线上则模型准确。",
    )
    note += note_of(
        [source.metrics[arm][f"default_rate.{group}"]["n"] for arm, group in known], say
    )
    head = (titles["arm"], titles["category"], titles["x"], titles["y"])
    rows = [
        (
            say.arm(arm),
            group.removeprefix("tenth_"),
            with_interval(source.metrics[arm][f"pd_mean.{group}"], say),
            with_interval(source.metrics[arm][f"default_rate.{group}"], say),
        )
        for arm in source.arms
        for group in groups
        if f"pd_mean.{group}" in source.metrics[arm]
    ]
    table = Table(title, head, rows, frozenset({1, 2, 3}))
    spec = cross_chart(crosses, arms, "ratio", titles, say.lang, diagonal=True)
    return Figure("calibration", title, note, spec, title, table)


def _tenth(source: Source, arm: str, group: str, say: Tongue) -> Cross:
    predicted, observed = (
        source.metrics[arm][f"{name}.{group}"] for name in ("pd_mean", "default_rate")
    )
    name = group.removeprefix("tenth_").lstrip("0")
    ends = (ends_drawn(predicted), ends_drawn(observed))
    return Cross(say.arm(arm), name, predicted["mean"], observed["mean"], *ends)


def _approvals(source: Source, say: Tongue) -> Wanted:
    rows = {
        "approval_rate": say("all applicants", "全部申请人"),
        "good_approval_rate": say("applicants who would repay", "能按期还款的申请人"),
        "approval_rate_equal_bad_rate": say(
            "at the collateral lender's bad rate", "坏账率与抵押放贷相同时"
        ),
        "fraud_approval_rate": say("fraudsters", "欺诈者"),
        "approval_rate.bankable": say("whom a counter would not turn away", "柜台不会拒之门外者"),
    }
    rows |= {
        f"approval_rate.{band}": say(f"size band {band[5:]}", f"规模组 {band[5:]}")
        for band in source.parts("approval_rate")
        if band.startswith("size_")
    }
    subject = say("Good applicants approved", "好客户获批率")
    return Wanted(
        "approvals", subject, say("share approved", "获批比例"), rows, "good_approval_rate"
    )


def _vintages(source: Source, say: Tongue) -> Wanted:
    rows = {
        f"npl_ratio.{part}": say(f"granted in quarter {part[1:]}", f"第 {part[1:]} 季度授信")
        for part in source.parts("npl_ratio")
    }
    rows |= {
        "npl_ratio": say("whole book at the end", "期末全部贷款"),
        "npl_ratio_mean": say("mean of the second half", "后半期均值"),
        "npl_peak": say("peak", "峰值"),
    }
    subject = say("NPL ratio over the second half", "后半期平均不良率")
    return Wanted(
        "npl-vintages",
        subject,
        say("over 90 days past due / balance", "逾期 90 天以上余额占比"),
        rows,
        "npl_ratio_mean",
    )


def _gone_bad(source: Source, say: Tongue) -> Figure | None:
    """Lines gone bad per hundred opened, day by day since lending began."""
    told = source.events_of("life_set", "went_bad")
    moments = [moment for arm in source.arms for moment in _course(source, told, arm, say)]
    if not moments:
        return None
    arms = list(dict.fromkeys(moment.arm for moment in moments))
    titles = {
        "x": say("days since the first line was opened", "自首笔授信起的天数"),
        "y": say("lines gone bad / lines opened", "变坏授信 / 已开授信"),
        "arm": say("arm", "对照组"),
    }
    last = {moment.arm: moment for moment in moments}
    title = say("Lines gone bad by the end: ", "期末变坏的授信：") + say(", ", "，").join(
        f"{amount(moment.mean, 'ratio', say)} ({arm})" for arm, moment in last.items()
    )
    note = say(
        f"Line: mean over n = {len(source.records)} replications; band: lowest to highest "
        "replication. "
        "A line goes bad when it is over 90 days past due.",
        f"线：{len(source.records)} 次重复的均值；带：最低至最高。逾期超过 90 天即为变坏。",
    )
    table = Table(
        title,
        (
            titles["arm"],
            titles["x"],
            say("mean", "均值"),
            say("lowest", "最低"),
            say("highest", "最高"),
        ),
        [
            (m.arm, str(m.day), *(amount(v, "ratio", say) for v in (m.mean, m.low, m.high)))
            for m in moments
        ],
        frozenset({1, 2, 3, 4}),
    )
    return Figure(
        "gone-bad",
        title,
        note,
        course_chart(moments, arms, "ratio", titles, say.lang),
        title,
        table,
    )


def _course(source: Source, told: pa.Table, arm: str, say: Tongue) -> Iterator[Moment]:
    """At most about ``_DAYS_SHOWN`` moments, the last day among them."""
    of_arm = told.filter(pc.equal(told["arm"], arm))
    numbers = [record["replication"] for record in source.records]
    found = [counts for number in numbers if (counts := _counts_by_day(of_arm, number))]
    if not found:
        return
    end = max(opened.size for opened, _ in found)
    shares = np.array([_filled(opened, bad, end) for opened, bad in found])
    step = max(1, end // _DAYS_SHOWN)
    for day in sorted({*range(0, end, step), end - 1}):
        of_day = shares[:, day].tolist()
        yield Moment(say.arm(arm), day, fmean(of_day), min(of_day), max(of_day))


def _counts_by_day(events: pa.Table, number: int) -> tuple[F64, F64] | None:
    """Lines opened and gone bad up to each day since the first was opened; None without any."""
    of_one = events.filter(pc.equal(events["replication"], number))
    opened, bad = (_by_day(of_one, kind) for kind in ("life_set", "went_bad"))
    if not opened:
        return None
    first, last = min(opened), max([*opened, *bad])
    days = range(first, last + 1)
    so_far = [np.cumsum([float(one.get(day, 0)) for day in days]) for one in (opened, bad)]
    return so_far[0], so_far[1]


def _by_day(events: pa.Table, kind: str) -> dict[int, int]:
    """Day -> how many merchants the events of this kind speak of (their first value).

    Of the lives that lines were set to, only the opened: a charged-off line was opened before.
    """
    rows = events.filter(pc.equal(events["kind"], kind))
    found: dict[int, int] = {}
    for at_s, values in zip(rows["at_s"].to_pylist(), rows["values"].to_pylist(), strict=True):
        count, states = values[:2]
        # A command sets all its lines to one state, so the sum tells which.
        if kind != "life_set" or states == count * LineState.OPEN:
            found[at_s // DAY_S] = found.get(at_s // DAY_S, 0) + count
    return found


def _filled(opened: F64, bad: F64, end: int) -> F64:
    """The share by day, the last one kept where other replications go on."""
    share = bad / np.maximum(opened, 1.0)
    return np.concatenate([share, np.full(end - share.size, share[-1])])


def _quality(say: Tongue) -> Wanted:
    return Wanted(
        "ranking",
        say(
            "Ranking quality (AUC) over all scored applicants", "全部被评分申请人的排序能力（AUC）"
        ),
        say("50 % is chance, 100 % is perfect (AUC)", "50% 为随机，100% 为完美（AUC）"),
        {
            "auc": say("AUC, approved", "AUC（获批者）"),
            "auc_all": say("AUC, all scored", "AUC（全部被评分者）"),
            "ks": "KS",
            "psi": say("PSI (drift of scores)", "PSI（评分漂移）"),
            "reject_bias": say("bias on rejects", "被拒者偏差"),
        },
        "auc_all",
    )


def _money(say: Tongue) -> Wanted:
    rows = {
        "bank_profit_fen": say("profit", "利润"),
        **{
            f"bank_profit_fen.{part}": say(part, zh)
            for part, zh in (
                ("income", "收入"),
                ("funding", "资金成本"),
                ("operating", "运营成本"),
                ("losses", "损失"),
                ("provisions", "拨备"),
            )
        },
    }
    subject = say("The bank's profit", "银行利润")
    return Wanted(
        "profit",
        subject,
        say("yuan over the measured period", "测量期内（元）"),
        rows,
        "bank_profit_fen",
    )


def _utilisation(say: Tongue) -> Wanted:
    rows = {
        "limit_utilisation": say("principal / limits", "已用本金 / 授信额度"),
        "merchant_survival_rate": say("merchants that still trade", "仍在经营的商户"),
    }
    subject = say("Limits in use", "额度使用率")
    return Wanted("utilisation", subject, say("share", "比例"), rows, "limit_utilisation")


def _fairness(say: Tongue) -> Wanted:
    rows = {
        "fairness_gap.region": say("between regions", "地区之间"),
        "fairness_gap.size": say("between size bands", "规模组之间"),
    }
    subject = say("Largest gap in approvals of good applicants", "好客户获批率的最大差距")
    return Wanted(
        "fairness", subject, say("difference of shares", "比例之差"), rows, "fairness_gap"
    )
