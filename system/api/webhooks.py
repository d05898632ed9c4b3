"""Routes of webhooks: subscribe, end, and see what was not delivered."""

import base64
from typing import Final
from urllib.parse import urlsplit

from pydantic import Field

from system.api import hooks
from system.api.access import Role
from system.api.answers import Answer, Page, answered, not_found
from system.api.bodies import Body, Nothing, Text, example
from system.api.hook_sources import KINDS
from system.api.hooks import DELIVERIES, WEBHOOKS, Delivery, Webhook
from system.api.pages import QUERY, page
from system.api.problems import Code, Problem
from system.api.route import Call, Route
from system.api.services import Services
from system.canonical import sha256_hex
from system.ports.store import Unit

_SCOPE: Final = "operations"
_ANY: Final = Role(2 * max(Role) - 1) & ~(Role.ADMINISTRATOR | Role.RAIL)
_OWN: Final = "the caller's own webhooks"
_LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")


class NewWebhook(Body):
    """url: https, with no user or password.  events: names; empty for all of the caller's."""

    model_config = example(url="https://erp.example/hooks", events=["LotDisbursed"])
    url: Text
    events: list[str] = Field(default_factory=list)


class WebhookMade(Answer):
    """secret: with which deliveries are signed (Standard Webhooks); shown this once."""

    model_config = answered(
        webhook_id="29c127b96171e782e6fc49fd",
        secret="whsec_" + "YWJj" * 10,
    )
    webhook_id: str
    secret: str


class WebhookAnswer(Answer):
    model_config = answered(
        webhook_id="29c127b96171e782e6fc49fd",
        url="https://erp.example/hooks",
        events="LotDisbursed",
        created_at_s=1_767_240_020,
        ended_at_s=None,
    )
    webhook_id: str
    url: str
    events: str
    created_at_s: int
    ended_at_s: int | None


class Webhooks(Page):
    webhooks: list[WebhookAnswer]


class DeliveryAnswer(Answer):
    """state: waiting, delivered, dead, ended.  error: what the last try met."""

    model_config = answered(
        message_id="9a643808f6ddf9ba9d11f73b5a124c10",
        webhook_id="29c127b96171e782e6fc49fd",
        tries=1,
        next_at_s=1_767_325_395,
        error="no answer: refused",
        state="waiting",
    )
    message_id: str
    webhook_id: str
    tries: int
    next_at_s: int
    error: str
    state: str


class Deliveries(Page):
    deliveries: list[DeliveryAnswer]


def _subscribe(desk: Services, call: Call) -> WebhookMade:
    assert isinstance(call.body, NewWebhook)
    _check_url(call.body.url, desk.webhook_hosts)
    unknown = sorted(set(call.body.events) - KINDS)
    if unknown:
        raise Problem(Code.INVALID, f"events: nothing is called {', '.join(unknown)}.")
    webhook_id = sha256_hex(f"webhook/{call.key}")[:24]
    kinds = " ".join(sorted(set(call.body.events)))
    row = Webhook(webhook_id, call.caller.client_id, call.body.url, kinds, desk.clock.now_s())
    with desk.unit() as unit:
        [known] = unit.get(WEBHOOKS, [(webhook_id,)])
        if known is None:
            hooks.begin(unit, row)
        elif (known.url, known.events) != (row.url, row.events):
            raise Problem(Code.IDEMPOTENCY_KEY_REUSED, "Use a new key for a new request.")
    secret = base64.b64encode(desk.clients.secret_of_webhook(webhook_id)).decode()
    return WebhookMade(webhook_id=webhook_id, secret=f"whsec_{secret}")


def _check_url(url: str, hosts: tuple[str, ...]) -> None:
    """Raises Problem: posts go to hosts that the operator named, so that nobody else is reached."""
    try:
        place = urlsplit(url)
        port_is_right = place.port is None or place.port > 0
    except ValueError:
        raise Problem(Code.INVALID, "url: this is none.") from None
    is_open = place.scheme == "http" and place.hostname in _LOOPBACK
    if not (port_is_right and url.isascii() and url.isprintable() and " " not in url):
        raise Problem(Code.INVALID, "url: this is none.")
    if (place.scheme != "https" and not is_open) or place.username or place.password:
        raise Problem(Code.INVALID, "url: give https, without user and password.")
    if place.hostname not in hosts:
        raise Problem(Code.INVALID, "url: the operator has to allow its host first.")


def _own(unit: Unit, call: Call) -> list[Webhook]:
    return unit.find(WEBHOOKS, {"client_id": call.caller.client_id})


def _list(desk: Services, call: Call) -> Webhooks:
    with desk.unit() as unit:
        rows, cursor = page(_own(unit, call), lambda row: row.webhook_id, call)
    names = WebhookAnswer.model_fields
    shown = [WebhookAnswer(**{name: getattr(row, name) for name in names}) for row in rows]
    return Webhooks(webhooks=shown, next=cursor)


def _end(desk: Services, call: Call) -> WebhookAnswer:
    with desk.unit() as unit:
        found = [row for row in _own(unit, call) if row.webhook_id == call.path["webhook_id"]]
        if not found:
            raise not_found()
        [row] = found
        if row.ended_at_s is None:
            row = Webhook(*_facts(row), ended_at_s=desk.clock.now_s())
            unit.replace(WEBHOOKS, [row])
    return WebhookAnswer(**{name: getattr(row, name) for name in WebhookAnswer.model_fields})


def _facts(row: Webhook) -> tuple[str, str, str, str, int]:
    return row.webhook_id, row.client_id, row.url, row.events, row.created_at_s


def _deliveries(desk: Services, call: Call) -> Deliveries:
    with desk.unit() as unit:
        found = [
            row
            for hook in _own(unit, call)
            for row in unit.find(DELIVERIES, {"webhook_id": hook.webhook_id})
            if call.query.get("state", row.state) == row.state
        ]
    rows, cursor = page(found, lambda row: row.message_id, call)
    return Deliveries(deliveries=[_delivery(row) for row in rows], next=cursor)


def _delivery(row: Delivery) -> DeliveryAnswer:
    return DeliveryAnswer(**{name: getattr(row, name) for name in DeliveryAnswer.model_fields})


def _again(desk: Services, call: Call) -> DeliveryAnswer:
    with desk.unit() as unit:
        own = {hook.webhook_id for hook in _own(unit, call)}
        [row] = unit.get(DELIVERIES, [(call.path["message_id"],)])
        if row is None or row.webhook_id not in own:
            raise not_found()
        if row.state != "dead":
            raise Problem(
                Code.CONFLICT, f"It is {row.state}: only dead letters are asked for again."
            )
        hooks.again(unit, row, desk.clock.now_s())
        [row] = unit.get(DELIVERIES, [(row.message_id,)])
    assert row is not None, "it was just replaced"
    return _delivery(row)


def _route(method: str, path: str, name: str, summary: str, **options: object) -> Route:
    return Route(method, path, name, summary, _SCOPE, _ANY, object_rule=_OWN, **options)  # type: ignore[arg-type]


ROUTES: Final = (
    _route(
        "POST",
        "/webhooks",
        "subscribe",
        "Be told of events that concern the caller's party",
        handler=_subscribe,
        answer=WebhookMade,
        body=NewWebhook,
        status=201,
        answers_secret=True,
    ),
    _route(
        "GET",
        "/webhooks",
        "listWebhooks",
        "The caller's webhooks",
        handler=_list,
        answer=Webhooks,
        query=QUERY,
    ),
    _route(
        "POST",
        "/webhooks/{webhook_id}/ending",
        "endWebhook",
        "No more deliveries to it",
        handler=_end,
        answer=WebhookAnswer,
        body=Nothing,
    ),
    _route(
        "GET",
        "/webhook-deliveries",
        "listWebhookDeliveries",
        "How far deliveries came; dead letters wait to be asked for again",
        handler=_deliveries,
        answer=Deliveries,
        query={"state": "waiting, delivered, dead or ended"} | QUERY,
    ),
    _route(
        "POST",
        "/webhook-deliveries/{message_id}/again",
        "deliverAgain",
        "Try a dead letter once more",
        handler=_again,
        answer=DeliveryAnswer,
        body=Nothing,
    ),
)
