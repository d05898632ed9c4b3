"""What each request of merchant credit does: it concerns one merchant, a batch of one."""

import datetime
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from system.api import owners
from system.api.access import Role
from system.api.answers import not_found, refusal_problem
from system.api.credit_shapes import (
    Amount,
    Apply,
    Consent,
    Decision,
    Done,
    Drawn,
    Enrol,
    Enrolled,
    Feed,
    FeedTaken,
    Line,
    PortfolioAnswer,
    ReasonAnswer,
    Repayment,
    Withdrawal,
)
from system.api.problems import Problem
from system.api.rail import CREDIT, give_back, pay_out
from system.api.route import Call
from system.api.services import Services
from system.credit import outcome
from system.credit.commands import (
    ApplyBatch,
    ChargeOffBatch,
    CloseBatch,
    DrawBatch,
    EnrolMerchants,
    GrantConsent,
    RepayBatch,
    WithdrawConsent,
)
from system.credit.explanations import texts_of
from system.credit.feed_records import FEED_FIELDS, FeedBatch, FeedRefusal
from system.credit.outcome import Decisions, Outcomes, Repaid
from system.credit.reasons import reason_text
from system.credit.records import LineState
from system.credit.rules import Refusal
from system.kernels.business_day import business_day
from system.kernels.columns import I64, i64
from system.parties.consent import DataClass, Purpose

_REPAID: Final = tuple(name for name in Repayment.model_fields if name != "account")
_EPOCH_ORDINAL: Final = datetime.date(1970, 1, 1).toordinal()
_VIEW: Final = (
    "limit_fen",
    "available_fen",
    "principal_fen",
    "due_fen",
    "outstanding_fen",
    "rate_ppm",
    "dpd_days",
    "score",
    "pd_ppm",
)


def _account(desk: Services, call: Call, *, reading: bool = False) -> int:
    """The merchant of the path, if the caller may act for it. Raises Problem."""
    account = call.number("account")
    if not call.caller.roles & Role.RISK_OFFICER:
        with desk.unit() as unit:
            owners.check(unit, call.caller, "merchant", account, reading=reading)
    return account


def _day(date: datetime.date) -> int:
    """The business day of a date in China."""
    return date.toordinal() - _EPOCH_ORDINAL


def _one(value: int) -> I64:
    return i64([value])


def _problem(code: I64) -> Problem:
    """The problem of the one refusal, with its words in both languages where it has them."""
    refusal = Refusal(int(code[0]))
    return refusal_problem(refusal, **texts_of(refusal))


def _check(code: I64) -> None:
    if code[0]:
        raise _problem(code)


def enrol(desk: Services, call: Call) -> Enrolled:
    assert isinstance(call.body, Enrol)
    command = EnrolMerchants(call.key, 1, _one(call.body.region), _one(_day(call.body.since)))
    account = desk.credit.credit.enrol(command).start
    with desk.unit() as unit:
        owners.bind(unit, "merchant", account, call.caller.party_id)
    return Enrolled(account=account)


def consent(desk: Services, call: Call) -> Done:
    account = _account(desk, call)
    assert isinstance(call.body, Consent)
    classes = sum(DataClass[name.upper()] for name in set(call.body.classes))
    purpose = Purpose[call.body.purpose.upper()]
    command = GrantConsent(call.key, _one(account), purpose, classes, call.body.until_s)
    _check(desk.credit.credit.grant_consent(command).code)
    return Done(account=account)


def withdraw(desk: Services, call: Call) -> Done:
    account = _account(desk, call)
    assert isinstance(call.body, Withdrawal)
    purpose = Purpose[call.body.purpose.upper()]
    command = WithdrawConsent(call.key, _one(account), purpose)
    _check(desk.credit.credit.withdraw_consent(command).code)
    return Done(account=account)


def feed(desk: Services, call: Call) -> FeedTaken:
    account = _account(desk, call)
    assert isinstance(call.body, Feed)
    days = call.body.days
    columns = {name: i64(getattr(day, name) for day in days) for name in FEED_FIELDS}
    batch = FeedBatch(
        call.key,
        np.full(len(days), account, np.int64),
        i64(map(_day, (day.day for day in days))),
        i64(day.revision for day in days),
        columns,
    )
    codes = desk.credit.credit.receive_feed(batch).codes
    words = [FeedRefusal(int(code)).name.lower() for code in codes]
    return FeedTaken(taken=int((codes == 0).sum()), answers=words)


def _each(
    desk: Services,
    calls: list[Call],
    done: Callable[[list[tuple[Call, int]]], list[Any]],
    answer: Callable[[int, Any], Any],
) -> list[Any]:
    """An answer or a Problem for each call on a merchant, those that may be done together.

    done: the product's answers to calls with their accounts.  answer: made of one of them.
    """
    with desk.unit() as unit:
        accounts = [_number(call) for call in calls]
        callers = [call.caller for call in calls]
        answers: list[Any] = owners.check_each(unit, callers, "merchant", accounts)
    at = [n for n, problem in enumerate(answers) if problem is None]
    if at:
        made = done([(calls[n], accounts[n]) for n in at])
        for n, one in zip(at, made, strict=True):
            answers[n] = answer(accounts[n], one)
    return answers


def _number(call: Call) -> int:
    """The account of the path; one that is nobody's where it is no number."""
    try:
        return call.number("account")
    except Problem:
        return -1


def applications(desk: Services, calls: list[Call]) -> list[Any]:
    """Decisions on several merchants' applications."""

    def done(asked: list[tuple[Call, int]]) -> list[Decisions]:
        nobody = np.zeros(1, np.bool_)
        return desk.credit.credit.apply_each(
            [
                ApplyBatch(call.key, _one(account), _one(call.body.requested_fen), nobody)
                for call, account in asked
                if isinstance(call.body, Apply)
            ]
        )

    return _each(desk, calls, done, _decision)


def _decision(account: int, made: Decisions) -> Decision | Problem:
    refusal = Refusal(int(made.code[0]))
    if refusal and refusal < Refusal.DECLINED_HISTORY_SHORT:
        return _problem(made.code)
    return Decision(
        account=account,
        approved=bool(made.approved[0]),
        refusal=refusal.name.lower(),
        limit_fen=int(made.limit_fen[0]),
        rate_ppm=int(made.rate_ppm[0]),
        pd_ppm=int(made.pd_ppm[0]),
        score=int(made.score[0]),
        reasons=[_reason(int(code)) for code in made.reasons[0] if code],
    )


def _reason(code: int) -> ReasonAnswer:
    return ReasonAnswer(code=code, en=reason_text(code, "en"), zh=reason_text(code, "zh"))


def _amounts(kind: Callable[[str, I64, I64], Any], asked: list[tuple[Call, int]]) -> list[Any]:
    return [
        kind(call.key, _one(account), _one(call.body.amount_fen))
        for call, account in asked
        if isinstance(call.body, Amount)
    ]


def draws(desk: Services, calls: list[Call]) -> list[Any]:
    """Several draws, each on another line or in the order in which they came; the rail pays."""
    use = desk.credit.credit.draw_each
    answers = _each(desk, calls, lambda asked: use(_amounts(DrawBatch, asked)), _drawn)
    drawn = [(call, one) for call, one in zip(calls, answers, strict=True) if type(one) is Drawn]
    pay_out(desk, CREDIT, [(_owner(one), call.key, one.amount_fen) for call, one in drawn])
    return answers


def _owner(answer: Drawn | Repayment) -> str:
    """As payments know the merchant."""
    return f"merchant/{answer.account}"


def _drawn(account: int, done: Outcomes) -> Drawn | Problem:
    if done.code[0]:
        return _problem(done.code)
    return Drawn(account=account, amount_fen=int(done.amount_fen[0]))


def repayments(desk: Services, calls: list[Call]) -> list[Any]:
    """Several repayments, as ``draws``; what exceeds the debt goes back."""
    use = desk.credit.credit.repay_each
    answers = _each(desk, calls, lambda asked: use(_amounts(RepayBatch, asked)), _repaid)
    paid = [(call, one) for call, one in zip(calls, answers, strict=True) if type(one) is Repayment]
    give_back(desk, CREDIT, [(_owner(one), call.key, one.returned_fen) for call, one in paid])
    return answers


def _repaid(account: int, done: Repaid) -> Repayment | Problem:
    if done.code[0]:
        return _problem(done.code)
    parts = {name: int(getattr(done, name)[0]) for name in _REPAID}
    return Repayment(account=account, **parts)


def show(desk: Services, call: Call) -> Line:
    account = _account(desk, call, reading=True)
    if account >= desk.credit.credit.merchants:
        raise not_found()
    row = desk.credit.credit.view(("state", *_VIEW), _one(account))
    state = LineState(int(row["state"][0])).name.lower()
    return Line(account=account, state=state, **{name: int(row[name][0]) for name in _VIEW})


def officer(kind: Callable[..., Any], use: str) -> Callable[[Services, Call], Done]:
    """A command of one officer on one line."""

    def handle(desk: Services, call: Call) -> Done:
        account = _account(desk, call)
        command = kind(call.key, _one(account), call.caller.client_id)
        _check(getattr(desk.credit.credit, use)(command).code)
        return Done(account=account)

    return handle


def charge_off(desk: Services, call: Call) -> Done:
    account = _account(desk, call)
    command = ChargeOffBatch(call.key, _one(account), call.caller.client_id, call.checker)
    _check(desk.credit.credit.charge_off(command).code)
    return Done(account=account)


def closings(desk: Services, calls: list[Call]) -> list[Any]:
    """Several lines ended, as ``draws``."""

    def done(asked: list[tuple[Call, int]]) -> list[outcome.Done]:
        return desk.credit.credit.close_each(
            [CloseBatch(call.key, _one(account)) for call, account in asked]
        )

    return _each(desk, calls, done, _closed)


def _closed(account: int, done: outcome.Done) -> Done | Problem:
    if done.code[0]:
        return _problem(done.code)
    return Done(account=account)


def portfolio(desk: Services, call: Call) -> PortfolioAnswer:
    found = desk.credit.credit.portfolio(business_day(desk.clock.now_s()) - 1)
    return PortfolioAnswer(**{name: getattr(found, name) for name in PortfolioAnswer.model_fields})
