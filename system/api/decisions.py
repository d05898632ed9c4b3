"""One endpoint for every automated decision: what was decided, on what, and why."""

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, Final

from system.api import decision_words, explained, owners
from system.api.access import SEE_ALL, Role
from system.api.answers import Answer, answered, not_found
from system.api.route import Call, Route
from system.api.services import Services
from system.chain.records import ALERTS
from system.credit import decisions as credit
from system.credit import registry
from system.credit.model_files import open_scorecard
from system.credit.policy import DEFAULT_POLICY
from system.credit.records import Freeze, LineState
from system.errors import InputError, MissingRow
from system.kernels.columns import i64
from system.leasing.records import ALERTS as MACHINE_ALERTS
from system.leasing.records import AlertKind, AlertState
from system.ports.store import Unit


class DecisionAnswer(Answer):
    """facts: what the machine saw and the bounds that it held that against."""

    model_config = answered(
        kind="financing-request",
        reference="172b54b11b05f0093e2b7064fb4826ab",
        at_s=1_767_240_060,
        outcome="quoted",
        en=decision_words.financing_text("none")[0],
        zh=decision_words.financing_text("none")[1],
        facts={"amount_fen": 5_000_000, "alerts_open": 0, "refusal": "none"},
    )
    kind: str
    reference: str
    at_s: int
    outcome: str
    en: str
    zh: str
    facts: dict[str, Any]
    review_en: str = decision_words.REVIEW[0]
    review_zh: str = decision_words.REVIEW[1]


def _explain(desk: Services, call: Call) -> DecisionAnswer:
    kind = call.path["kind"]
    if kind == _LINE:
        return _credit_line(desk, call)
    if kind not in KINDS:
        raise InputError("kind", kind, f"write one of {', '.join((_LINE, *KINDS))}")
    with desk.unit() as unit:
        return KINDS[kind](unit, call)


def _credit_line(desk: Services, call: Call) -> DecisionAnswer:
    """What reviews and arrears have made of a line, with the bounds that they hold it against."""
    account = call.number("reference")
    with desk.unit() as unit:
        if not call.caller.sees_all():
            owners.check(unit, call.caller, "merchant", account, reading=True)
    if account >= desk.credit.credit.merchants:
        raise not_found()
    row = desk.credit.credit.view(_LINE_FACTS, i64([account]))
    facts: dict[str, Any] = {name: int(column[0]) for name, column in row.items()}
    state = LineState(facts["state"])
    if state is LineState.NONE:
        raise not_found()
    frozen_for = facts.pop("frozen_for")
    bounds = {"freeze_dpd_days": DEFAULT_POLICY.freeze_dpd_days, **asdict(DEFAULT_POLICY.limit)}
    facts |= {
        "state": state.name.lower(),
        "frozen_for": [cause.name for cause in Freeze if cause & frozen_for],
        "bounds": bounds,
    }
    outcome = "frozen" if frozen_for else facts["state"]
    texts = decision_words.freeze_text(frozen_for)
    return _answer(call, desk.clock.now_s(), outcome, texts, facts)


def _credit(unit: Unit, call: Call) -> DecisionAnswer:
    account = call.number("reference")
    if not call.caller.sees_all():
        owners.check(unit, call.caller, "merchant", account, reading=True)
    try:
        row = credit.last_decision(unit, account)
    except MissingRow:
        raise not_found() from None
    facts = {**asdict(row), "inputs": json.loads(row.inputs)}
    if row.model_id:
        model = open_scorecard(registry.model_file(unit, row.model_id))
        why = credit.explained(row, model, DEFAULT_POLICY, "en")
        facts |= {
            "target": why.target_text,
            "features": [asdict(line) for line in why.features],
            "thresholds": [asdict(bound) for bound in why.thresholds],
            "reasons_en": list(why.reason_texts),
            "reasons_zh": list(credit.explained(row, model, DEFAULT_POLICY, "zh").reason_texts),
        }
    outcome = "approved" if row.code == 0 else "declined"
    texts = credit.outcome_text(row, "en"), credit.outcome_text(row, "zh")
    return _answer(call, row.day * 86_400, outcome, texts, facts)


def _financing(unit: Unit, call: Call) -> DecisionAnswer:
    found = explained.find(unit, "financing-request", call.path["reference"])
    if found is None:
        raise not_found()
    row, facts = found
    if not (call.caller.sees_all() or call.caller.is_one_of(row.party_id)):
        raise not_found()
    texts = decision_words.financing_text(facts["refusal"])
    outcome = "quoted" if facts["refusal"] == "none" else "declined"
    return _answer(call, row.at_s, outcome, texts, facts)


def _receivable_alert(unit: Unit, call: Call) -> DecisionAnswer:
    [alert] = unit.get(ALERTS, [(call.path["reference"],)])
    # Whoever cheats must not learn by what it was found out.
    if alert is None or not call.caller.sees_all():
        raise not_found()
    facts = {**asdict(alert), "evidence": _read(alert.evidence)}
    outcome = "released" if alert.released_at_s else "stands"
    return _answer(call, alert.raised_at_s, outcome, decision_words.alert_text(alert.rule), facts)


def _machine_alert(unit: Unit, call: Call) -> DecisionAnswer:
    [alert] = unit.get(MACHINE_ALERTS, [(call.path["reference"].replace("-", "/"),)])
    if alert is None:
        raise not_found()
    if not call.caller.sees_all():
        owners.check(unit, call.caller, "machine", alert.machine, reading=True)
    kind = AlertKind(alert.kind)
    facts = {**asdict(alert), "kind": kind.name.lower(), "evidence": _read(alert.evidence)}
    state = AlertState(alert.state).name.lower()
    return _answer(call, alert.raised_at_s, state, _MACHINE[kind], facts)


def _read(evidence: str) -> Any:
    return json.loads(evidence) if evidence else None


def _answer(
    call: Call, at_s: int, outcome: str, texts: tuple[str, str], facts: dict[str, Any]
) -> DecisionAnswer:
    en, zh = texts
    kind, reference = call.path["kind"], call.path["reference"]
    return DecisionAnswer(
        kind=kind, reference=reference, at_s=at_s, outcome=outcome, en=en, zh=zh, facts=facts
    )


_LINE: Final = "credit-line"
_LINE_FACTS: Final = (
    "state",
    "frozen_for",
    "limit_fen",
    "limit_up_day",
    "outstanding_fen",
    "dpd_days",
    "score",
    "pd_ppm",
)
_MACHINE: Final[dict[AlertKind, tuple[str, str]]] = {
    AlertKind.IDLE: ("Not at work for longer than open hours explain", "停工时间超出合理范围"),
    AlertKind.OFFLINE: ("Nothing was heard from the machine", "设备离线"),
    AlertKind.GEOFENCE: ("Outside its site", "超出作业范围"),
    AlertKind.FUEL_BURN: ("Burns more than its load explains", "油耗超出负荷所能解释"),
    AlertKind.FUEL_THEFT: ("Fuel left the tank and not through the engine", "油料非正常减少"),
    AlertKind.TAMPER: ("The terminal was opened, removed or cut from power", "终端被拆动或断电"),
    AlertKind.ROLLBACK: ("The hour meter went back", "工时表倒退"),
    AlertKind.SPOOF: ("Positions that no machine can have", "位置数据不可能"),
    AlertKind.OVERUSE: ("More hours than the contract gives", "超出合同工时"),
    AlertKind.MAINTENANCE: ("Service is due", "到期保养"),
    AlertKind.FUEL_LEAK: ("The tank empties while the machine stands", "停机时油箱渗漏"),
}
KINDS: Final[dict[str, Callable[[Unit, Call], DecisionAnswer]]] = {
    "credit-application": _credit,
    "financing-request": _financing,
    "receivable-alert": _receivable_alert,
    "machine-alert": _machine_alert,
}
ROUTES: Final = (
    Route(
        "GET",
        "/decisions/{kind}/{reference}",
        "explainDecision",
        "Why a machine decided as it did: credit-application and credit-line (the "
        "merchant's number), financing-request, receivable-alert, machine-alert (its id with - "
        "for /)",
        "compliance",
        Role.SUPPLIER | Role.PLATFORM | Role.LESSOR | SEE_ALL,
        _explain,
        DecisionAnswer,
        object_rule="whom the decision is about; officers and supervisors see all",
    ),
)
