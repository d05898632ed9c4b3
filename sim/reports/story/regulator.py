"""What a supervisor asks for beside the results."""

from __future__ import annotations

from collections.abc import Sequence

from sim.reports.story.amounts import with_interval
from sim.reports.story.blocks import Block, Cell, Row, Section, Table, Text
from sim.reports.story.dossier import FIELDS, Dossier
from sim.reports.story.risks import given, register
from sim.reports.story.source import Source
from sim.reports.story.tongue import Tongue


def regulator(sources: Sequence[Source], dossier: Dossier, say: Tongue) -> list[Section]:
    fields = sum(len(of_table) for _, of_table in FIELDS.values())
    known = sum(bool(text) for table in dossier.tables.values() for text in table.values())
    signer = dossier.signer or say("missing", "缺失")
    front = [
        Text(say("Simulated; not a regulator's finding.", "模拟结果；并非监管部门的认定。"), "bad"),
        Text(
            say(
                f"{fields - known} of {fields} fields of the dossier are missing. Signer: {signer}"
                ".",
                f"申报信息 {fields} 项中缺 {fields - known} 项。签署人：{signer}。",
            )
        ),
    ]
    return [
        Section("dossier", say("Dossier of the pilot", "试点申报信息"), front),
        *(_table(name, dossier, say) for name in FIELDS),
        Section("risks", say("Risk register", "风险登记册"), [register(sources, dossier, say)], 2),
        _assets(sources, say),
        _models(sources, say),
        _errata(dossier, say),
    ]


def _table(name: str, dossier: Dossier, say: Tongue) -> Section:
    (en, zh), fields = FIELDS[name]
    written = dossier.tables.get(name, {})
    rows: list[Row] = [
        (Cell(say(*title), note=f"{name}.{key}"), given(written.get(key, ""), say))
        for key, title in fields.items()
    ]
    title = say(en, zh)
    table = Table(title, (say("field", "项目"), say("as the owner wrote", "申报内容")), rows)
    return Section(f"dossier-{name}", title, [table], 2)


# (metric, en, zh); the classes of Order 1 of 2023 are not all measured.
_ASSETS = (
    ("npl_ratio", "substandard or worse: over 90 days past due", "次级及以下：逾期 90 天以上"),
    ("loss_rate", "written off less recovered, and expected", "核销减回收，加预期损失"),
    ("normal_asset_share", "normal", "正常"),
    ("asset_share.special_mention", "special mention", "关注"),
    ("asset_share.substandard", "substandard", "次级"),
    ("asset_share.doubtful", "doubtful: over 270 days", "可疑：逾期 270 天以上"),
    ("asset_share.loss", "loss: over 360 days", "损失：逾期 360 天以上"),
)


def _assets(sources: Sequence[Source], say: Tongue) -> Section:
    title = say("Asset quality", "资产质量")
    caption = say(
        "By the five categories of Order 1 of 2023, as far as the runs measured them",
        "按 2023 年第 1 号令五级分类，以各运行已测量者为限",
    )
    return _measured_table("assets", title, caption, _ASSETS, sources, say)


_MODEL = (
    ("auc", "ranking of the approved (AUC)", "获批者排序能力（AUC）"),
    ("auc_all", "ranking of all scored (AUC)", "全部被评分者排序能力（AUC）"),
    ("ks", "separation (KS)", "区分度（KS）"),
    ("brier", "error of the probability (Brier)", "概率误差（Brier）"),
    ("calibration_error", "calibration error over ten groups", "十组校准误差"),
    ("psi", "drift of scores (PSI)", "评分漂移（PSI）"),
    ("reject_bias", "bias on rejects", "被拒者偏差"),
    ("fairness_gap", "gap between groups", "群体差距"),
    ("training_rows_count", "rows of training", "训练样本数"),
)


def _models(sources: Sequence[Source], say: Tongue) -> Section:
    title = say("Model card: outcomes", "模型卡：结果")
    caption = say(
        "Outcomes of the models as the runs measured them; purpose, data and limits stand in the "
        "dossier",
        "各运行测得的模型结果；用途、数据与局限见申报信息",
    )
    return _measured_table("models", title, caption, _MODEL, sources, say)


def _measured_table(
    key: str,
    title: str,
    caption: str,
    asked: Sequence[tuple[str, str, str]],
    sources: Sequence[Source],
    say: Tongue,
) -> Section:
    """A table for each run that measured any of it: together they would be too wide to read."""
    names = {metric for metric, _, _ in asked}
    blocks: list[Block] = [
        _of_run(source, caption, asked, say)
        for source in sources
        if any(source.mean(arm, name) is not None for arm in source.arms for name in names)
    ]
    unmeasured = Text(say("unmeasured", "未测量"), "unsure")
    return Section(key, title, blocks or [unmeasured], 2)


def _of_run(
    source: Source, caption: str, asked: Sequence[tuple[str, str, str]], say: Tongue
) -> Table:
    rows: list[Row] = [
        (
            Cell(say(en, zh), note=metric),
            *(_cell(source, arm, metric, say) for arm in source.arms),
        )
        for metric, en, zh in asked
    ]
    head = ("", *map(say.arm, source.arms))
    name = say(f"{source.name}. {caption}", f"{source.name}。{caption}")
    return Table(name, head, rows, frozenset(range(1, len(head))))


def _cell(source: Source, arm: str, metric: str, say: Tongue) -> Cell:
    found = source.metrics[arm].get(metric)
    if found is None or found["mean"] is None:
        return Cell(say("unmeasured", "未测量"), "quiet")
    return Cell(with_interval(found, say))


def _errata(dossier: Dossier, say: Tongue) -> Section:
    title = say("Errata", "勘误")
    if not dossier.errata:
        return Section("errata", title, [Text(say("None so far.", "暂无。"), "quiet")], 2)
    head = (say("day", "日期"), say("what was wrong", "勘误内容"))
    return Section("errata", title, [Table(title, head, dossier.errata)], 2)
