"""Routes of credit models: which decides, and who let it."""

from typing import Final

from system.api.access import READERS, Role
from system.api.answers import Answer, Page, answered
from system.api.bodies import Body, Nothing, Text, example
from system.api.pages import QUERY, page
from system.api.route import Call, Route
from system.api.services import Services
from system.credit import registry

_SCOPE: Final = "credit"
_RULE: Final = "any: risk officers answer for all"


class RollBack(Body):
    """Why the champion before comes back."""

    model_config = example(reason="calibration has drifted")
    reason: Text


class ModelAnswer(Answer):
    model_config = answered(model_id="scorecard-fa3f27da737f47c3")
    model_id: str


class ModelFacts(Answer):
    """state: proposed, champion, retired, rejected, rolled_back."""

    model_config = answered(
        model_id="scorecard-fa3f27da737f47c3",
        state="champion",
        sha256="fa" * 32,
        maker="ann",
        checker="bob",
        decided_at_s=1_767_240_000,
    )
    model_id: str
    state: str
    sha256: str
    maker: str
    checker: str
    decided_at_s: int | None


class Models(Page):
    models: list[ModelFacts]


def _promote(desk: Services, call: Call) -> ModelAnswer:
    now_s, key = desk.clock.now_s(), call.key
    with desk.unit() as unit:
        made = registry.approve(unit, call.path["model_id"], call.checker, now_s, command_id=key)
    return ModelAnswer(model_id=made)


def _roll_back(desk: Services, call: Call) -> ModelAnswer:
    assert isinstance(call.body, RollBack)
    now_s, key = desk.clock.now_s(), call.key
    with desk.unit() as unit:
        made = registry.roll_back(unit, call.checker, call.body.reason, now_s, command_id=key)
    return ModelAnswer(model_id=made)


def _list(desk: Services, call: Call) -> Models:
    with desk.unit() as unit:
        rows, cursor = page(registry.models(unit), lambda row: row.model_id, call)
    facts = [ModelFacts(**{n: getattr(row, n) for n in ModelFacts.model_fields}) for row in rows]
    return Models(models=facts, next=cursor)


ROUTES: Final = (
    Route(
        "POST",
        "/credit/models/{model_id}/promotion",
        "promoteModel",
        "Let a proposed model decide; whoever proposed it cannot be the second person",
        _SCOPE,
        Role.RISK_OFFICER,
        _promote,
        ModelAnswer,
        body=Nothing,
        object_rule=_RULE,
        four_eyes=True,
    ),
    Route(
        "POST",
        "/credit/model-roll-backs",
        "rollBackModel",
        "Bring the champion before this one back, at once",
        _SCOPE,
        Role.RISK_OFFICER,
        _roll_back,
        ModelAnswer,
        body=RollBack,
        object_rule=_RULE,
        four_eyes=True,
    ),
    Route(
        "GET",
        "/credit/models",
        "listModels",
        "Every model that was proposed, and what became of it",
        _SCOPE,
        READERS | Role.BANK_OFFICER | Role.RISK_OFFICER,
        _list,
        Models,
        object_rule="any: officers and supervisors see all",
        query=QUERY,
    ),
)
