"""What happened to a receivable, loan or machine, in the reader's words.

Runs keep kinds of events in English, as journals, contracts and the economy wrote them.
"""

from __future__ import annotations

from typing import Final

from sim.reports.story.tongue import Tongue

# Beginnings of kinds that come from elsewhere than the run's own log.
_ALERT: Final = "alert_"
_SOURCES: Final = {
    "chain_": ("on the chain: ", "链上："),
    "ledger_": ("ledger: ", "账簿："),
    _ALERT: ("alert: ", "预警："),
}
ZH: Final = {
    # Receivables: trade, debtors, banks.
    "ordered": "下单",
    "delivered": "交货",
    "invoiced": "开票",
    "order_lost": "失单",
    "sought": "寻求融资",
    "accepted": "债务人确权",
    "approved": "批准",
    "declined": "拒绝",
    "rejected": "被退回",
    "funded": "放款",
    "financed_in_part": "部分融资",
    "payout": "支付到账",
    "rail_paid": "支付通道已付",
    "paid": "付款",
    "overdue": "逾期",
    "disputed": "提出争议",
    "dispute_resolved": "争议解决",
    "credited": "贷项冲减",
    "refunded": "退款",
    "endorsed": "转让",
    "endorse_refused": "转让被拒",
    "register_refused": "登记被拒",
    "pledge_reported": "申报质押",
    "defaulted": "违约",
    "recoursed": "追索",
    "recourse_refused": "追索被拒",
    "written_off": "核销",
    "write_off_refused": "核销被拒",
    "command_failed": "指令失败",
    "alert": "预警",
    "insolvent": "资不抵债",
    "core_failed": "核心企业倒闭",
    "vanished": "失联",
    # Credit lines.
    "asked": "申请授信",
    "asked_for_credit": "申请授信",
    "decided": "审批决定",
    "feed_taken": "接收数据",
    "model_approved": "模型获批",
    "draw_answered": "提款答复",
    "book_stood": "账面存量",
    "went_bad": "转为不良",
    "approved_at_pd_ppm": "获批（违约概率，百万分之）",
    "declined_for_reason": "拒绝（原因代码）",
    "over_90_days_past_due": "逾期超过 90 天",
    "drawn": "提款",
    "interest_billed": "利息出账",
    "penalty_billed": "罚息出账",
    "principal_billed": "本金到期",
    "fee_charged": "收费",
    "fee_repaid": "偿还费用",
    "penalty_repaid": "偿还罚息",
    "interest_repaid": "偿还利息",
    "principal_repaid": "偿还本金",
    "fee_capitalised": "费用转本金",
    "penalty_capitalised": "罚息转本金",
    "interest_capitalised": "利息转本金",
    "fee_written_off": "费用核销",
    "penalty_written_off": "罚息核销",
    "interest_written_off": "利息核销",
    "principal_written_off": "本金核销",
    "recovered": "收回",
    "limit_set": "额度设定",
    "rate_set": "利率设定",
    "life_set": "状态设定",
    "freeze_set": "冻结设定",
    "interest_accrued": "计提利息",
    "penalty_accrued": "计提罚息",
    # Leases.
    "deposit_paid": "缴纳押金",
    "deposit_returned": "退还押金",
    "rent_billed": "租金出账",
    "rent_paid": "支付租金",
    "penalty_paid": "支付罚息",
    "fee_paid": "支付费用",
    "rent_set_off": "押金抵租金",
    "penalty_set_off": "押金抵罚息",
    "fee_set_off": "押金抵费用",
    "rent_credited": "租金贷项冲减",
    "rent_refunded": "退还租金",
    "rent_written_off": "租金核销",
    "machine_sold": "设备出售",
    "started": "起租",
    "ending_set": "终止方式设定",
    "until_set": "到期日设定",
    "rent_disputed": "租金争议",
    "claim_reduced": "债权减少",
    "dispute_decided": "争议裁定",
    "lessee_failed": "承租人倒闭",
    "machine_taken": "设备被侵占",
    "of_machine": "租赁设备",
    "to_contractor": "承租人",
    "leased_as": "所属租约",
    # Joint runs.
    "watched": "列入关注",
    "has": "名下有",
    "of_enterprise": "所属企业",
    # Contracts.
    "approval": "授权",
    "authority_updated": "权限变更",
    "transfer": "转移",
    "transfer_batch": "批量转移",
    "transfer_single": "单笔转移",
    "became_due": "到期",
    "became_overdue": "逾期",
    "burned": "凭证注销",
    "credit_noted": "贷项冲减",
    "disbursed": "放款",
    "enrolled": "准入登记",
    "expired": "失效",
    "limit_changed": "额度变更",
    "locked": "锁定",
    "minted": "凭证生成",
    "nonce_cancelled": "序号作废",
    "pause_changed": "暂停状态变更",
    "redeemed": "兑付",
    "registered": "登记",
    "reinstated": "恢复",
    "settled": "结清",
    "slot_changed": "席位变更",
    "split": "拆分",
    "suspended": "中止",
    "transfer_value": "价值转移",
    "unlocked": "解锁",
    # The ledger.
    "post": "记账",
    "hold": "冻结款项",
    "post_hold": "冻结款项入账",
    "void_hold": "冻结款项撤销",
    "expire_hold": "冻结款项到期",
}


def happening(kind: str, lang: str) -> str:
    """A kind of event in words; one without Chinese ones stays as it is."""
    tongue = Tongue(lang)
    for beginning, source in _SOURCES.items():
        if kind.startswith(beginning):
            rest = kind.removeprefix(beginning)
            of_rest = tongue.kind(rest) if beginning == _ALERT else _one(rest, tongue)
            return tongue(*source) + of_rest
    return _one(kind, tongue)


def _one(kind: str, tongue: Tongue) -> str:
    return tongue(kind.replace("_", " "), ZH.get(kind, kind))
