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
    "operations": ("Operations", "运营"),
    "operations_lead": (
        "The bank that runs beside this console, as it stands now.",
        "与本控制台同时运行的银行系统的当前状态。",
    ),
    "product_receivables": ("Receivables financing", "应收账款融资"),
    "product_credit": ("Merchant credit", "商户信用"),
    "product_leasing": ("Equipment leasing", "设备租赁"),
    "applications": ("applications", "申请数"),
    "pass_rate": ("pass rate", "通过率"),
    "time_to_cash": ("median time to cash", "到账时间中位数"),
    "npl": ("non-performing", "不良率"),
    "why_not": ("Why not", "未通过原因"),
    "open_alerts": ("Open alerts by age", "未处理警报（按时长）"),
    "age_day": ("up to a day", "一天内"),
    "age_week": ("up to a week", "一周内"),
    "age_older": ("older", "更早"),
    "trend": ("net promoter score by 30 days", "每 30 天的净推荐值"),
    "drift": ("Drift of the credit model", "信用模型漂移"),
    "drift_lead": (
        "Merchants with an open line beside those that the model in use was trained on (population "
        "stability index: below 0.1 stable, above 0.25 another population). Only those who "
        "consented to monitoring are read, and each reading is logged, so it is done on request.",
        "将有授信的商户与现用模型的训练样本比较（群体稳定性指数：低于 0.1 稳定，高于 0.25 已是另一"
        "群体）。仅读取同意监测的商户，且每次读取均留痕，故按需执行。",
    ),
    "drift_now": ("Look for drift now", "立即检查漂移"),
    "drift_seen": (
        "model {model}: {then} rows then, {now} now",
        "模型 {model}：训练时 {then} 行，现在 {now} 行",
    ),
    "drift_none": (
        "Nothing to compare: no approved scorecard with its reference, or nobody may be read.",
        "无可比较：没有已批准且保留参照的评分卡，或没有可读取的商户。",
    ),
    "drift_stable": ("stable", "稳定"),
    "drift_watch": ("watch", "关注"),
    "drift_act": ("act", "处置"),
    "feature": ("feature", "特征"),
    "by_chance": ("by chance up to", "偶然可达"),
    "books": ("Books", "账务"),
    "contracts": ("leases", "租约数"),
    "nps": ("Customers' feedback (NPS)", "客户反馈（净推荐值）"),
    "chain_agrees": (
        "ledger and chain agree; compared at the close of every day",
        "账本与链一致；每日终了核对",
    ),
    "books_agree": ("ledger and sub-ledgers agree", "总账与明细账一致"),
    "period_from": ("30 days from", "30 天，自"),
    "machine": ("Machine", "设备"),
    "machines": ("Machines with open alerts", "有未处理警报的设备"),
    "readings": ("readings", "条读数"),
    "immobilised": ("stopped", "已锁机"),
    "map": ("where it was, and its fence", "轨迹与电子围栏"),
    "when": ("when", "时间"),
    "map_track": ("where it was", "轨迹"),
    "map_fence": ("its fence", "电子围栏"),
    "map_others": ("fences of its sites before or after", "其先前或之后场地的围栏"),
    "map_unfenced": (
        "It belongs to no site, or to one without a fence: nothing bounds it at present.",
        "设备目前不属于任何场地，或所属场地未设围栏：当前没有围栏约束。",
    ),
    "map_absent": (
        "No map: this machine told no position, and no site of it has a fence.",
        "无地图：此设备未上报位置，其场地亦未设围栏。",
    ),
    "map_last": ("newest position", "最新位置"),
    "alert_raised": ("raised", "已触发"),
    "alert_acknowledged": ("acknowledged", "已受理"),
    "alert_escalated": ("escalated", "已升级"),
    "alert_cleared": ("cleared", "已解除"),
    "alert_corrected": ("withdrawn", "已撤回"),
    "report": ("Report with charts", "图表报告"),
    "parallel": ("What differs and what came of it, a line per run", "差异与结果：每次运行一条线"),
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
        "about {time} on this machine, an estimate: {each} for a replication of {actors} actors "
        "over {days} days, {replications} of them at most; ",
        "在本机约需 {time}（估算）：{actors} 个主体、{days} 天的每次重复约 {each}，至多 "
        "{replications} 次；",
    ),
    "estimate_scaled": (
        "in proportion to actors and days of what {run} took. Parameters may change it.",
        "按主体数与天数由 {run} 的耗时等比推算。参数改动亦会影响耗时。",
    ),
    "estimate_fitted": (
        "fitted to the times of {runs} runs of {sizes} sizes here. Parameters may change it.",
        "由本机 {runs} 次运行（{sizes} 种规模）的耗时拟合。参数改动亦会影响耗时。",
    ),
    "estimate_none": (
        "unknown: no run of this scenario with these arms has finished here yet",
        "未知：本机尚无此场景（含所选对照组）已完成的运行",
    ),
    "populations": ("How many actors", "主体数量"),
    "promised_measured": ("Promises and what was measured", "承诺与测得"),
    "picture": ("interval, estimate and threshold", "区间、估计值与门槛"),
    "charts": ("Charts", "图表"),
    "drawing": ("Charts are being drawn …", "正在绘制图表……"),
    "undrawn": (
        "The charts could not be drawn; shapan report RUN says why.",
        "图表绘制失败；请用 shapan report RUN 查看原因。",
    ),
    "growing": ("Each claim as replications come in", "各项承诺随重复次数的变化"),
    "from_two_on": ("from the second replication on", "自第二次重复起"),
    "so_far": ("replications so far", "已完成的重复次数"),
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
    "lives": ("One receivable, loan or machine", "单笔应收账款、单笔贷款、单台设备"),
    "lives_lead": (
        "A run keeps what its figures need. The same seed gives the same events, so this "
        "replication can be simulated again, in about the time that one takes, to tell each single "
        "life.",
        "运行只保存计算所需的内容。相同种子产生相同事件，故可重新模拟此次重复（耗时约等于一次重复），"
        "以还原每个个体的全过程。",
    ),
    "lives_units": (
        "Values: fen where money moves, the block's height for an event on the chain, seconds "
        "since the cause for an alert, a number where a machine, lease, contractor or enterprise "
        "is named.",
        "数值：资金变动以分计；链上事件为区块高度；警报为距起因的秒数；涉及设备、租约、承租人或企业时"
        "为其编号。",
    ),
    "lives_start": ("Simulate it again", "重新模拟"),
    "lives_running": ("It is being simulated again …", "正在重新模拟……"),
    "lives_broken": (
        "It could not be simulated again; shapan verify RUN --rerun says why.",
        "无法重新模拟；请用 shapan verify RUN --rerun 查看原因。",
    ),
    "cause": ("cause", "来由"),
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
    "watch_network": (
        "The supply network: buyers above, their sellers below",
        "供应网络：上为买方，下为卖方",
    ),
    "watch_book": ("The loan book", "贷款账簿"),
    "watch_fleet": (
        "The fleet: where each terminal last said that its machine was",
        "设备分布：各终端最近一次上报的位置",
    ),
    "watch_counts": ("How often each kind of event happened", "各类事件的发生次数"),
    "watch_balance": ("outstanding", "余额"),
    "watch_lent": ("lent in the step", "本步放出"),
    "watch_back": ("paid back in the step", "本步收回"),
    "watch_lost": ("written off in the step", "本步核销"),
    "warned": ("warned of in this step", "本步有警报"),
    "fleet_absent": (
        "The fleet's map needs each machine's readings, which a run does not keep: "
        "simulate this replication again first, at",
        "设备分布图需要各设备的读数，而运行并不保存它们：请先重新模拟此次重复，见",
    ),
    "busy": ("goods delivered", "交付"),
    "financed": ("financed", "获得融资"),
    "overdue": ("overdue", "逾期"),
    "needs_script": ("The moving picture needs scripts.", "动态画面需要启用脚本。"),
    "downloads": ("Downloads", "下载"),
    "failures": ("Failures", "失败"),
    "replay": ("replay", "重放"),
    "shrink": ("the smallest case that still fails", "缩减为仍会失败的最小情形"),
    "resume": (
        "It was left unfinished, unless something works on it now; to finish it",
        "此运行尚未完成（除非仍有进程在运行）；继续完成",
    ),
    "compare": ("Comparison", "比较"),
    "differs": ("What differs", "不同之处"),
    "differ_count": ("parameters that differ: {n}", "不同的参数：{n} 个"),
    "side_by_side": ("Claims side by side", "承诺并列"),
    "paired": ("Paired differences against the first run", "与首个运行的配对差"),
    "claimed_only": (
        "Of so many runs, only metrics that a claim speaks of; shapan compare has all.",
        "运行较多，仅列承诺所涉及的指标；全部指标见 shapan compare。",
    ),
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
