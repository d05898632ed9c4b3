"""What each request about compliance does."""

from dataclasses import asdict
from typing import Any, Final

from pydantic import ValidationError

from system.api import screening
from system.api.answers import not_found
from system.api.compliance_shapes import (
    ANY_LIST,
    CaseAnswer,
    CasePage,
    Finding,
    HitAnswer,
    Hits,
    ListTaken,
    Name,
    Reason,
    Ruling,
    SampleList,
    SandboxAnswer,
    SandboxTerms,
    Suspicion,
    TermsAnswer,
)
from system.api.pages import page
from system.api.problems import Code, Problem
from system.api.route import Call
from system.api.services import Services
from system.canonical import canonical_json
from system.chain.commands import ChangeKyc
from system.compliance import cases, sandbox, watchlist
from system.compliance.cases import CASES, Case, CaseRefusal
from system.errors import InputError
from system.parties.records import PARTIES, KycStep
from system.parties.rules import STEPS
from system.ports.store import Unit

_STATES: Final = ("raised", "reviewed", "filed", "dismissed")


def load_list(desk: Services, call: Call) -> ListTaken:
    """Replace a list, then look at everybody again."""
    document = _list_of(call.raw)
    now_s = desk.clock.now_s()
    with desk.unit() as unit:
        names = watchlist.load(
            unit, document["list_name"], document["version"], document["entries"]
        )
        parties = unit.scan(PARTIES)
        kept_out = watchlist.screen(unit, [(p.party_id, p.name) for p in parties], now_s)
    suspended = [
        party.party_id
        for party in parties
        if party.party_id in kept_out and (party.kyc_state, KycStep.SUSPEND) in STEPS
    ]
    commands = [ChangeKyc(f"{call.key}/{one}", one, KycStep.SUSPEND) for one in suspended]
    desk.receivables.receivables.change_kyc(commands)
    listed = screening.screen_everybody(desk, call.key)
    return ListTaken(list_name=document["list_name"], names=names, kept_out=[*suspended, *listed])


def _list_of(raw: bytes) -> dict[str, Any]:
    """The list in a body; the packaged sample where it asks for that. Raises Problem."""
    try:
        # Strict: a text that no file can hold (half of a surrogate pair) is no JSON to it.
        given = ANY_LIST.validate_json(raw)
    except ValidationError:
        raise Problem(
            Code.INVALID, "Give list_name, version, and entries of entry_id, kind and names."
        ) from None
    return watchlist.sample() if isinstance(given, SampleList) else given.model_dump()


def screen_name(desk: Services, call: Call) -> Hits:
    assert isinstance(call.body, Name)
    with desk.unit() as unit:
        found = watchlist.hits(unit, [("", call.body.name)])
    return Hits(
        hits=[HitAnswer(**{n: getattr(hit, n) for n in HitAnswer.model_fields}) for hit in found]
    )


def report(desk: Services, call: Call) -> CaseAnswer:
    assert isinstance(call.body, Suspicion)
    evidence = canonical_json({"words": call.body.words, "request": call.key})
    subject, by = call.body.subject, call.caller.client_id
    case_id = cases.case_id_of("report", subject, evidence)
    case = Case(case_id, "report", subject, evidence, desk.clock.now_s(), by)
    with desk.unit() as unit:
        cases.raise_case(unit, case)
        return _case(desk, unit, case_id)


def list_cases(desk: Services, call: Call) -> CasePage:
    state = call.query.get("state", "raised")
    if state not in _STATES:
        raise InputError("state", state, f"write one of {', '.join(_STATES)}")
    with desk.unit() as unit:
        found = unit.find(CASES, {"state": state})
        rows, cursor = page(found, lambda case: f"{case.raised_at_s:012}/{case.case_id}", call)
        return CasePage(cases=[_shown(desk, unit, case) for case in rows], next=cursor)


def show_case(desk: Services, call: Call) -> CaseAnswer:
    with desk.unit() as unit:
        return _case(desk, unit, call.path["case_id"])


def review(desk: Services, call: Call) -> CaseAnswer:
    assert isinstance(call.body, Finding)
    case_id, by = call.path["case_id"], call.caller.client_id
    with desk.unit() as unit:
        if not call.repeats:
            _check(cases.review(unit, case_id, by, call.body.finding, desk.clock.now_s()))
        return _case(desk, unit, case_id)


def rule(desk: Services, call: Call) -> CaseAnswer:
    assert isinstance(call.body, Ruling)
    case_id, by, body = call.path["case_id"], call.caller.client_id, call.body
    with desk.unit() as unit:
        if call.repeats:
            return _case(desk, unit, case_id)
        now_s = desk.clock.now_s()
        _check(cases.decide(unit, case_id, by, body.reason, now_s, filed=body.file))
        decided = _case(desk, unit, case_id)
    screening.settle(desk, call.key, decided.subject)
    return decided


def _check(refusal: CaseRefusal | None) -> None:
    if refusal is CaseRefusal.CASE_UNKNOWN:
        raise not_found()
    if refusal is not None:
        words = refusal.replace("_", " ")
        raise Problem(Code.CONFLICT, words, {"refusal": str(refusal)})


def _case(desk: Services, unit: Unit, case_id: str) -> CaseAnswer:
    [case] = unit.get(CASES, [(case_id,)])
    if case is None:
        raise not_found()
    return _shown(desk, unit, case)


def _shown(desk: Services, unit: Unit, case: Case) -> CaseAnswer:
    evidence = screening.evidence_of(desk, unit, case)
    return CaseAnswer(**{**asdict(case), "evidence": evidence})


def set_terms(desk: Services, call: Call) -> SandboxAnswer:
    assert isinstance(call.body, SandboxTerms)
    terms = sandbox.Terms(**call.body.model_dump())
    with desk.unit() as unit:
        sandbox.set_terms(unit, terms, f"{call.caller.client_id}, {call.checker}", _now(desk))
    return show_sandbox(desk, call)


def stop(desk: Services, call: Call) -> SandboxAnswer:
    return _throw(desk, call, call.caller.client_id, stopped=True)


def resume(desk: Services, call: Call) -> SandboxAnswer:
    return _throw(desk, call, f"{call.caller.client_id}, {call.checker}", stopped=False)


def _throw(desk: Services, call: Call, by: str, *, stopped: bool) -> SandboxAnswer:
    assert isinstance(call.body, Reason)
    with desk.unit() as unit:
        sandbox.throw_switch(unit, by, call.body.reason, _now(desk), stopped=stopped)
    return show_sandbox(desk, call)


def show_sandbox(desk: Services, call: Call) -> SandboxAnswer:
    with desk.unit() as unit:
        thrown, found = sandbox.switch(unit), unit.scan(sandbox.TERMS)
    return SandboxAnswer(
        stopped=thrown is not None and thrown.stopped,
        stopped_by=thrown.by if thrown is not None else "",
        reason=thrown.reason if thrown is not None else "",
        terms=[TermsAnswer(**asdict(terms)) for terms in found],
    )


def _now(desk: Services) -> int:
    return desk.clock.now_s()
