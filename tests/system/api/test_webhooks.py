"""Webhooks: signed, in order, tried again with pauses, and dead letters that can be seen."""

import base64
import hashlib
import hmac
import json
import socket
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, ClassVar

import pytest

from system.adapters import http_poster
from system.adapters.http_poster import HttpPoster
from system.api import hooks
from system.api.hook_sources import SOURCES
from system.api.hooks import PAUSES_S, HookWork, posted
from tests.system.api.test_credit_api import with_history
from tests.system.api.test_leasing_api import leased, stolen
from tests.system.api.test_receivables_api import registered
from tests.system.api.town import Town

URL = "https://erp.example/hooks"


class Subscriber:
    """The other end: keeps what it gets, and answers what it is told to."""

    def __init__(self) -> None:
        self.status = 204
        self.got: list[tuple[bytes, Mapping[str, str]]] = []

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        if self.status == 0:
            raise OSError("refused")
        self.got.append((body, headers))
        return self.status


@pytest.fixture
def hosted(town: Town) -> Town:
    services = town.process.gateway.services
    object.__setattr__(services, "webhook_hosts", ("erp.example",))
    return town


def subscribe(town: Town, client: str = "supplier-erp", **body: Any) -> Any:
    return town.post("/webhooks", {"url": URL} | body, client)


def deliver(town: Town, subscriber: Subscriber) -> int:
    """One round; how many letters were posted."""
    letters = town.process.hooks.due()
    for letter in letters:
        town.process.hooks.note(letter, posted(subscriber, letter))
    return len(letters)


def test_a_subscriber_hears_of_its_own_events_in_order_and_can_check_who_speaks(
    hosted: Town,
) -> None:
    secret = subscribe(hosted).json()["secret"]
    subscribe(hosted, "other-erp")
    registered(hosted, "INV-1")
    registered(hosted, "INV-2")
    subscriber = Subscriber()
    while deliver(hosted, subscriber):
        pass
    # Both suppliers are subscribed; the events concern one of them.
    kinds = [body.partition(b'"type":"')[2].partition(b'"')[0] for body, _ in subscriber.got]
    assert kinds == [b"ReceivableRegistered"] * 2
    body, headers = subscriber.got[0]
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"


def test_what_was_not_taken_comes_again_after_a_pause_and_holds_back_what_follows(
    hosted: Town,
) -> None:
    subscribe(hosted)
    registered(hosted, "INV-1")
    registered(hosted, "INV-2")
    subscriber = Subscriber()
    subscriber.status = 503
    assert deliver(hosted, subscriber) == 1
    assert deliver(hosted, subscriber) == 0
    hosted.clock.time_s += PAUSES_S[0]
    subscriber.status = 200
    assert deliver(hosted, subscriber) == 1
    assert deliver(hosted, subscriber) == 1
    ids = [headers["webhook-id"] for _, headers in subscriber.got]
    assert ids[0] == ids[1] != ids[2]


def test_a_letter_that_nobody_takes_is_seen_as_dead_and_can_be_asked_for_again(
    hosted: Town,
) -> None:
    subscribe(hosted)
    registered(hosted)
    subscriber = Subscriber()
    subscriber.status = 0
    for pause_s in (*PAUSES_S, 0):
        assert deliver(hosted, subscriber) == 1
        hosted.clock.time_s += pause_s
    hosted.refresh()
    [dead] = hosted.get("/webhook-deliveries?state=dead", "supplier-erp").json()["deliveries"]
    assert (dead["tries"], "refused" in dead["error"]) == (len(PAUSES_S) + 1, True)
    path = f"/webhook-deliveries/{dead['message_id']}/again"
    assert hosted.post(path, {}, "other-erp").status_code == 404
    assert hosted.post(path, {}, "supplier-erp").json()["state"] == "waiting"
    subscriber.status = 200
    assert deliver(hosted, subscriber) == 1
    assert hosted.post(path, {}, "supplier-erp").status_code == 409


def test_an_ended_webhook_is_silent(hosted: Town) -> None:
    made = subscribe(hosted).json()
    registered(hosted)
    assert hosted.process.hooks.due()
    path = f"/webhooks/{made['webhook_id']}/ending"
    assert hosted.post(path, {}, "other-erp").status_code == 404
    assert hosted.post(path, {}, "supplier-erp").json()["ended_at_s"]
    assert hosted.process.hooks.due() == []
    [row] = hosted.get("/webhook-deliveries", "supplier-erp").json()["deliveries"]
    assert row["state"] == "ended"


def test_a_revoked_client_hears_nothing_more_of_its_party(hosted: Town) -> None:
    subscribe(hosted)
    registered(hosted, "INV-1")
    assert hosted.process.hooks.due()
    body = {"note": "their laptop was stolen"}
    assert hosted.post("/clients/supplier-erp/revocation", body, "administrator").status_code == 200
    hosted.clock.time_s += 60
    assert hosted.process.hooks.due() == []


@pytest.mark.parametrize(
    "body",
    [
        {"url": "http://erp.example/"},
        {"url": "https://elsewhere.example/"},
        {"url": "https://me:pass@erp.example/"},
        {"url": "https://erp.example:99999/"},
        {"url": "https://169.254.169.254/"},
        {"url": "gopher://erp.example/"},
        {"url": URL, "events": ["NoSuchThing"]},
    ],
    ids=["plain", "host", "password", "port", "metadata", "scheme", "event"],
)
def test_a_webhook_goes_where_the_operator_allows_alone(hosted: Town, body: dict[str, Any]) -> None:
    answer = hosted.post("/webhooks", body, "supplier-erp")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


class Answering(BaseHTTPRequestHandler):
    got: ClassVar[list[bytes]] = []

    def do_POST(self) -> None:
        self.got.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(302)
        self.send_header("Location", "/elsewhere")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


def test_the_poster_posts_once_follows_nothing_and_says_when_nobody_is_there() -> None:
    with HTTPServer(("127.0.0.1", 0), Answering) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        url = f"http://127.0.0.1:{server.server_address[1]}/x?y=1"
        assert HttpPoster().post(url, b"body", {"Content-Type": "text/plain"}) == 302
        thread.join()
    assert Answering.got == [b"body"]
    with pytest.raises(OSError, match="refused"):
        HttpPoster().post(url, b"", {})


@pytest.mark.parametrize("connects_after_s", [0.0, 0.6], ids=["at_once", "late"])
def test_a_subscriber_that_drips_is_left(
    monkeypatch: pytest.MonkeyPatch, connects_after_s: float
) -> None:
    """Each byte comes in time, the answer never; also where the time is over before the line is."""
    monkeypatch.setattr(http_poster, "_WHOLE_S", 0.3)
    connect, over = socket.create_connection, threading.Event()

    def connect_late(*place: Any) -> socket.socket:
        time.sleep(connects_after_s)
        return connect(*place)

    monkeypatch.setattr(socket, "create_connection", connect_late)

    def drip(server: socket.socket) -> None:
        connection, _ = server.accept()
        with connection, suppress(OSError):
            connection.sendall(b"HTTP/1.1 ")
            while not over.wait(0.05):
                connection.sendall(b"x")

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=drip, args=[server])
        thread.start()
        # The post ends by itself, or the drip after this long.
        end = threading.Timer(10, over.set)
        end.start()
        with pytest.raises(OSError, match=r".*"):
            HttpPoster().post(f"http://127.0.0.1:{server.getsockname()[1]}/", b"", {})
        assert not over.is_set()
        end.cancel()
        over.set()
        thread.join()


def test_two_processes_do_not_post_the_same_letter_at_once(hosted: Town) -> None:
    subscribe(hosted)
    registered(hosted, "INV-1")
    process = hosted.process
    other = HookWork(process._store, process._opening.clock, process.gateway.services.clients)
    assert len(process.hooks.due()) == 1
    assert other.due() == []


def heard(town: Town) -> list[tuple[str, Any]]:
    """Deliver all; names and facts of what came, in order."""
    subscriber = Subscriber()
    while deliver(town, subscriber):
        pass
    bodies = [json.loads(body) for body, _ in subscriber.got]
    return [(body["type"], body["data"]) for body in bodies]


def test_a_platform_hears_what_happens_to_its_own_merchants_lines(hosted: Town) -> None:
    hosted.promote_model()
    account = with_history(hosted)
    hosted.admit("rival-shops", "platform-2", ["platform"])
    subscribe(hosted, "shopping", events=["credit.decided", "credit.drawn"])
    subscribe(hosted, "rival-shops")
    subscribe(hosted, "regulator", events=["credit.drawn"])
    base = f"/credit/merchants/{account}"
    hosted.post(f"{base}/applications", {"requested_fen": 3_000_000}, "shopping")
    hosted.post(f"{base}/draws", {"amount_fen": 500_000}, "shopping")
    told = heard(hosted)
    drawn = [facts for kind, facts in told if kind == "credit.drawn"]
    assert [kind for kind, _ in told if kind != "credit.drawn"] == ["credit.decided"]
    # The platform and the regulator; the rival has no merchants.
    assert [facts["items"] for facts in drawn] == [[{"merchant": account, "amount": 500_000}]] * 2


def test_a_lessor_hears_of_its_machines_alerts_and_leases(hosted: Town) -> None:
    hosted.admit("rival", "lessor-2", ["lessor"])
    subscribe(hosted, "lessor", events=["alert.raised", "lease.rent_billed"])
    subscribe(hosted, "rival")
    _, alert_id = stolen(hosted)
    [(kind, facts)] = [one for one in heard(hosted) if one[1].get("kind") == "GEOFENCE"]
    assert (kind, facts["alert_id"]) == ("alert.raised", alert_id)


def test_rent_that_is_billed_is_told_to_the_lessor(hosted: Town) -> None:
    subscribe(hosted, "lessor", events=["lease.rent_billed"])
    lease = leased(hosted)
    hosted.pass_days(35)
    [(kind, facts)] = heard(hosted)
    assert (kind, [item["lease"] for item in facts["items"]]) == ("lease.rent_billed", [lease])


def test_what_happened_before_a_subscription_is_not_told(hosted: Town) -> None:
    stolen(hosted)
    registered(hosted)
    subscribe(hosted, "regulator")
    assert heard(hosted) == []


def test_a_webhook_from_before_a_source_existed_hears_of_it_from_now_on(
    hosted: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as earlier:
        known = {name: source for name, source in SOURCES.items() if name != "alerts"}
        earlier.setattr(hooks, "SOURCES", known)
        subscribe(hosted, "lessor")
    assert heard(hosted) == []
    _, alert_id = stolen(hosted)
    assert alert_id in [facts.get("alert_id") for _, facts in heard(hosted)]
