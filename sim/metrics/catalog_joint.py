"""The metrics of the joint economy, in which the same enterprises are customers of all products."""

from typing import Final

from sim.metrics.base import Metric


def _rate(name: str, what_en: str, what_zh: str) -> tuple[Metric, Metric]:
    return (
        Metric(
            f"{name}_default_rate",
            "ratio",
            bigger_is_better=False,
            doc_en=f"Share of {what_en} in default: over 90 days late, or their firm has failed; "
            "linked: of suppliers of the failing core, in two tiers.",
            doc_zh=f"{what_zh}违约（逾期超过 90 天或企业倒闭）的比例；"
            "linked：倒闭核心企业的两级供应商。",
            per="link",
        ),
        Metric(
            f"{name}_default_gap",
            "ratio",
            bigger_is_better=False,
            doc_en=f"How much more of {what_en} default among suppliers of the failing core.",
            doc_zh=f"倒闭核心企业的供应商与其他企业在{what_zh}违约率上的差。",
        ),
    )


JOINT_METRICS: Final = (
    Metric(
        "product_loss_fen",
        "fen",
        bigger_is_better=False,
        doc_en="What the bank loses on claims bought, lines and leases, valued at the end.",
        doc_zh="银行在已购应收账款、授信与租赁上的损失，按期末估值。",
        per="product",
    ),
    Metric(
        "product_loss_rate",
        "ratio",
        bigger_is_better=False,
        doc_en="That loss over all that was advanced, drawn and handed over.",
        doc_zh="上述损失占全部放款、支用与租出设备价值的比例。",
    ),
    Metric(
        "swindled_fen",
        "fen",
        bigger_is_better=False,
        doc_en="Loss on lines and leases of firms that meant to vanish (truth).",
        doc_zh="蓄意失联企业在授信与租赁上造成的损失（真值）。",
    ),
    *_rate("line", "lines of credit", "授信"),
    *_rate("lease", "leases", "租赁"),
    Metric(
        "watched_share",
        "ratio",
        bigger_is_better=False,
        doc_en="Share of the enterprises that the joint view ever watched.",
        doc_zh="曾被联合视图列入关注的企业比例。",
    ),
    Metric(
        "warning_recall",
        "ratio",
        bigger_is_better=True,
        doc_en="Share of failed or defaulting enterprises that were watched before.",
        doc_zh="倒闭或违约企业中事先已被列入关注的比例。",
    ),
    Metric(
        "warning_precision",
        "ratio",
        bigger_is_better=True,
        doc_en="Share of the watched enterprises that failed or defaulted by the end.",
        doc_zh="被列入关注的企业中期末已倒闭或违约的比例。",
    ),
    Metric(
        "applications_at_once_max",
        "count",
        bigger_is_better=False,
        doc_en="The most financing applications that were under way at one moment.",
        doc_zh="同一时刻在途融资申请的最大笔数。",
    ),
)
