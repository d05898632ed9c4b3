"""The risk register: each risk with what the runs measured of it, or the word that nothing did."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from sim.reports.figures import claim_unit
from sim.reports.story.amounts import amount, span, with_interval
from sim.reports.story.blocks import Cell, Row, Table
from sim.reports.story.dossier import RESPONSES, Dossier
from sim.reports.story.source import Source
from sim.reports.story.tongue import Tongue
from sim.run import HELD
from sim.run_folder import Json


class Risk(NamedTuple):
    """likelihood, loss: a metric; ``missed:METRIC`` for what a share leaves out;
    ``invariant:NAME``; ``claim:ID`` for what a claim of the scenario measured; empty for none.

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
        "fraud_loss_rate.double_same",
    ),
    "double_financing_elsewhere": Risk(
        _FRAUD,
        ("It is financed again at a bank off the chain, unseen", "在链外他行重复融资而未被发现"),
        "receivables",
        "missed:fraud_alert_recall.double_other",
        "fraud_loss_rate.double_other",
    ),
    "invented_invoice": Risk(
        _FRAUD,
        ("A fabricated invoice is not seen through", "虚构发票未被识破"),
        "receivables",
        "missed:fraud_alert_recall.fabricated",
        "fraud_loss_rate.fabricated",
    ),
    "slow_cash": Risk(
        _OPERATIONS,
        ("One request in a hundred waits so long for cash", "百分之一的申请到账需等这么久"),
        "receivables",
        "time_to_cash_s_p99",
    ),
    "ledger_and_chain_part": Risk(
        _TECHNOLOGY,
        ("Ledger and chain disagree", "账本与链不一致"),
        "receivables",
        "invariant:ledger_equals_chain",
    ),
    "chain_reorganisation": Risk(
        _TECHNOLOGY,
        ("The chain drops blocks, and money is paid twice", "链重组，款项重复支付"),
        "chain-reorg",
        "invariant:nothing_paid_twice",
        "claim:cash_hardly_later",
    ),
    "rail_outage": Risk(
        _TECHNOLOGY,
        ("The payment rail is away, and money is paid twice", "支付通道中断，款项重复支付"),
        "rail-outage",
        "invariant:nothing_paid_twice",
        "claim:mean_within_half_a_day",
    ),
    "broker_outage": Risk(
        _TECHNOLOGY,
        ("The broker of readings is away, and causes are missed", "消息代理中断，事件漏报"),
        "broker-outage",
        "missed:alert_recall",
        "claim:rent_kept",
    ),
    "feed_outage": Risk(
        _OPERATIONS,
        ("The platform's feed fails, and good merchants are refused", "平台数据中断，误拒商户"),
        "feed-outage",
        "claim:approvals_alike",
        "claim:defaults_alike",
    ),
    "festival_peak": Risk(
        _OPERATIONS,
        ("A rush before a festival delays goods", "节前高峰延误交付"),
        "festival-peak",
        "time_to_cash_s_p99",
        "claim:goods_still_arrive",
    ),
    "merchant_default": Risk(
        _MARKET, ("Merchants default", "商户违约"), "credit", "default_rate", "loss_rate"
    ),
    "recession": Risk(
        _MARKET, ("A recession", "经济衰退"), "credit-recession", "npl_peak", "loss_rate"
    ),
    "recession_in_all_products": Risk(
        _MARKET,
        ("A recession in all products at once", "三项产品同遇衰退"),
        "recession",
        "line_default_rate",
        "claim:loss_rises",
    ),
    "contagion": Risk(
        _MARKET,
        ("A core enterprise fails and takes suppliers along", "核心企业倒闭并牵连供应商"),
        "joint-contagion",
        "line_default_rate.linked",
        "product_loss_fen",
    ),
    "fraud_wave": Risk(
        _FRAUD,
        ("Swindlers multiply in all products, unseen", "欺诈潮中的漏网者"),
        "fraud-wave",
        "missed:fraud_alert_recall",
        "claim:loss_rises",
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
        ("Tampering with a terminal is not seen", "拆动终端未被发现"),
        "leasing",
        "missed:alert_recall.tamper",
    ),
    "personal_data_leak": Risk(
        _PRIVACY, ("Personal data leak from the bank", "个人信息自银行泄露"), "", ""
    ),
    "stolen_key": Risk(_TECHNOLOGY, ("An officer's key is stolen", "人员密钥被盗"), "", ""),
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
        "this report shows them. A scenario plays its fault for certain: measured is how often "
        "harm came of it",
        f"风险登记册：{len(RISKS)} 项中有 {unmeasured} 项未测量，因本报告的场景均未涉及。"
        "场景必然触发其故障：所测为故障造成损害的频度",
    )
    return Table(caption, head, rows, frozenset({2, 3}))


def _row(key: str, risk: Risk, source: Source | None, dossier: Dossier, say: Tongue) -> Row:
    owned = dossier.risks.get(key, {})
    return (
        Cell(say(*risk.title), note=key),
        say(*risk.kind),
        _measured(risk.likelihood, source, say),
        _measured(risk.loss, source, say),
        given(say(*RESPONSES.get(owned.get("response", ""), ("", ""))), say),
        *(given(owned.get(name, ""), say) for name in ("owner", "residual")),
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
    if kind == "claim":
        return _claimed(name, source, say)
    arm = source.arms[-1]
    found = source.metrics[arm].get(name)
    if found is None or found["mean"] is None:
        return Cell(say("unmeasured", "未测量"), "unsure", name)
    if kind == "missed":
        found, name = _rest(found), f"1 − {name}"
    return Cell(with_interval(found, say), note=f"{name}, {say.arm(arm)}, n = {found['n']}")


def _rest(found: Json) -> Json:
    """What a share leaves out, with the interval turned round."""
    low, high = found["ci_low"], found["ci_high"]
    ends = {
        "ci_low": None if high is None else 1 - high,
        "ci_high": None if low is None else 1 - low,
    }
    return found | {"mean": 1 - found["mean"]} | ends


def _claimed(name: str, source: Source, say: Tongue) -> Cell:
    """The estimate of a claim of the scenario, with its interval and its words."""
    found = next((claim for claim in source.claims if claim["id"] == name), None)
    if found is None or found["estimate"] is None:
        return Cell(say("unmeasured", "未测量"), "unsure", name)
    unit = claim_unit(found["compare"], source.units.get(found["metric"], ""))
    interval = span(found["ci_low"], found["ci_high"], unit, say)
    arms = say.arm(found["arm"]) + (f" / {say.arm(found['baseline'])}" if found["baseline"] else "")
    note = f"{found['metric']}, {say.word(_COMPARED[found['compare']])}: {arms}, n = {found['n']}"
    return Cell(f"{amount(found['estimate'], unit, say)} ({interval})", note=note)


# How a claim compares -> its word.
_COMPARED: Final = {"level": "level", "difference": "difference_of", "ratio": "ratio"}


def _broken(name: str, source: Source, say: Tongue) -> Cell:
    state = source.run["invariants"].get(name)
    if state is None:
        return Cell(say("unmeasured", "未测量"), "unsure", name)
    n = len(source.records)
    if state == HELD:
        return Cell(say(f"never in {n} replications", f"{n} 次重复中未发生"), note=name)
    return Cell(state, "bad", name)
