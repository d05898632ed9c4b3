"""The same request under the same key is done once and answered alike, whatever the route."""

from dataclasses import replace
from itertools import count
from typing import Any

import pytest

from system.api import kept_answers
from system.api.answers import Answer
from system.api.bodies import Body
from system.api.endpoint import perform
from system.api.problems import Code, Problem
from system.api.route import Call, Route
from system.api.table import ROUTES
from system.payments.records import PAYOUT_ACCOUNTS
from tests.system.api.town import FAR_S, Town

KEPT = [route for route in ROUTES if route.is_command and route.joined is None]


PARTY = {"party_id": "new", "name": "New Ltd", "roles": 2, "kyc_expires_at_s": FAR_S}


class Asked(Body):
    n: int


class Counted(Answer):
    number: int


def call_of(town: Town, number: int, key: str) -> Call:
    services = town.process.gateway.services
    caller = services.clients.find(services.store, "teller", town.clock.time_s)
    assert caller is not None
    return Call(caller, {}, {}, Asked(n=number), b"%d" % number, "application/json", key)


@pytest.mark.parametrize("route", KEPT, ids=lambda route: route.name)
def test_every_command_is_done_once_under_its_key(quiet_town: Town, route: Route) -> None:
    """A handler that counts stands in for the route's own."""
    done = count(1)
    counted = replace(
        route, handler=lambda desk, call: Counted(number=0 if call.repeats else next(done))
    )
    services = quiet_town.process.gateway.services
    key = f"teller/{route.name}"

    def ask(number: int) -> Any:
        return perform(services, counted, call_of(quiet_town, number, key))

    first, again, other = ask(1), ask(1), ask(2)
    assert isinstance(other, Problem)
    assert other.code is Code.IDEMPOTENCY_KEY_REUSED
    if route.answers_secret:
        assert (first, again) == ({"number": 1}, {"number": 0})
    else:
        assert again == first
    assert next(done) == (1 if route.four_eyes else 2)


def test_what_was_refused_is_tried_again(quiet_town: Town) -> None:
    refusals = [Problem(Code.CONFLICT, "not yet"), None]

    def handler(desk: Any, call: Call) -> Counted:
        if refusal := refusals.pop(0):
            raise refusal
        return Counted(number=7)

    [route] = [route for route in KEPT if route.name == "enrolFleet"]
    services = quiet_town.process.gateway.services
    asked = call_of(quiet_town, 1, "teller/refused")
    first = perform(services, replace(route, handler=handler), asked)
    assert isinstance(first, Problem)
    assert perform(services, replace(route, handler=handler), asked) == {"number": 7}


def test_what_another_process_did_at_the_same_time_is_undone_here_and_asked_for_again(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two processes on one database find nothing under a key, and both begin."""
    with monkeypatch.context() as patched:
        patched.setattr(kept_answers, "find", lambda *_: None)
        second = town.post("/parties", PARTY, "administrator", "k-party")
        meanwhile = town.post("/parties", PARTY, "administrator", "k-party")
    assert second.status_code == 202
    assert (meanwhile.status_code, meanwhile.json()["code"]) == (503, "unavailable")
    again = town.post("/parties", PARTY, "administrator", "k-party")
    assert again.json() == second.json()


def test_a_repeated_enrolment_gives_the_secret_again_and_another_one_is_refused(
    town: Town,
) -> None:
    fleet = {"fleet": "f", "unsigned_allowed": True}
    answers = [town.post("/leasing/fleets", fleet, "lessor", "k-fleet") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert town.post("/leasing/fleets", fleet, "lessor", "k-other").status_code == 409
    hook = {"client_id": "erp-9", "party_id": "supplier-1", "roles": ["supplier"], "scopes": []}
    first, again = (town.post("/clients", hook, "administrator", "k-client") for _ in range(2))
    assert first.json() == again.json()
    with town.process.gateway.services.unit() as unit:
        assert first.json()["client_secret"] not in str(unit.scan(kept_answers.KEPT))


def test_an_old_approval_brings_nothing_back(town: Town) -> None:
    """Two officers named an account, then another one: the first checker alone changes nothing."""
    approvals = []
    for account in ("6222000000000001", "6222000000000002"):
        body = {"owner": "supplier-1", "name": "N", "account": account, "agent": "102100099996"}
        asked = town.post("/payout-accounts", body, "teller").json()
        approvals.append(f"/approvals/{asked['approval_id']}")
        assert town.post(approvals[-1], {"approve": True}, "teller-2").status_code == 200
    again = town.post(approvals[0], {"approve": True}, "teller-2")
    assert (again.status_code, again.json()["state"]) == (200, "approved")
    with town.process.gateway.services.unit() as unit:
        [now] = unit.get(PAYOUT_ACCOUNTS, [("supplier-1",)])
    assert now is not None
    assert now.account == "6222000000000002"
