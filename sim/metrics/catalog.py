"""The metrics that Shapan measures. A new one goes here, and nowhere else.

Ratios are in 0..1, durations in seconds, money in fen.
"""

import re
from difflib import get_close_matches

from sim.metrics.base import Metric
from sim.metrics.catalog_credit import CREDIT_METRICS
from sim.metrics.catalog_joint import JOINT_METRICS
from sim.metrics.catalog_leasing import LEASING_METRICS
from system.errors import InputError

_RECEIVABLES = (
    Metric(
        "time_to_cash_s_mean",
        "s",
        bigger_is_better=False,
        doc_en="Mean time from a supplier's decision to seek cash until the cash can be used.",
        doc_zh="从供应商决定用款到资金可用的平均时间。",
        per="tier",
    ),
    *(
        Metric(
            f"time_to_cash_s_p{quantile}",
            "s",
            bigger_is_better=False,
            doc_en=f"Percentile {quantile} of the time from decision to usable cash.",
            doc_zh=f"从供应商决定用款到资金可用的时间，第 {quantile} 百分位。",
            per="tier",
        )
        for quantile in (50, 90, 99)
    ),
    Metric(
        "invoice_to_acceptance_s_mean",
        "s",
        bigger_is_better=False,
        doc_en="Mean time from an invoice to its acceptance, when it can be financed (chain only).",
        doc_zh="从开票到债务人确认（即可融资）的平均时间（仅上链）。",
    ),
    Metric(
        "acceptance_delay_s_mean",
        "s",
        bigger_is_better=False,
        doc_en="Mean time that one stage adds to the way from an invoice to its acceptance.",
        doc_zh="某一环节在从开票到确权全程中平均耗时。",
        per="stage",
        total=False,
    ),
    Metric(
        "invoice_to_cash_s_mean",
        "s",
        bigger_is_better=False,
        doc_en="Mean time from the core enterprise's invoice to usable cash, where financed.",
        doc_zh="从核心企业应付发票开具到融资资金可用的平均时间。",
        per="tier",
    ),
    Metric(
        "invoice_to_cash_s_p50",
        "s",
        bigger_is_better=False,
        doc_en="Median time from the core enterprise's invoice to usable cash, where financed.",
        doc_zh="从核心企业应付发票开具到融资资金可用的时间中位数。",
        per="tier",
    ),
    Metric(
        "accepted_before_request_share",
        "ratio",
        bigger_is_better=True,
        doc_en="Share of financed applications whose invoice was accepted before (chain only).",
        doc_zh="融资申请提出前发票已获确认的比例（仅上链）。",
    ),
    Metric(
        "stage_delay_s_mean",
        "s",
        bigger_is_better=False,
        doc_en="Mean time that one stage adds to the way from decision to cash.",
        doc_zh="某一环节在从决定用款到资金可用全程中平均耗时。",
        per="stage",
        total=False,
    ),
    Metric(
        "application_to_decision_s_p50",
        "s",
        bigger_is_better=False,
        doc_en="Median time from a financing application to the bank's decision.",
        doc_zh="从融资申请到银行决定的时间中位数。",
    ),
    Metric(
        "financing_cost_apr",
        "ratio_per_year",
        bigger_is_better=False,
        doc_en="All that suppliers pay for financing (discount, fees) over money and time used.",
        doc_zh="供应商融资的全部成本（贴息与费用）按金额与时间折合的年化比率。",
        per="tier",
    ),
    Metric(
        "working_capital_cost_apr",
        "ratio_per_year",
        bigger_is_better=False,
        doc_en="Cost of all borrowed working capital, overdrafts included, over money and time.",
        doc_zh="全部营运资金借款（含透支）的年化成本。",
    ),
    Metric(
        "financing_cost_share_of_sales",
        "ratio",
        bigger_is_better=False,
        doc_en="Suppliers' discount, fees and overdraft interest over all that they invoiced.",
        doc_zh="全体供应商的贴息、费用与透支利息占开票金额的比例。",
    ),
    Metric(
        "supplier_survival_rate",
        "ratio",
        bigger_is_better=True,
        doc_en="Share of the suppliers of the start that are still solvent at the end.",
        doc_zh="期初供应商中到期末仍有偿付能力的比例。",
        per="tier",
    ),
    Metric(
        "order_fill_rate",
        "ratio",
        bigger_is_better=True,
        doc_en="Delivered value over ordered value.",
        doc_zh="已交付金额占订单金额的比例。",
    ),
    Metric(
        "financed_share",
        "ratio",
        bigger_is_better=True,
        doc_en="Share of the decisions to seek cash that were financed before the run ended.",
        doc_zh="用款需求中在运行结束前获得融资的比例。",
    ),
    Metric(
        "financed_share_by_tier",
        "ratio",
        bigger_is_better=True,
        doc_en="Financed value over the invoiced value of the suppliers of one tier.",
        doc_zh="某一层级供应商的开票金额中获得融资的比例。",
        per="tier",
        total=False,
    ),
    Metric(
        "limit_refusal_count",
        "count",
        bigger_is_better=False,
        doc_en="Applications on the platform that were refused because a limit line was used up.",
        doc_zh="平台上因额度用尽而被拒绝的融资申请笔数。",
    ),
    Metric(
        "fraud_loss_rate",
        "ratio",
        bigger_is_better=False,
        doc_en="Money that banks lose to fraud, less collectable recourse, over all advances.",
        doc_zh="银行因欺诈损失的金额（扣除可追索部分）占放款总额的比例。",
        per="kind",
    ),
    Metric(
        "double_finance_count",
        "count",
        bigger_is_better=False,
        doc_en="Receivables that were financed more than once, by one bank or by several.",
        doc_zh="被一家或多家银行重复融资的应收账款笔数。",
    ),
    Metric(
        "fraud_attempts_ineligible_count",
        "count",
        bigger_is_better=False,
        doc_en="Fraud attempts that were turned away before any check looked at them.",
        doc_zh="在任何核查之前即被拒收的欺诈尝试次数。",
    ),
    Metric(
        "fraud_alert_precision",
        "ratio",
        bigger_is_better=True,
        doc_en="Share of the fraud alerts that point at a true fraud.",
        doc_zh="欺诈预警中确为欺诈的比例。",
        per="kind",
    ),
    Metric(
        "fraud_alert_recall",
        "ratio",
        bigger_is_better=True,
        doc_en="Share of the fraud attempts that met a check and raised an alert.",
        doc_zh="进入核查的欺诈尝试中触发预警的比例。",
        per="kind",
    ),
    Metric(
        "npl_ratio",
        "ratio",
        bigger_is_better=False,
        doc_en="Balance over 90 days past due over the whole balance.",
        doc_zh="逾期 90 天以上余额占全部余额的比例。",
        per="vintage",
    ),
    Metric(
        "normal_asset_share",
        "ratio",
        bigger_is_better=True,
        doc_en="Share of the balance at the end that is normal by Order 1 of 2023.",
        doc_zh="期末余额中按 2023 年第 1 号令五级分类属于正常类的比例。",
    ),
    Metric(
        "asset_share",
        "ratio",
        bigger_is_better=False,
        doc_en="Share of the balance at the end in one of the other categories of that order.",
        doc_zh="期末余额中属于五级分类其余某一类的比例。",
        per="category",
        total=False,
    ),
)

_RUNTIME = (
    *(
        Metric(
            name,
            "per_s",
            bigger_is_better=True,
            doc_en=f"{doc_en} per second of real time.",
            doc_zh=f"真实时间每秒{doc_zh}。",
            real_time=True,
        )
        for name, doc_en, doc_zh in (
            ("events_per_s", "Simulated events", "模拟事件数"),
            ("tx_per_s", "Chain transactions", "链上交易数"),
            ("messages_per_s", "Messages", "消息数"),
            ("readings_per_s", "Readings", "读数条数"),
        )
    ),
    *(
        Metric(
            f"apply_to_disbursed_ms_p{quantile}",
            "ms",
            bigger_is_better=False,
            doc_en=f"Percentile {quantile} of the real time from application to disbursement.",
            doc_zh=f"从申请到放款的真实耗时，第 {quantile} 百分位。",
            real_time=True,
        )
        for quantile in (50, 99)
    ),
)

METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        *_RECEIVABLES,
        *CREDIT_METRICS,
        *LEASING_METRICS,
        *JOINT_METRICS,
        *_RUNTIME,
    )
}

_SUFFIX = re.compile(r"[a-z0-9][a-z0-9_]*")


def find(name: str) -> Metric | None:
    """The metric called ``name``, or the family of ``family.suffix``, or None."""
    family, dot, suffix = name.partition(".")
    metric = METRICS.get(family)
    if metric is None:
        return None
    if not dot:
        return metric if metric.total else None
    return metric if metric.per and _SUFFIX.fullmatch(suffix) else None


def metric_of(name: str) -> Metric:
    """The metric called ``name``. Raises InputError that says what to write instead."""
    metric = find(name)
    if metric is None:
        raise InputError("metric", name, advice(name))
    return metric


def advice(name: str) -> str:
    """What to write instead of an unknown metric name."""
    family = METRICS.get(name.partition(".")[0])
    if family is not None and family.per:
        return f"name one {family.per} of the family, such as {family.name}.1"
    if family is not None:
        return f"write {family.name}: it is not measured in parts"
    near = get_close_matches(name.partition(".")[0], sorted(METRICS), n=1)
    known = ", ".join(sorted(METRICS))
    return f"no such metric: did you mean {near[0]}?" if near else f"no such metric; known: {known}"
