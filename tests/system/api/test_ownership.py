"""Every route x role x somebody else's object, from the route table: strangers get nothing.

A new route that names an object in its path fails here until it is said which object that is.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from system.api.access import Role
from system.api.route import Route
from system.api.table import ROUTES
from tests.system.api.test_authorisation import body_of
from tests.system.api.test_credit_api import enrolled
from tests.system.api.test_leasing_api import TARIFF, stolen
from tests.system.api.test_payments_api import financed, payments
from tests.system.api.test_receivables_api import ASK, accepted, registered
from tests.system.api.test_webhooks import Subscriber, deliver, subscribe
from tests.system.api.town import Town

# Of each role whose business is its own: a client that owns nothing of what is asked for.
STRANGERS = {
    Role.SUPPLIER: "other-erp",
    Role.CORE_ENTERPRISE: "other-core",
    Role.PLATFORM: "other-shopping",
    Role.LESSOR: "other-lessor",
}
# What these make or list is the caller's own by nature; of a fleet each machine has its owner.
OWN_BY_NATURE = {"enrolMerchant", "enrolMachine", "subscribe", "takeFleetSnapshot"}
OWN_BY_NATURE |= {"listWebhooks", "listWebhookDeliveries"}
CASES = [
    pytest.param(route, role, id=f"{route.name}-{role.name}")
    for route in ROUTES
    for role in STRANGERS
    if role & route.roles and not route.object_rule.startswith("any") and not route.owns
    if route.name not in OWN_BY_NATURE
]


@dataclass
class Foreign:
    """A town in which everything belongs to somebody. bodies: where the object stands there."""

    town: Town
    places: dict[str, str]
    bodies: dict[str, Any]


@pytest.fixture(scope="module")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Foreign]:
    town = Town.open(tmp_path_factory.mktemp("foreign"))
    town.admit("other-lessor", "lessor-2", ["lessor"])
    town.name_account("supplier-1")
    webhook, letter = hooked(town)
    financed(town)
    [paid] = payments(town)
    receivable, lot = accepted(town, "INV-2")
    asked = town.post(f"/lots/{lot}/financing-requests", ASK, "supplier-erp").json()["reference"]
    merchant = enrolled(town)
    machine, alert = stolen(town)
    tariff = town.post("/leasing/tariffs", TARIFF, "lessor").json()["tariff"]
    lessee = town.post(
        "/leasing/lessees", {"name": "Pit Co.", "limit_fen": 10**9}, "lessor"
    ).json()["lessee"]
    terms = {"machine": machine, "lessee": lessee, "tariff": tariff, "rent_fen": 2_000_000}
    terms |= {"value_fen": 80_000_000, "term_days": 360, "counter_s": 0}
    lease = town.post("/leasing/leases", terms, "lessor").json()["lease"]
    town.refresh()
    places = {"receivable_id": receivable, "lot_id": lot, "request_id": asked}
    places |= {"account": merchant, "machine": machine, "lease": lease, "party_id": "supplier-1"}
    places |= {"payment_id": paid["payment_id"], "webhook_id": webhook, "message_id": letter}
    places |= {"kind": "credit-application", "reference": merchant}
    bodies = {
        "registerReceivable": town.invoice("INV-9"),
        "enrolDevice": {"device_id": "EXC-9", "machine": machine, "fleet": "f"},
        "startLease": terms,
        "acknowledgeAlerts": {"alert_ids": [alert]},
        "clearAlerts": {"alert_ids": [alert], "note": "settled"},
        "actOnAlert": {"alert_id": alert, "kind": "call", "note": "rang"},
    }
    yield Foreign(town, {name: str(value) for name, value in places.items()}, bodies)
    town.close()


def hooked(town: Town) -> tuple[str, str]:
    """A supplier's webhook, and a letter to it."""
    object.__setattr__(town.process.gateway.services, "webhook_hosts", ("erp.example",))
    webhook = subscribe(town, "supplier-erp").json()["webhook_id"]
    registered(town, "INV-7")
    deliver(town, Subscriber())
    [letter, *_] = town.get("/webhook-deliveries", "supplier-erp").json()["deliveries"]
    return webhook, letter["message_id"]


def asked_of(route: Route, foreign: Foreign) -> tuple[str, Any]:
    """The path to somebody else's object, and a body that would do for its owner."""
    path = route.path
    for name in [part[1:-1] for part in path.split("/") if part.startswith("{")]:
        assert name in foreign.places, f"say in {__name__} which object {{{name}}} is"
        path = path.replace(f"{{{name}}}", foreign.places[name])
    return path, foreign.bodies.get(route.name, body_of(route))


@pytest.mark.parametrize(("route", "role"), CASES)
def test_a_stranger_of_the_right_role_gets_nothing(
    foreign: Foreign, route: Route, role: Role
) -> None:
    path, body = asked_of(route, foreign)
    town, client = foreign.town, STRANGERS[role]
    answer = town.get(path, client) if route.method == "GET" else town.post(path, body, client)
    if route.method == "GET" and "{" not in route.path:
        # A list has a stranger's own rows, and here that is none.
        assert answer.status_code == 200
        assert not any(isinstance(found, list) and found for found in answer.json().values())
        return
    assert answer.status_code in (403, 404), answer.text
    assert answer.json()["code"] in ("forbidden", "not_found")


@pytest.mark.parametrize(
    "route",
    sorted(
        {c.values[0].name: c.values[0] for c in CASES if c.values[0].method == "GET"}.values(),
        key=lambda route: route.name,
    ),
    ids=lambda route: route.name,
)
def test_who_may_see_all_sees_the_same_object(foreign: Foreign, route: Route) -> None:
    """So that the refusals above are the stranger's and not the object's."""
    path, _ = asked_of(route, foreign)
    answer = foreign.town.get(path, "auditor")
    # Nobody has decided on that merchant yet.
    assert answer.status_code == (404 if route.name == "explainDecision" else 200), answer.text
    if "{" not in route.path:
        assert any(isinstance(found, list) and found for found in answer.json().values())
