"""How each lender's book went: balance and NPL by vintage over time, and assets by category."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean

from sim.reports.charts.vintages import Stretch, vintage_chart
from sim.reports.story.amounts import amount
from sim.reports.story.blocks import Figure, Table
from sim.reports.story.comparing import Wanted, compared
from sim.reports.story.source import Source
from sim.reports.story.tongue import Tongue
from sim.statements import BOOK, CATEGORIES, KIND, VINTAGE
from system.limits import DAY_S

CATEGORY_WORDS = {
    "normal": ("normal", "正常"),
    "special_mention": ("special mention", "关注"),
    "substandard": ("substandard", "次级"),
    "doubtful": ("doubtful", "可疑"),
    "loss": ("loss", "损失"),
}


@dataclass(frozen=True, slots=True)
class Statement:
    """One ``book_stood``. day: since the run's first statement."""

    arm: str
    replication: int
    subject: str
    day: int
    balance_fen: int
    bad_fen: int

    @property
    def npl(self) -> float | None:
        return self.bad_fen / self.balance_fen if self.balance_fen else None


def statements_of(source: Source) -> list[Statement]:
    """Every statement, in the order of the run's arms and days."""
    table = source.events_of(KIND)
    rows = table.select(["arm", "replication", "subject", "at_s", "values"]).to_pylist()
    first_s = min((row["at_s"] for row in rows), default=0)
    found = [
        Statement(
            row["arm"],
            row["replication"],
            row["subject"],
            (row["at_s"] - first_s + DAY_S // 2) // DAY_S,
            *row["values"][:2],
        )
        for row in rows
    ]
    arms = source.arms
    return sorted(found, key=lambda one: (arms.index(one.arm), one.subject, one.day))


def over_time(source: Source, say: Tongue, owed: str = "") -> Iterator[Figure | None]:
    """NPL and balance by vintage; of the whole book where a product has no vintages.

    owed: what the balance is, where it is not what was lent.
    """
    told = statements_of(source)
    vintages = [one for one in told if one.subject.startswith(VINTAGE)]
    chosen = vintages or [one for one in told if one.subject == BOOK]
    yield _npl(source, chosen, say)
    yield _balance(source, chosen, owed or say("Balance", "余额"), say)


def _npl(source: Source, told: Sequence[Statement], say: Tongue) -> Figure | None:
    stretches = _stretches([(one, one.npl) for one in told if one.npl is not None], say)
    worst = max(stretches, key=lambda one: one.mean, default=None)
    if worst is None:
        return None
    title = say(
        f"Worst NPL ratio of a vintage: {amount(worst.mean, 'ratio', say)}, lent in "
        f"{worst.part}, {worst.arm}, on day {worst.day}",
        f"各批次不良率最高为 {amount(worst.mean, 'ratio', say)}："
        f"{worst.arm}，{worst.part}发放，第 {worst.day} 天",
    )
    if worst.part == _part(BOOK, say):
        title = say(
            f"Highest NPL ratio: {amount(worst.mean, 'ratio', say)} {worst.arm}, day {worst.day}",
            f"不良率最高为 {amount(worst.mean, 'ratio', say)}：{worst.arm}，第 {worst.day} 天",
        )
    if not worst.mean:
        title = say("Nothing was non-performing on any day", "任何一日均无不良余额")
    axis = say("non-performing / balance", "不良余额 / 余额")
    return _figure(source, "npl-course", title, (axis, "ratio"), stretches, say)


def _balance(source: Source, told: Sequence[Statement], owed: str, say: Tongue) -> Figure | None:
    stretches = _stretches([(one, float(one.balance_fen)) for one in told], say)
    if not any(one.mean for one in stretches):
        return None
    ends = []
    for arm in dict.fromkeys(one.arm for one in stretches):
        last = max(one.day for one in stretches if one.arm == arm)
        fen = sum(one.mean for one in stretches if one.arm == arm and one.day == last)
        ends.append(say(f"{amount(fen, 'fen', say)} {arm}", f"{arm} {amount(fen, 'fen', say)}"))
    title = owed + say(" at the end: ", "（期末）：") + say(", ", "，").join(reversed(ends))
    axis = owed + say(", yuan", "（元）")
    return _figure(source, "balance-course", title, (axis, "fen"), stretches, say)


def _stretches(values: Sequence[tuple[Statement, float | None]], say: Tongue) -> list[Stretch]:
    groups: dict[tuple[str, str, int], list[float]] = {}
    for one, value in values:
        if value is not None:
            groups.setdefault((one.arm, one.subject, one.day), []).append(value)
    return [
        Stretch(say.arm(arm), _part(subject, say), day, fmean(found), min(found), max(found))
        for (arm, subject, day), found in groups.items()
    ]


def _part(subject: str, say: Tongue) -> str:
    if subject == BOOK:
        return say("the whole book", "全部")
    quarter = subject.removeprefix(VINTAGE)
    return say(f"quarter {quarter}", f"第 {quarter} 季度")


def _figure(
    source: Source,
    key: str,
    title: str,
    measured: tuple[str, str],
    stretches: Sequence[Stretch],
    say: Tongue,
) -> Figure:
    axis, unit = measured
    titles = {
        "x": say("day since the first statement", "自首份报表起的天数"),
        "y": axis,
        "arm": say("arm", "对照组"),
        "part": say("lent in", "发放于"),
    }
    arms = list(dict.fromkeys(one.arm for one in stretches))
    n = len(source.records)
    note = say(
        f"Stated once in 30 days, and at the end; mean over n = {n} replications, band from the "
        "lowest to the highest. Non-performing: over 90 days past due, or due from a failed "
        "debtor.",
        f"每 30 天及期末各一次；为 n = {n} 次重复的均值，阴影为最低至最高。不良：逾期超过 90 天，"
        "或付款方已倒闭。",
    )
    head = (titles["arm"], titles["part"], titles["x"], axis, say("range", "范围"))
    rows = [
        (
            one.arm,
            one.part,
            str(one.day),
            amount(one.mean, unit, say),
            f"{amount(one.low, unit, say)} – {amount(one.high, unit, say)}",
        )
        for one in stretches
    ]
    table = Table(title, head, rows, frozenset({2, 3, 4}))
    spec = vintage_chart(stretches, arms, unit, titles, say.lang)
    return Figure(key, title, note, spec, title, table)


def categories(source: Source, say: Tongue, owed: str = "") -> Figure | None:
    """The balance at the end by the five categories; what is normal stands in title and table."""
    owed = owed or say("Balance", "余额")
    words = {name: say(*CATEGORY_WORDS[name]) for name in CATEGORIES}
    wanted = Wanted(
        "categories",
        say(f"{owed} that is normal at the end", f"期末{owed}中的正常类"),
        say("share by category", "各类占比"),
        {f"asset_share.{name}": words[name] for name in CATEGORIES[1:]},
        "normal_asset_share",
        {"normal_asset_share": words["normal"]},
    )
    return compared(source, wanted, say)
