"""The metrics of machine leasing. All are over all machines that the lessor owns, pool included.

A shift is eight hours of a working day. Default: a contract whose rent went over 90 days past due.
How alerts are scored stands in ``sim.metrics.leasing_alerts``.
"""

from sim.metrics.base import Metric

_BUSINESS = (
    Metric(
        "utilisation",
        "ratio",
        bigger_is_better=True,
        doc_en="Hours of real work (engine on, not idling) over one shift of every working day.",
        doc_zh="实际作业小时（发动机运转且非怠速）占全部自有设备每个工作日一个班次工时的比例。",
    ),
    Metric(
        "leased_share",
        "ratio",
        bigger_is_better=True,
        doc_en="Machine days at a lessee over all machine days.",
        doc_zh="在租台日占全部台日的比例。",
    ),
    Metric(
        "active_share",
        "ratio",
        bigger_is_better=True,
        doc_en="Machines whose engine ran in a month over all machines, mean over the months.",
        doc_zh="当月开机的设备占全部设备的比例，按月平均。",
    ),
    Metric(
        "engine_hours_per_machine_month",
        "hours",
        bigger_is_better=True,
        doc_en="Engine hours per machine and 30 days.",
        doc_zh="每台设备每 30 天的发动机小时。",
    ),
    Metric(
        "idling_share",
        "ratio",
        bigger_is_better=False,
        doc_en="Engine hours without work over all engine hours.",
        doc_zh="怠速小时占发动机小时的比例。",
    ),
    Metric(
        "outside_work_share",
        "ratio",
        bigger_is_better=False,
        doc_en="Contractors' machine work that other machines than the lessor's did.",
        doc_zh="承包商的机械作业中由其他设备完成的比例。",
    ),
    Metric(
        "rent_income_fen_per_machine_month",
        "fen",
        bigger_is_better=True,
        doc_en="Rent invoiced per machine and 30 days.",
        doc_zh="每台设备每 30 天开具账单的租金。",
    ),
    Metric(
        "rent_collected_fen_per_machine_month",
        "fen",
        bigger_is_better=True,
        doc_en="Rent paid per machine and 30 days.",
        doc_zh="每台设备每 30 天实收租金。",
    ),
    Metric(
        "leave_fee_fen_per_machine_month",
        "fen",
        bigger_is_better=True,
        doc_en="Fees for giving machines back early, per machine and 30 days.",
        doc_zh="每台设备每 30 天的提前退租费。",
    ),
    Metric(
        "rent_list_share",
        "ratio",
        bigger_is_better=True,
        doc_en="Rent invoiced over what all machines would bring at the full fixed rent.",
        doc_zh="账单租金占全部设备按全额固定租金计算之和的比例。",
    ),
    Metric(
        "disputed_rent_share",
        "ratio",
        bigger_is_better=False,
        doc_en="Rent that lessees disputed over rent invoiced.",
        doc_zh="承租人提出异议的租金占账单租金的比例。",
    ),
    Metric(
        "resale_value_share",
        "ratio",
        bigger_is_better=True,
        doc_en="What repossessed machines brought at auction over their value.",
        doc_zh="收回设备拍卖所得占其价值的比例。",
    ),
    Metric(
        "limit_cut_count",
        "count",
        bigger_is_better=False,
        doc_en="Times that a lessee's limit was cut to what it had, for arrears or for an alert.",
        doc_zh="因逾期或预警将承租人额度降至现有占用的次数。",
    ),
    Metric(
        "recovery_rate",
        "ratio",
        bigger_is_better=True,
        doc_en="Value of the machines got back, of those stolen or due from failed and defaulting "
        "lessees.",
        doc_zh="被盗或应从倒闭、违约承租人处收回的设备中，已收回设备的价值比例。",
    ),
    Metric(
        "lease_count",
        "count",
        bigger_is_better=True,
        doc_en="Contracts over which the default rate is taken: live in the measured period, and "
        "begun 120 days before its end or earlier.",
        doc_zh="计算违约率的合同数：测量期内存续且起租早于期末 120 天。",
    ),
    Metric(
        "contractor_survival_rate",
        "ratio",
        bigger_is_better=True,
        doc_en="Share of the contractors still in business at the end.",
        doc_zh="期末仍在经营的承包商比例。",
    ),
)

_ALERTS = (
    ("alert_precision", "ratio", True, "Share of the alerts that were right", "预警中正确的比例"),
    (
        "alert_recall",
        "ratio",
        True,
        "Share of the causes that were found",
        "真实事件中被发现的比例",
    ),
    (
        "alert_f1",
        "ratio",
        True,
        "Harmonic mean of precision and recall",
        "精确率与召回率的调和平均",
    ),
    (
        "detection_delay_s_p50",
        "s",
        False,
        "Median time from a cause's beginning to its alert",
        "从事件发生到预警的时间中位数",
    ),
    (
        "detection_delay_s_p95",
        "s",
        False,
        "95th percentile of the time from a cause's beginning to its alert",
        "从事件发生到预警的时间第 95 百分位",
    ),
    (
        "false_alerts_per_machine_month",
        "per_month",
        False,
        "Wrong alerts per machine and 30 days",
        "每台设备每 30 天的误报数",
    ),
    ("cause_count", "count", False, "Causes over which recall is taken", "计算召回率的真实事件数"),
    ("alert_count", "count", False, "Alerts over which precision is taken", "计算精确率的预警数"),
)

_SCORES = tuple(
    Metric(
        f"{prefix}{name}",
        unit,
        bigger_is_better=better,
        doc_en=f"{doc_en}{by_en}.",
        doc_zh=f"{doc_zh}{by_zh}。",
        per="kind",
    )
    for prefix, by_en, by_zh in (
        ("", "", ""),
        ("baseline_", ", by the commission's three fixed rules", "（委托方的三条固定规则）"),
    )
    for name, unit, better, doc_en, doc_zh in _ALERTS
)

_GAIN = Metric(
    "alert_f1_gain",
    "ratio",
    bigger_is_better=True,
    doc_en="F1 of our alerts less that of the commission's fixed rules on the same readings.",
    doc_zh="同一批读数上，本系统预警的 F1 减去委托方固定规则的 F1。",
)

_READINGS = Metric(
    "readings_count",
    "count",
    bigger_is_better=True,
    doc_en="Readings that reached the bank, repeats included.",
    doc_zh="到达银行的读数条数（含重复）。",
)

LEASING_METRICS: tuple[Metric, ...] = (*_BUSINESS, *_SCORES, _GAIN, _READINGS)
