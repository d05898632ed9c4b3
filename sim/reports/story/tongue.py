"""The language that a report is told in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sim.metrics.catalog import find
from sim.reports.words import words

_ARMS: Final = {
    "paper": ("on paper", "纸质流程"),
    "chain": ("on the chain", "链上流程"),
    "collateral": ("on collateral", "抵押放贷"),
    "data": ("on data", "数据放贷"),
    "fixed": ("at fixed rent", "固定租金"),
    "usage": ("at rent by use", "按用量计租"),
    "separate": ("product by product", "各产品独立"),
    "joint": ("with the joint view", "联合视图"),
    "calm": ("in usual times", "平常时期"),
    "recession": ("in the recession", "衰退时期"),
    "recession_joint": ("in the recession, with the joint view", "衰退时期，联合视图"),
    "wave": ("in the wave of fraud", "欺诈潮"),
    "wave_joint": ("in the wave, with the joint view", "欺诈潮，联合视图"),
    "outage": ("in the outage", "中断时期"),
    "storm": ("in the storm", "重组时期"),
    "usual": ("without a festival", "无节日"),
    "peak": ("at the peak", "节日高峰"),
}
_SCENARIOS: Final = {
    "receivables": ("Receivables financing", "应收账款融资"),
    "credit": ("Merchant credit", "商户信用贷款"),
    "credit-recession": ("Merchant credit in a recession", "经济衰退下的商户信用贷款"),
    "leasing": ("Equipment leasing", "设备租赁"),
    "joint-contagion": ("A core enterprise fails", "核心企业倒闭的传染"),
    "broker-outage": ("An outage of the broker", "消息代理中断"),
    "feed-outage": ("An outage of the feed", "数据供应中断"),
    "chain-reorg": ("Reorganisations of the chain", "链重组"),
    "rail-outage": ("An outage of the payment rail", "支付通道中断"),
    "recession": ("A recession in all products", "三项产品同遇衰退"),
    "fraud-wave": ("A wave of fraud", "欺诈潮"),
    "festival-peak": ("A festival's peak", "节日高峰"),
}
_STAGES: Final = {
    "assemble": "备齐材料",
    "courier": "快递",
    "intake": "收件",
    "verify": "核实",
    "analysis": "审查",
    "committee": "贷审会",
    "signing": "签约",
    "payout": "放款",
    "request": "提出申请",
    "acceptance": "债务人确权",
    "decision": "审批",
    "take_quote": "接受报价",
    "relay_block": "上链",
    "payment_rail": "支付通道",
    "cash_window": "到账窗口",
}

# Kinds of alerts and of frauds.
_KINDS: Final = {
    "idle": "长期闲置",
    "offline": "终端离线",
    "geofence": "越出围栏",
    "fuel_burn": "油耗异常",
    "fuel_theft": "盗油",
    "fuel_leak": "漏油",
    "tamper": "拆动终端",
    "rollback": "小时数回拨",
    "spoof": "伪造定位",
    "overuse": "超负荷使用",
    "maintenance": "保养到期",
    "fabricated": "虚构发票",
    "altered": "篡改金额",
    "circular": "循环贸易",
    "double_same": "同行重复融资",
    "double_other": "他行重复融资",
    "split": "拆分发票",
    "altered_amount": "金额被改",
    "check": "人工核查",
    "circular_trade": "循环贸易",
    "debtor_concentration": "付款方集中",
    "supplier_concentration": "供应商集中",
    "velocity": "申请过频",
    "related_parties": "关联方交易",
    "reconciliation": "账链不一致",
    "dead_letter": "死信",
    "final_block_dropped": "终局区块被丢弃",
    "outcome_contradicted": "结果相互矛盾",
    "duplicate": "重复发票",
    "renumbered": "改号发票",
    "splitting": "拆分发票",
}


@dataclass(frozen=True, slots=True)
class Tongue:
    """``say(en, zh)`` gives the text of the language; both stand side by side in the code."""

    lang: str

    def __call__(self, en: str, zh: str) -> str:
        return zh if self.lang == "zh" else en

    def word(self, key: str) -> str:
        return words(self.lang)[key]

    def arm(self, name: str) -> str:
        """How an arm does business; a name that no product has stands for itself."""
        return self(*_ARMS.get(name, (name, name)))

    def scenario(self, name: str) -> str:
        return self(*_SCENARIOS.get(name, (name, name)))

    def stage(self, name: str) -> str:
        return self(name.replace("_", " "), _STAGES.get(name, name))

    def kind(self, name: str) -> str:
        """What an alert or a fraud is about."""
        return self(name.replace("_", " "), _KINDS.get(name, name))

    def meaning(self, metric: str) -> str:
        """What a metric measures, by the catalogue; its name where the catalogue has none."""
        found = find(metric)
        if found is None:
            return metric
        _, _, part = metric.partition(".")
        text = self(found.doc_en, found.doc_zh)
        return f"{text} [{part}]" if part else text
