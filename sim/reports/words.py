"""The words of the reports in English and Chinese."""

from __future__ import annotations

from collections.abc import Mapping

from system.errors import InputError

LANGS = ("en", "zh")
_ROWS = {
    # key: (en, zh)
    "claims": ("Claims", "承诺"),
    "promise": ("promise", "承诺"),
    "measured": ("measured", "测得"),
    "interval": ("interval", "区间"),
    "no_interval": ("no interval", "无区间"),
    "threshold": ("threshold", "门槛"),
    "mde": ("detectable", "可检出"),
    "pairing": (
        "same luck in both arms: correlation {correlation}, {factor} x fewer replications "
        "({saved} saved)",
        "两组同运气：相关系数 {correlation}，重复次数少至 1/{factor}（省 {saved} 次）",
    ),
    "n": ("n", "n"),
    "verdict": ("verdict", "结论"),
    "supported": ("supported", "成立"),
    "refuted": ("refuted", "不成立"),
    "undecided": ("undecided", "未定"),
    "reason": ("note", "说明"),
    "metrics": ("Metrics: mean over replications", "指标：各次重复的均值"),
    "metric": ("metric", "指标"),
    "stages": (
        "Where the time goes: stages of the mean time to cash",
        "时间花在哪里：平均到账时间的各个环节",
    ),
    "stage": ("stage", "环节"),
    "warmup": (
        "warm-up {warmup} d left out, {horizon} d measured; events settle by (MSER): {settled}",
        "预热 {warmup} 天不计，其后测量 {horizon} 天；事件量稳定于（MSER）：{settled}",
    ),
    "assumptions": (
        "{assumed} of {total} parameters are assumed: the verdicts hold at their values",
        "{total} 个参数中有 {assumed} 个是假设而非实测：结论仅在其取值下成立",
    ),
    "unit": ("unit", "单位"),
    "invariants": ("Invariants", "不变式"),
    "invariant": ("invariant", "不变式"),
    "state": ("state", "状态"),
    "held": ("held", "成立"),
    "status": ("status", "状态"),
    "ok": ("ok", "完成"),
    "failed": ("failed", "失败"),
    "partial": ("partial", "未完成"),
    "running": ("running", "进行中"),
    "digest": ("digest", "摘要"),
    "events": ("events", "事件"),
    "report": ("report", "报告"),
    "console": ("look at runs in a browser", "在浏览器中查看"),
    "folder": ("run folder", "运行目录"),
    "failure": ("failed replication", "失败的重复"),
    "next": ("next", "下一步"),
    "scenario": ("scenario", "场景"),
    "question": ("question", "问题"),
    "arms": ("arms", "对照组"),
    "products": ("products", "产品"),
    "check": ("check", "检查"),
    "detail": ("detail", "详情"),
    "parameter": ("parameter", "参数"),
    "difference": ("paired difference", "配对差"),
    "change": ("change", "变化"),
    "better": ("better", "变好"),
    "worse": ("worse", "变差"),
    "same": ("same", "相同"),
    "inconclusive": ("inconclusive", "无法判定"),
    "speed": (
        "Real time, in turns (a change counts beyond 5 %)",
        "真实耗时，轮流测量（超出 5% 才算变化）",
    ),
    "same_parameters": ("no parameter differs", "参数全部相同"),
    "unlike_scenarios": (
        "The runs ask different questions ({names}): what differs between the scenarios is no "
        "change that somebody made, and only claims of the same name stand side by side.",
        "各运行的场景不同（{names}）：场景之间的差异并非人为改动，只有同名承诺可以并列。",
    ),
    "same_count": ("paired differences that are none: {n}", "配对差为零的指标：{n} 项"),
    "unpaired": (
        "seeds differ, so replications are not paired and no difference is given",
        "种子不同，重复不配对，故不给出差值",
    ),
    "replications": ("replications", "重复次数"),
    "level": ("level", "水平"),
    "difference_of": ("difference", "差"),
    "ratio": ("ratio", "比值"),
    "broken": ("broken", "已破坏"),
    "rows": ("rows", "行数"),
    "value": ("value", "数值"),
    "validation": ("validation", "验证"),
    "written": ("written", "已写入"),
    "decisions": ("Decisions", "决定"),
    "invoice": ("invoice", "发票"),
    "amount": ("amount", "金额"),
    "decision": ("decision", "决定"),
    "advance": ("advance", "垫付"),
    "discount": ("discount", "贴现息"),
    "holdback": ("holdback", "留存"),
    "apr": ("APR", "年化"),
    "quoted": ("quoted", "已报价"),
    "declined": ("declined", "拒绝融资"),
    "refused": ("refused", "拒绝登记"),
    "alerts": ("Alerts", "警报"),
    "alert": ("alert", "警报"),
    "evidence": ("evidence", "证据"),
    "beside": ("beside", "对照"),
    "no_alert": ("no alert", "没有警报"),
    "date": ("date", "日期"),
    "interest": ("interest", "利息"),
    "principal": ("principal", "本金"),
    "payment": ("payment", "还款额"),
    "balance": ("balance", "剩余本金"),
    "total": ("total", "合计"),
    "in_yuan": ("Amounts in yuan", "金额单位：元"),
    "map": ("Assumption map", "假设地图"),
    "map_swept": (
        "{axes} parameters over their whole ranges at {points} points, {replications} replications "
        "each, populations x {scale}",
        "{axes} 个参数在各自全部范围内取 {points} 个点，每点 {replications} 次重复，"
        "人数规模 x {scale}",
    ),
    "map_outside": (
        "{count} of {points} points lie outside: the model refuses what they put together "
        "({fields})",
        "{points} 个点中有 {count} 个在模型之外：其取值组合被拒绝（{fields}）",
    ),
    "map_broken": (
        "{count} invariants broken at swept points, first: {first}",
        "有 {count} 处不变式被破坏，第一处：{first}",
    ),
    "map_failed": (
        "{count} runs failed at swept points, first: {first}",
        "有 {count} 次运行失败，第一处：{first}",
    ),
    "map_holds": ("holds at", "成立的点"),
    "map_moved_by": ("moved by", "受何影响"),
    "map_box": ("box in which it holds", "成立的范围"),
    "map_break_even": ("break-even", "临界值"),
    "map_chance": ("by chance up to {noise}", "偶然可达 {noise}"),
    "map_nothing": ("nothing beyond chance", "没有超出偶然的影响"),
    "map_whole": ("the whole range", "整个范围"),
    "map_nowhere": ("nowhere", "无处成立"),
    "map_density": ("holds at {density} inside", "范围内成立 {density}"),
    "map_unturned": ("never turns", "始终不翻转"),
    "notes": ("Shadow mode", "影子模式"),
}


def words(lang: str) -> Mapping[str, str]:
    """Key -> word in ``lang``. Raises InputError for a language that is not there."""
    if lang not in LANGS:
        raise InputError("--lang", lang, f"use one of {', '.join(LANGS)}")
    column = LANGS.index(lang)
    return {key: row[column] for key, row in _ROWS.items()}


def language(chosen: str | None, environment: Mapping[str, str]) -> str:
    """The chosen language, else Chinese where the environment's locale is Chinese, else English."""
    if chosen is not None:
        return chosen
    locale = environment.get("LC_ALL") or environment.get("LANG") or ""
    return "zh" if locale.startswith("zh") else "en"
