"""The console's own words in English and Chinese; those of the reports are used where they fit."""

from __future__ import annotations

from collections.abc import Mapping

from sim.reports.words import LANGS
from sim.reports.words import words as report_words

_ROWS = {
    # key: (en, zh)
    "title": ("Shapan", "沙盘"),
    "subtitle": ("the sand table for bank-enterprise products", "银企合作产品的沙盘"),
    "runs": ("Runs", "运行"),
    "new_run": ("New run", "新建运行"),
    "skip": ("Skip to content", "跳到正文"),
    "language": ("中文", "English"),
    "theme": ("Light or dark", "明暗"),
    "search": ("Search runs", "搜索运行"),
    "search_hint": ("scenario, seed, change, status …", "场景、种子、改动、状态……"),
    "no_runs": (
        "No run here yet. Start one, or run `shapan pilot` in this folder.",
        "这里还没有运行。请新建一个，或在此目录执行 `shapan pilot`。",
    ),
    "nothing_found": ("No run matches.", "没有匹配的运行。"),
    "compare_chosen": ("Compare the chosen", "比较所选"),
    "compare_hint": ("Choose two or more runs to compare.", "请选择两个或更多运行进行比较。"),
    "choose": ("choose", "选择"),
    "run": ("Run", "运行"),
    "changed": ("changed", "更改时间"),
    "changes": ("changes", "改动"),
    "as_packaged": ("as packaged", "与内置一致"),
    "verdicts": ("verdicts", "结论"),
    "under_way": ("Under way", "进行中"),
    "start": ("Start the run", "开始运行"),
    "cancel": ("Cancel", "取消"),
    "cancelled": ("cancelled", "已取消"),
    "done": ("done", "已完成"),
    "broken_run": ("ended with an error", "出错结束"),
    "open_run": ("Open the run", "打开运行"),
    "log": ("What it printed last", "最近输出"),
    "command": ("The same from a shell", "等价命令"),
    "seed": ("seed", "种子"),
    "horizon_days": ("days that are measured", "测量天数"),
    "reset": ("as packaged", "恢复默认"),
    "source": ("source", "来源"),
    "assumed": ("assumed", "假设"),
    "range": ("range", "范围"),
    "parameters": ("Parameters and where they come from", "参数及其来源"),
    "filter_parameters": ("Find a parameter", "查找参数"),
    "estimate": ("Estimate", "预计"),
    "estimate_text": (
        "about {minutes} on this machine: {each:.1f} s a replication, as in {run}",
        "在本机约 {minutes}：每次重复 {each:.1f} 秒，依据 {run}",
    ),
    "estimate_none": (
        "unknown: this scenario has not been run here yet",
        "未知：此场景尚未在本机运行过",
    ),
    "promised_measured": ("Promises and what was measured", "承诺与测得"),
    "picture": ("interval, estimate and threshold", "区间、估计值与门槛"),
    "faults": ("Faults", "故障"),
    "no_faults": ("No fault was played.", "未注入故障。"),
    "kind": ("kind", "类型"),
    "from_day": ("from day", "起始日"),
    "for_days": ("for days", "持续天数"),
    "severity": ("severity", "强度"),
    "events_of": ("Events", "事件"),
    "drill": (
        "Events by kind and day: choose one, then a subject",
        "按类型与日期：先选类型，再选主体",
    ),
    "subject": ("subject", "主体"),
    "life": ("The whole life of", "全生命周期："),
    "day": ("day", "日"),
    "at": ("at", "时间"),
    "count": ("count", "数量"),
    "values": ("values", "数值"),
    "replication": ("replication", "重复"),
    "arm": ("arm", "对照组"),
    "show": ("Show", "显示"),
    "watch": ("Watch the economy", "观看经济运行"),
    "play": ("Play or pause", "播放／暂停"),
    "step": ("Step", "单步"),
    "speed": ("speed", "速度"),
    "busy": ("goods delivered", "交付"),
    "financed": ("financed", "获得融资"),
    "overdue": ("overdue", "逾期"),
    "needs_script": ("The moving picture needs scripts.", "动态画面需要启用脚本。"),
    "downloads": ("Downloads", "下载"),
    "failures": ("Failures", "失败"),
    "replay": ("replay", "重放"),
    "compare": ("Comparison", "比较"),
    "differs": ("What differs", "不同之处"),
    "side_by_side": ("Claims side by side", "承诺并列"),
    "paired": ("Paired differences against the first run", "与首个运行的配对差"),
    "permalink": ("This address stays valid.", "此地址长期有效。"),
    "not_found": ("There is no such page.", "没有此页面。"),
    "wrong": ("This cannot be used", "无法使用"),
    "back": ("Back", "返回"),
    "simulated": (
        "Simulated; not a regulator's finding.",
        "模拟结果，并非监管机构的认定。",
    ),
    "more": ("{n} more; narrow the search", "另有 {n} 项，请缩小搜索"),
}


def words(lang: str) -> Mapping[str, str]:
    """Key -> word in ``lang``. Raises InputError for a language that is not there."""
    base = report_words(lang)
    column = LANGS.index(lang)
    return {**base, **{key: row[column] for key, row in _ROWS.items()}}
