"""Routes of compliance: lists, suspicions, the regulator's sandbox."""

from typing import Any, Final

from system.api import compliance_handlers as handlers
from system.api import compliance_shapes as shapes
from system.api import documents
from system.api.access import READERS, Role
from system.api.pages import QUERY
from system.api.route import Route

_SCOPE: Final = "compliance"
_ALL: Final = "any: compliance concerns all; nobody under suspicion may read it"


def _post(path: str, name: str, summary: str, **options: Any) -> Route:
    settings = {"roles": Role.RISK_OFFICER, "object_rule": _ALL, **options}
    return Route("POST", f"/compliance{path}", name, summary, _SCOPE, **settings)


def _get(path: str, name: str, summary: str, **options: Any) -> Route:
    roles = Role.RISK_OFFICER | READERS
    return Route(
        "GET", f"/compliance{path}", name, summary, _SCOPE, roles, object_rule=_ALL, **options
    )


ROUTES: Final = (
    _post(
        "/watchlists",
        "loadWatchlist",
        "Replace a list of sanctions or exposed persons; everybody is screened again",
        handler=handlers.load_list,
        answer=shapes.ListTaken,
        forms=(documents.WATCHLIST,),
        four_eyes=True,
    ),
    _post(
        "/screenings",
        "screenName",
        "Whom on the lists a name is like",
        handler=handlers.screen_name,
        answer=shapes.Hits,
        body=shapes.Name,
        answers_secret=True,
    ),
    _post(
        "/cases",
        "reportSuspicion",
        "Put a suspicion into the queue",
        handler=handlers.report,
        answer=shapes.CaseAnswer,
        body=shapes.Suspicion,
        roles=Role.RISK_OFFICER | Role.BANK_OFFICER,
        status=201,
    ),
    _get(
        "/cases",
        "listCases",
        "Suspicions in one state, the oldest first",
        handler=handlers.list_cases,
        answer=shapes.CasePage,
        query={"state": "raised (the default), reviewed, filed or dismissed"} | QUERY,
    ),
    _get(
        "/cases/{case_id}",
        "showCase",
        "A suspicion with its evidence and what people made of it",
        handler=handlers.show_case,
        answer=shapes.CaseAnswer,
    ),
    _post(
        "/cases/{case_id}/review",
        "reviewCase",
        "What the first reader found",
        handler=handlers.review,
        answer=shapes.CaseAnswer,
        body=shapes.Finding,
        signed=True,
        answers_secret=True,
    ),
    _post(
        "/cases/{case_id}/decision",
        "decideCase",
        "Another officer files the report with the authority, or dismisses it",
        handler=handlers.rule,
        answer=shapes.CaseAnswer,
        body=shapes.Ruling,
        signed=True,
        answers_secret=True,
    ),
    _get(
        "/sandbox",
        "showSandbox",
        "What the regulator admits, and whether new risk is stopped",
        handler=handlers.show_sandbox,
        answer=shapes.SandboxAnswer,
    ),
    _post(
        "/sandbox/terms",
        "setSandboxTerms",
        "What the regulator admits for one product, from now on",
        handler=handlers.set_terms,
        answer=shapes.SandboxAnswer,
        body=shapes.SandboxTerms,
        four_eyes=True,
    ),
    _post(
        "/sandbox/stop",
        "stopNewRisk",
        "Stop new risk of every product at once; repayment goes on",
        handler=handlers.stop,
        answer=shapes.SandboxAnswer,
        body=shapes.Reason,
    ),
    _post(
        "/sandbox/resumption",
        "resumeNewRisk",
        "Allow new risk again",
        handler=handlers.resume,
        answer=shapes.SandboxAnswer,
        body=shapes.Reason,
        four_eyes=True,
    ),
)
