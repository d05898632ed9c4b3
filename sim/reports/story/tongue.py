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
}
_SCENARIOS: Final = {
    "receivables": ("Receivables financing", "应收账款融资"),
    "credit": ("Merchant credit", "商户信用贷款"),
    "credit-recession": ("Merchant credit in a recession", "经济衰退下的商户信用贷款"),
    "leasing": ("Equipment leasing", "设备租赁"),
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
    "cash_window": "到账窗口",
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

    def meaning(self, metric: str) -> str:
        """What a metric measures, by the catalogue; its name where the catalogue has none."""
        found = find(metric)
        if found is None:
            return metric
        _, _, part = metric.partition(".")
        text = self(found.doc_en, found.doc_zh)
        return f"{text} [{part}]" if part else text
