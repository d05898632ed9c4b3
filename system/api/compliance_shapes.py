"""What is asked and answered about compliance."""

from typing import Any, Literal

from system.api.answers import Answer
from system.api.bodies import Body, Int, Text, example


class Name(Body):
    model_config = example(name="Zhao Tieshan")
    name: Text


class Suspicion(Body):
    """A person's own suspicion. subject: a party, merchant/N or lessee/N."""

    model_config = example(subject="supplier-1", words="invoices without goods")
    subject: Text
    words: Text


class Finding(Body):
    """What the first reader found."""

    model_config = example(finding="same name, born elsewhere; documents seen")
    finding: Text


class Ruling(Body):
    """file: report to the authority; else dismiss. reason: in either case."""

    model_config = example(file=False, reason="another person of the same name")
    file: bool
    reason: Text


class SandboxTerms(Body):
    """What the regulator admits for one product."""

    model_config = example(
        product="credit",
        is_open=True,
        clients_max=200,
        client_fen_max=30_000_000,
        total_fen_max=2_000_000_000,
        term_days_max=180,
    )
    product: Literal["receivables", "credit", "leasing"]
    is_open: bool
    clients_max: Int
    client_fen_max: Int
    total_fen_max: Int
    term_days_max: Int


class Reason(Body):
    model_config = example(reason="losses above the pilot's bound")
    reason: Text


class HitAnswer(Answer):
    list_name: str
    entry_id: str
    kind: str
    listed: str
    likeness: int


class Hits(Answer):
    hits: list[HitAnswer]


class ListTaken(Answer):
    """names: of the new version.  kept_out: parties whose verification it suspended, merchants and
    lessees who get nothing new."""

    list_name: str
    names: int
    kept_out: list[str]


class CaseAnswer(Answer):
    case_id: str
    kind: str
    subject: str
    evidence: dict[str, Any]
    raised_at_s: int
    raised_by: str
    state: str
    reviewer: str
    finding: str
    reviewed_at_s: int | None
    decider: str
    reason: str
    decided_at_s: int | None


class CasePage(Answer):
    cases: list[CaseAnswer]


class TermsAnswer(Answer):
    product: str
    is_open: bool
    clients_max: int
    client_fen_max: int
    total_fen_max: int
    term_days_max: int


class SandboxAnswer(Answer):
    """stopped: no product takes on new risk.  terms: of the products that are in the sandbox."""

    stopped: bool
    stopped_by: str
    reason: str
    terms: list[TermsAnswer]
