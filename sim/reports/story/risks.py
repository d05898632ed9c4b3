"""The risk register: each risk with what the runs measured of it, or the word that nothing did."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from sim.reports.story.amounts import with_interval
from sim.reports.story.blocks import Cell, Row, Table
from sim.reports.story.dossier import Dossier
from sim.reports.story.source import Source
from sim.reports.story.tongue import Tongue
from sim.run import HELD


class Risk(NamedTuple):
    """likelihood, loss: a metric, or an invariant as ``invariant:NAME``; empty for none.

    scenario: which shows it.
    """

    kind: tuple[str, str]
    title: tuple[str, str]
    scenario: str
    likelihood: str
    loss: str = ""


_TECHNOLOGY: Final = ("technology", "技术")
_MARKET: Final = ("market", "市场")
_LEGAL: Final = ("legal", "法律")
_MODEL: Final = ("model", "模型")
_FRAUD: Final = ("fraud", "欺诈")
_OPERATIONS: Final = ("operations", "操作")
_PRIVACY: Final = ("privacy", "隐私")
RISKS: Final[dict[str, Risk]] = {
    "double_financing": Risk(
        _FRAUD,
        ("A receivable is financed twice", "重复融资"),
        "receivables",
        "double_finance_count",
        "fraud_loss_rate.double_other",
    ),
    "invented_invoice": Risk(
        _FRAUD,
        ("A fabricated invoice is financed", "虚构发票融资"),
        "receivables",
        "fraud_alert_recall.fabricated",
        "fraud_loss_rate.fabricated",
    ),
    "slow_cash": Risk(
        _OPERATIONS,
        ("Cash comes late (99th percentile)", "到账迟缓（第 99 百分位）"),
        "receivables",
        "time_to_cash_s_p99",
    ),
    "ledger_and_chain_part": Risk(
        _TECHNOLOGY,
        ("Ledger and chain disagree", "账本与链不一致"),
        "receivables",
        "invariant:ledger_equals_chain",
    ),
    "merchant_default": Risk(
        _MARKET, ("Merchants default", "商户违约"), "credit", "default_rate", "loss_rate"
    ),
    "recession": Risk(
        _MARKET, ("A recession", "经济衰退"), "credit-recession", "npl_peak", "loss_rate"
    ),
    "model_drift": Risk(
        _MODEL,
        ("The model's scores drift (PSI; calibration)", "评分漂移（PSI；校准）"),
        "credit",
        "psi",
        "calibration_error",
    ),
    "unfair_model": Risk(
        _MODEL,
        ("Good applicants of some groups are refused", "群体不公平"),
        "credit",
        "fairness_gap",
    ),
    "merchant_fraud": Risk(
        _FRAUD,
        ("Fraudsters are granted a line", "欺诈者获批"),
        "credit",
        "fraud_approval_rate",
        "fraud_loss_rate",
    ),
    "data_without_consent": Risk(
        _PRIVACY,
        ("Data are read without consent", "未经授权读取数据"),
        "credit",
        "invariant:no_data_without_consent",
    ),
    "lessee_default": Risk(
        _MARKET, ("Lessees default", "承租人违约"), "leasing", "default_rate", "recovery_rate"
    ),
    "missed_tampering": Risk(
        _FRAUD,
        ("Tampering is caught (recall)", "篡改被发现的比例"),
        "leasing",
        "alert_recall.tamper",
    ),
    "law_changes": Risk(_LEGAL, ("Rules change", "监管规则变化"), "", ""),
    "contract_unenforceable": Risk(
        _LEGAL, ("A contract cannot be enforced", "合同无法执行"), "", ""
    ),
}


def register(sources: Sequence[Source], dossier: Dossier, say: Tongue) -> Table:
    head = (
        say("risk", "风险"),
        say("kind", "类别"),
        say("likelihood", "可能性"),
        say("loss", "损失"),
        say("response", "应对"),
        say("owner", "责任岗位"),
        say("residual", "剩余风险"),
    )
    by_name = {source.scenario["name"]: source for source in sources}
    rows = [
        _row(key, risk, by_name.get(risk.scenario), dossier, say) for key, risk in RISKS.items()
    ]
    unmeasured = sum(risk.scenario not in by_name for risk in RISKS.values())
    caption = say(
        f"Risk register: {unmeasured} of {len(RISKS)} risks are unmeasured, for no scenario of "
        "this "
        "report shows them",
        f"风险登记册：{len(RISKS)} 项中有 {unmeasured} 项未测量，因本报告的场景均未涉及",
    )
    return Table(caption, head, rows, frozenset({2, 3}))


def _row(key: str, risk: Risk, source: Source | None, dossier: Dossier, say: Tongue) -> Row:
    owned = dossier.risks.get(key, {})
    return (
        Cell(say(*risk.title), note=key),
        say(*risk.kind),
        _measured(risk.likelihood, source, say),
        _measured(risk.loss, source, say) if risk.loss else Cell("–", "quiet"),
        *(given(owned.get(name, ""), say) for name in ("response", "owner", "residual")),
    )


def given(text: str, say: Tongue) -> Cell:
    """What the owner wrote, or that it is missing."""
    return Cell(text) if text else Cell(say("missing", "缺失"), "unsure")


def _measured(what: str, source: Source | None, say: Tongue) -> Cell:
    if source is None or not what:
        return Cell(say("unmeasured", "未测量"), "unsure")
    kind, _, name = what.rpartition(":")
    if kind == "invariant":
        return _broken(name, source, say)
    arm = source.arms[-1]
    found = source.metrics[arm].get(name)
    if found is None or found["mean"] is None:
        return Cell(say("unmeasured", "未测量"), "unsure", name)
    return Cell(with_interval(found, say), note=f"{name}, {say.arm(arm)}, n = {found['n']}")


def _broken(name: str, source: Source, say: Tongue) -> Cell:
    state = source.run["invariants"].get(name)
    if state is None:
        return Cell(say("unmeasured", "未测量"), "unsure", name)
    n = len(source.records)
    if state == HELD:
        return Cell(say(f"never in {n} replications", f"{n} 次重复中未发生"), note=name)
    return Cell(state, "bad", name)
