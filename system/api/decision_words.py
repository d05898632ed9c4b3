"""Why machines decide as they do, in words: for whoever a decision is about."""

from typing import Final

from system.chain.monitor import Rule
from system.chain.rules import Refusal
from system.credit.records import Freeze

# Of requests for cash on a receivable; the codes are those of the product, in English and Chinese.
FINANCING: Final[dict[str, tuple[str, str]]] = {
    "none": ("A quote was made at the price list's rate", "已按价目表报价"),
    Refusal.FINANCING_LOT_UNKNOWN.name: ("There is no such claim", "不存在该债权"),
    Refusal.FINANCING_NOT_THE_HOLDER.name: ("Another party holds the claim", "债权由他人持有"),
    Refusal.FINANCING_SUPPLIER_NOT_VERIFIED.name: (
        "The supplier's verification does not hold",
        "供应商身份核验未生效",
    ),
    Refusal.FINANCING_DEBTOR_NOT_VERIFIED.name: (
        "The debtor's verification does not hold",
        "债务人身份核验未生效",
    ),
    Refusal.FINANCING_BANK_NOT_VERIFIED.name: (
        "The bank's verification does not hold",
        "银行身份核验未生效",
    ),
    Refusal.FINANCING_NOT_ACCEPTED.name: ("The debtor has not accepted the debt", "债务人尚未确认"),
    Refusal.FINANCING_DISPUTED.name: ("The debtor contests the debt", "债务人对债务有争议"),
    Refusal.FINANCING_LOT_NOT_FREE.name: ("The claim is in use already", "债权已被占用"),
    Refusal.FINANCING_ALREADY_DUE.name: ("The due date has come", "已到期"),
    Refusal.FINANCING_TERM_TOO_LONG.name: ("The term exceeds the law's bound", "期限超过监管上限"),
    Refusal.FINANCING_TERM_UNUSUAL.name: (
        "The term exceeds six months without an approval",
        "期限超过六个月且未获批准",
    ),
    Refusal.FINANCING_TIER_TOO_DEEP.name: (
        "The claim was passed on too many times",
        "债权流转层级过深",
    ),
    Refusal.FINANCING_AMOUNT_TOO_SMALL.name: ("The amount is below the smallest", "金额低于下限"),
    Refusal.FINANCING_AMOUNT_TOO_LARGE.name: (
        "The amount exceeds what is left of the claim, or the largest",
        "金额超过债权余额或上限",
    ),
    Refusal.FINANCING_VERDICT_NOT_CLEAR.name: (
        "An alert on the claim has to be looked into first",
        "该债权存在待核查的预警",
    ),
    Refusal.FINANCING_DEBTOR_LIMIT.name: ("The debtor's limit is used up", "债务人额度不足"),
    Refusal.FINANCING_SUPPLIER_LIMIT.name: ("The supplier's limit is used up", "供应商额度不足"),
    Refusal.FINANCING_BANK_LIMIT.name: ("The bank's limit is used up", "银行额度不足"),
    Refusal.FINANCING_GROUP_LIMIT.name: (
        "The debtor group's limit is used up",
        "集团额度不足",
    ),
    Refusal.FINANCING_RISK_STOPPED.name: (
        "No new financing is granted at present",
        "目前暂停新增融资",
    ),
    Refusal.FINANCING_OUTSIDE_SANDBOX.name: (
        "The pilot that the regulator admitted is full",
        "监管沙盒试点额度已满",
    ),
    Refusal.FINANCING_PARTY_HELD.name: (
        "The bank buys no claims of these parties at present",
        "银行目前暂停买入相关当事人的债权",
    ),
}
# Of alerts on receivables.
ALERTS: Final[dict[str, tuple[str, str]]] = {
    Rule.DUPLICATE: ("The same invoice was shown before", "同一发票曾被提交"),
    Rule.ALTERED_AMOUNT: ("The invoice came before with another amount", "同一发票金额曾不同"),
    Rule.RENUMBERED: ("The same deal came under another number", "同一交易曾以其他编号提交"),
    Rule.CIRCULAR_TRADE: ("The parties sell in a circle", "交易方循环贸易"),
    Rule.RELATED_PARTIES: ("Seller and debtor belong together", "买卖双方为关联方"),
    Rule.SPLITTING: ("One deal was cut into many claims", "一笔交易被拆分为多笔债权"),
    Rule.VELOCITY: ("Far more claims than usual came", "债权数量远超平常"),
    Rule.DEBTOR_CONCENTRATION: ("Nearly all comes from one debtor", "债务人过于集中"),
    Rule.SUPPLIER_CONCENTRATION: ("Nearly all comes from one supplier", "供应商过于集中"),
}
_OTHER: Final = ("The system met something that people have to settle", "系统发现需人工处理的情况")
REVIEW: Final = ("You may ask for a review by a person.", "您可以申请人工复核。")


def financing_text(refusal: str) -> tuple[str, str]:
    """The answer to a request for cash. refusal: a member's name in any case, none for a quote."""
    return FINANCING.get(refusal) or FINANCING.get(refusal.upper()) or (refusal, refusal)


def alert_text(rule: str) -> tuple[str, str]:
    """What an alert on a receivable says."""
    return ALERTS.get(rule, _OTHER)


# Why drawing on a line stands still; each cause is lifted by itself.
FREEZES: Final[dict[Freeze, tuple[str, str]]] = {
    Freeze.ARREARS: (
        "Repayment is overdue by as many days as stop drawing",
        "逾期天数达到停止提款的标准",
    ),
    Freeze.CONSENT: (
        "Consent to the data that the line rests on was withdrawn",
        "已撤回授信所依据数据的授权",
    ),
    Freeze.OFFICER: ("An officer of the bank stopped drawing", "银行人员已暂停提款"),
    Freeze.LISTED: ("A case from a sanctions list stands open", "制裁名单案件尚未结案"),
}
# What the last look at the data came to.
LINE_OPEN: Final = (
    "The limit is what the last review of the data gave, within the policy's steps",
    "额度依据最近一次数据复核结果，并受政策调整幅度限制",
)


def freeze_text(frozen_for: int) -> tuple[str, str]:
    """Every cause that stops drawing, in English and Chinese; of an open line, whence its limit."""
    causes = [words for cause, words in FREEZES.items() if frozen_for & cause]
    if not causes:
        return LINE_OPEN
    return "; ".join(en for en, _ in causes), "；".join(zh for _, zh in causes)
