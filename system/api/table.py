"""All routes, and the one that lets a second person decide on another route's request."""

import json
from typing import Any, Final

from system.api import (
    approvals,
    auditing,
    care,
    client_changes,
    clients,
    compliance,
    credit,
    decisions,
    kept_answers,
    leasing,
    lists,
    models,
    operations,
    payments,
    receivables,
    vouchers,
    webhooks,
)
from system.api.access import Role
from system.api.answers import Answer, Asked, Taken, answered, not_found
from system.api.bodies import Body, example, read
from system.api.ownership import check_owner
from system.api.problems import Code, Problem
from system.api.route import Call, Route
from system.api.services import Services
from system.errors import EvmUnavailable, InputError


class Verdict(Body):
    """approve: true lets it happen under both names; false ends it."""

    model_config = example(approve=True)
    approve: bool


class Decided(Answer):
    """result: what the route that was asked for answered; null where it was declined."""

    model_config = answered(
        approval_id=Asked.example()["approval_id"], state="approved", result=Taken.example()
    )
    approval_id: str
    state: str
    result: dict[str, Any] | None


def _decide(desk: Services, call: Call) -> Decided:
    assert isinstance(call.body, Verdict)
    with desk.unit() as unit:
        asked = approvals.find(unit, call.path["approval_id"])
        target = _FOUR_EYES.get(asked.route)
        # As the books have it now: the request may have been under way for a while.
        checker = clients.find(unit, call.caller.client_id)
        if target is None or checker != call.caller or not target.allows(checker):
            raise not_found()
        row = approvals.decide(unit, checker, asked, call.body.approve, desk.clock.now_s())
        done = kept_answers.result_of(unit, row.approval_id)
    if call.body.approve and done is None:
        done = _carry_out(desk, target, row, call.media_type, is_new=asked.state == "asked")
    return Decided(approval_id=row.approval_id, state=row.state, result=done)


def _carry_out(
    desk: Services, target: Route, row: approvals.Approval, media_type: str, *, is_new: bool
) -> dict[str, Any]:
    """What was asked for, in the name of who asked. Raises Problem and others: it is over then.

    is_new: approved just now. Before, it would have been done, or been over.
    """
    try:
        if not is_new:
            raise Problem(Code.CONFLICT, "It was approved before and not done: ask anew.")
        result = _in_makers_name(desk, target, row, media_type)
    except (Problem, InputError, EvmUnavailable):
        with desk.unit() as unit:
            approvals.refuse(unit, row)
        raise
    with desk.unit() as unit:
        kept_answers.keep_result(unit, row.approval_id, result, desk.clock.now_s())
    return result


def _in_makers_name(
    desk: Services, target: Route, row: approvals.Approval, media_type: str
) -> dict[str, Any]:
    with desk.unit() as unit:
        maker = clients.find(unit, row.maker)
    if maker is None or not target.allows(maker):
        raise Problem(Code.CONFLICT, "Whoever asked for it may not ask any more.")
    raw = row.body.encode()
    body = read(target.body, raw) if target.body is not None else None
    path = json.loads(row.path)
    check_owner(target, maker, path, body)
    again = Call(maker, path, {}, body, raw, media_type, row.approval_id, row.checker)
    answer: dict[str, Any] = target.handler(desk, again).model_dump(mode="json")
    return answer


_PRODUCTS: Final = (
    *receivables.ROUTES,
    *credit.ROUTES,
    *leasing.ROUTES,
    *lists.ROUTES,
    *models.ROUTES,
    *payments.ROUTES,
    *vouchers.ROUTES,
    *webhooks.ROUTES,
    *operations.ROUTES,
    *client_changes.ROUTES,
    *auditing.ROUTES,
    *compliance.ROUTES,
    *care.ROUTES,
    *decisions.ROUTES,
)
_FOUR_EYES: Final = {route.name: route for route in _PRODUCTS if route.four_eyes}
ROUTES: Final = (
    *_PRODUCTS,
    Route(
        "POST",
        "/approvals/{approval_id}",
        "decideApproval",
        "Let happen what another officer asked for, or decline it",
        "operations",
        Role.BANK_OFFICER | Role.RISK_OFFICER | Role.ADMINISTRATOR,
        _decide,
        Decided,
        body=Verdict,
        object_rule="what the caller's own role may ask for, and another client asked for",
        # It releases payout accounts, among others: whoever asked moves nothing alone.
        signed=True,
    ),
)
assert len({route.name for route in ROUTES}) == len(ROUTES), "operation ids must differ"
