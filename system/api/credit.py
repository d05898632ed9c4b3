"""Routes of merchant credit."""

from typing import Any, Final

from system.api import credit_handlers as handlers
from system.api import credit_shapes as shapes
from system.api.access import SEE_ALL, Role
from system.api.bodies import Nothing
from system.api.route import Route, alone
from system.credit.commands import FreezeBatch, UnfreezeBatch

_SCOPE: Final = "credit"
_OWN: Final = "the platform that brought the merchant"


def _route(path: str, name: str, summary: str, **options: Any) -> Route:
    settings = {"roles": Role.PLATFORM, "object_rule": _OWN, **options}
    return Route("POST", f"/credit/merchants{path}", name, summary, _SCOPE, **settings)


ROUTES: Final = (
    _route(
        "",
        "enrolMerchant",
        "Admit one merchant of the calling platform",
        handler=handlers.enrol,
        answer=shapes.Enrolled,
        body=shapes.Enrol,
        status=201,
    ),
    _route(
        "/{account}/consents",
        "grantConsent",
        "The merchant consents to scoring and to training on its data",
        handler=handlers.consent,
        answer=shapes.Done,
        body=shapes.Consent,
    ),
    _route(
        "/{account}/consents/withdrawal",
        "withdrawConsent",
        "The merchant withdraws consent: use of its data ends at once",
        handler=handlers.withdraw,
        answer=shapes.Done,
        body=shapes.Withdrawal,
    ),
    _route(
        "/{account}/feed",
        "receiveFeed",
        "Days of the shop, as the platform knows them",
        handler=handlers.feed,
        answer=shapes.FeedTaken,
        body=shapes.Feed,
    ),
    _route(
        "/{account}/applications",
        "applyForLine",
        "Ask for a line; the decision comes at once, with its reasons",
        handler=alone(handlers.applications),
        joined=handlers.applications,
        answer=shapes.Decision,
        body=shapes.Apply,
    ),
    _route(
        "/{account}/draws",
        "drawOnLine",
        "Draw on the line",
        handler=alone(handlers.draws),
        joined=handlers.draws,
        answer=shapes.Drawn,
        body=shapes.Amount,
        signed=True,
    ),
    _route(
        "/{account}/repayments",
        "repayLine",
        "Repay at any time, any amount; what exceeds the debt is returned",
        handler=alone(handlers.repayments),
        joined=handlers.repayments,
        answer=shapes.Repayment,
        body=shapes.Amount,
        signed=True,
    ),
    _route(
        "/{account}/closing",
        "closeLine",
        "End a line that owes nothing",
        handler=alone(handlers.closings),
        joined=handlers.closings,
        answer=shapes.Done,
        body=Nothing,
    ),
    Route(
        "GET",
        "/credit/merchants/{account}/line",
        "showLine",
        "The line as of today",
        _SCOPE,
        Role.PLATFORM | SEE_ALL,
        handlers.show,
        shapes.Line,
        object_rule=_OWN + "; officers and supervisors see all",
    ),
    _route(
        "/{account}/freeze",
        "freezeLine",
        "Stop drawing",
        roles=Role.RISK_OFFICER,
        object_rule="any: risk officers answer for all",
        handler=handlers.officer(FreezeBatch, "freeze"),
        answer=shapes.Done,
        body=Nothing,
    ),
    _route(
        "/{account}/unfreezing",
        "unfreezeLine",
        "Lift an officer's freeze",
        roles=Role.RISK_OFFICER,
        object_rule="any: risk officers answer for all",
        handler=handlers.officer(UnfreezeBatch, "unfreeze"),
        answer=shapes.Done,
        body=Nothing,
    ),
    _route(
        "/{account}/charge-off",
        "chargeOffLine",
        "Give the claim up in the books",
        roles=Role.RISK_OFFICER,
        object_rule="any: risk officers answer for all",
        handler=handlers.charge_off,
        answer=shapes.Done,
        body=Nothing,
        four_eyes=True,
    ),
    Route(
        "GET",
        "/credit/portfolio",
        "showPortfolio",
        "Balances and non-performing loans as of the last close",
        _SCOPE,
        SEE_ALL,
        handlers.portfolio,
        shapes.PortfolioAnswer,
        object_rule="any: the whole book",
    ),
)
