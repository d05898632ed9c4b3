"""Applications: a decision with its reasons, and an open line where it is yes."""

from dataclasses import fields

import numpy as np

from system.credit.appraisal import Appraisal, appraise
from system.credit.commands import ApplyBatch
from system.credit.decisions import keep
from system.credit.desk import Desk, out_of_bounds
from system.credit.events import Kind
from system.credit.kernels.limit import worth_granting
from system.credit.outcome import Decisions
from system.credit.policy import CreditPolicy
from system.credit.records import Basis, LineState
from system.credit.rules import Refusal
from system.credit.sandboxed import outside, stopped
from system.credit.service_lines import is_listed, is_live, open_lines
from system.kernels.columns import I64, Mask
from system.kernels.precedence import refusals
from system.parties.consent import DataClass, Purpose, valid_classes
from system.subledger.answers import refused_all
from system.subledger.desk import Page


def apply(desk: Desk, batch: ApplyBatch) -> Decisions:
    """Decide every application; merchants without consent are not looked at."""
    page = desk.page(batch.accounts, ("life", "frozen_for"))
    decisions = refused_all(Decisions, batch.accounts.size, 0)
    decisions.code[:] = _obstacles(desk, page, batch.requested_fen)
    at = np.flatnonzero(decisions.code == 0)
    if at.size:
        rows = batch.accounts[at]
        look = appraise(desk, rows, desk.today, Purpose.SCORING)
        answers = decided(look, batch.requested_fen[at], batch.explore[at], desk.policy)
        _keep_inside(desk, rows, answers)
        _remember(desk, rows, batch.requested_fen[at], answers, look)
        for field in fields(Decisions):
            getattr(decisions, field.name)[at] = getattr(answers, field.name)
        _open(desk, rows, decisions, at, page["life"][at])
    return decisions


def _obstacles(desk: Desk, page: Page, requested_fen: I64) -> I64:
    return refusals(
        *page.checks,
        (out_of_bounds(requested_fen), Refusal.AMOUNT_OUT_OF_BOUNDS),
        (page["life"] == LineState.CHARGED_OFF, Refusal.APPLICATION_LINE_CHARGED_OFF),
        (is_live(page["life"]), Refusal.APPLICATION_LINE_EXISTS),
        (_consent_missing(desk, page), Refusal.APPLICATION_CONSENT_MISSING),
        (stopped(desk, requested_fen.size), Refusal.APPLICATION_RISK_STOPPED),
        (is_listed(page["frozen_for"]), Refusal.APPLICATION_LISTED),
    )


def _consent_missing(desk: Desk, page: Page) -> Mask:
    """True where not even sales may be read."""
    missing = np.ones(page.accounts.size, np.bool_)
    known = page.usable
    rows = page.accounts[known]
    classes = valid_classes(desk.unit, Purpose.SCORING, rows, desk.now_s)
    missing[known] = (classes & DataClass.ORDERS) == 0
    return missing


def decided(look: Appraisal, requested_fen: I64, explore: Mask, policy: CreditPolicy) -> Decisions:
    """The policy's answer to each application that could be looked at, in the order of ``look``."""
    sound = look.data_refusal == 0
    explored = sound & (look.risk_refusal != 0) & explore
    by_risk = np.where(explored, look.explored_fen, look.limit_fen)
    limit_fen = worth_granting(np.minimum(by_risk, requested_fen), policy.limit)
    code = np.where(sound, np.where(explored, 0, look.risk_refusal), look.data_refusal)
    code = np.where((code == 0) & (limit_fen == 0), int(Refusal.DECLINED_LIMIT_TOO_SMALL), code)
    yes = code == 0
    return Decisions(
        code,
        yes,
        np.where(yes, limit_fen, 0),
        np.where(yes, look.rate_ppm, 0),
        look.scores.pd_ppm,
        look.scores.score,
        look.scores.reasons,
        yes & explored,
    )


def _keep_inside(desk: Desk, rows: I64, answers: Decisions) -> None:
    """Turn approvals that the sandbox does not admit into refusals, in order."""
    yes = np.flatnonzero(answers.approved)
    beyond = yes[outside(desk, rows[yes], answers.limit_fen[yes])]
    answers.code[beyond] = Refusal.DECLINED_OUTSIDE_SANDBOX
    for column in (answers.approved, answers.explored, answers.limit_fen, answers.rate_ppm):
        column[beyond] = 0


def _remember(
    desk: Desk, rows: I64, requested_fen: I64, answers: Decisions, look: Appraisal
) -> None:
    if desk.parts.keeps_inputs:
        unit = desk.unit.rows
        keep(unit, desk.today, look.model_id, rows, requested_fen, answers, look.features)


def _open(desk: Desk, rows: I64, decisions: Decisions, at: I64, life: I64) -> None:
    desk.tell(Kind.DECIDED, rows, decisions.code[at])
    yes = decisions.approved[at]
    terms = {
        name: getattr(decisions, name)[at][yes]
        for name in ("limit_fen", "rate_ppm", "pd_ppm", "score")
    }
    explored = decisions.explored[at][yes]
    basis = np.where(explored, int(Basis.EXPLORED), int(Basis.SCORE))
    open_lines(desk, rows[yes], life[yes] == LineState.OPEN, {**terms, "basis": basis})
