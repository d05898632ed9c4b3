"""What is asked and answered about compliance."""

from typing import Annotated, Any, Final, Literal

from pydantic import StringConstraints, TypeAdapter

from system.api.answers import Answer, Page, answered
from system.api.bodies import Body, Int, Text, example
from system.compliance.watchlist import KINDS

Filled = Annotated[str, StringConstraints(min_length=1)]


class Name(Body):
    model_config = example(name="Zhao Tieshan")
    name: Text


class ListedEntry(Body):
    """Somebody on a list, under every name by which they go."""

    entry_id: Filled
    kind: Filled
    names: list[str]


class Watchlist(Body):
    """A list as its publisher has it today."""

    model_config = example(
        list_name="sanctions",
        version="2026-01-01",
        entries=[{"entry_id": "S-7", "kind": KINDS[0], "names": ["黑石港航运股份有限公司"]}],
    )
    list_name: str
    version: str
    entries: list[ListedEntry]


class SampleList(Body):
    """The list of invented names that comes with the gateway."""

    list_name: Literal["sample"]


ANY_LIST: Final = TypeAdapter[Watchlist | SampleList](Watchlist | SampleList)


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
    model_config = answered(
        list_name="sample",
        entry_id="S-7",
        kind="sanction",
        listed="黑石港航运股份有限公司",
        likeness=100,
    )
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

    model_config = answered(list_name="sample", names=14, kept_out=["supplier-1"])
    list_name: str
    names: int
    kept_out: list[str]


class CaseAnswer(Answer):
    model_config = answered(
        case_id="a63434b0cb3108d29dda36739b345ac9",
        kind="sanction",
        subject="supplier-1",
        evidence={
            "entry": "S-7",
            "likeness": 100,
            "list": "sample",
            "listed": "黑石港航运股份有限公司",
            "name": "黑石港航运公司",
        },
        raised_at_s=1_767_240_040,
        raised_by="screening",
        state="dismissed",
        reviewer="risk-a",
        finding="a namesake",
        reviewed_at_s=1_767_243_640,
        decider="risk-b",
        reason="founded elsewhere",
        decided_at_s=1_767_247_240,
    )
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


class CasePage(Page):
    cases: list[CaseAnswer]


class TermsAnswer(Answer):
    model_config = answered(
        product="credit",
        is_open=True,
        clients_max=200,
        client_fen_max=30_000_000,
        total_fen_max=2_000_000_000,
        term_days_max=180,
    )
    product: str
    is_open: bool
    clients_max: int
    client_fen_max: int
    total_fen_max: int
    term_days_max: int


class SandboxAnswer(Answer):
    """stopped: no product takes on new risk.  terms: of the products that are in the sandbox."""

    model_config = answered(stopped=False, stopped_by="", reason="")
    stopped: bool
    stopped_by: str
    reason: str
    terms: list[TermsAnswer]
