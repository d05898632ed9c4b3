"""What reaches the gateway before any product does: tokens, bodies, floods, lost commits."""

import resource

import pytest

from sim.qa.bank import SECRET
from system.__main__ import open_many_files
from system.api import bodies
from system.api.tokens import LIFE_S, TokenIssuer
from system.errors import EvmUnavailable, StoreUnavailable
from tests.system.api.town import Town


def test_a_token_ends_after_its_life(town: Town) -> None:
    town.clock.time_s += LIFE_S
    answer = town.get("/audit", "auditor")
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")


def test_a_rotated_key_still_verifies_what_it_signed(town: Town) -> None:
    newer = TokenIssuer((b"a newer secret for tests", SECRET))
    assert newer.holder_of(town.tokens["auditor"], town.clock.time_s)[0] == "auditor"
    assert len(newer.public_keys()["keys"]) == 2
    assert "d" not in newer.public_keys()["keys"][0]


@pytest.mark.parametrize("secret", ["", "0" * 64])
def test_a_wrong_secret_gets_no_token(quiet_town: Town, secret: str) -> None:
    form = {"grant_type": "client_credentials", "client_id": "teller", "client_secret": secret}
    answer = quiet_town.send("POST", "/oauth/token", data=form)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_who_is_not_known_yet_sends_little(quiet_town: Town) -> None:
    form = {"grant_type": "client_credentials", "client_id": "x" * 5_000}
    answer = quiet_town.send("POST", "/oauth/token", data=form)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "invalid"),
        (b"{", "malformed"),
        (b"[" * 300 + b"]" * 300, "malformed"),
        (b"null", "invalid"),
        (b'{"requested_fen": true}', "invalid"),
        (b'{"requested_fen": "100"}', "invalid"),
        (b'{"requested_fen": 1e3}', "invalid"),
        (b'{"requested_fen": 1.5}', "invalid"),
        (b'{"requested_fen": 1, "extra": 2}', "invalid"),
        (b'{"requested_fen": NaN}', "invalid"),
        (b'{"requested_fen": 99999999999999999999}', "invalid"),
        (b"\xff\xfe", "malformed"),
    ],
)
def test_a_body_is_taken_as_it_stands_or_not_at_all(
    quiet_town: Town, raw: bytes, code: str
) -> None:
    headers = quiet_town.headers("shopping") | {"Content-Type": "application/json"}
    path = "/credit/merchants/0/applications"
    answer = quiet_town.send("POST", path, content=raw, headers=headers)
    assert answer.json()["code"] == code, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_large_body_is_refused_before_it_is_in_memory(quiet_town: Town) -> None:
    headers = quiet_town.headers("supplier-erp") | {"Content-Type": "application/json"}
    raw = b"x" * (bodies.BODY_BYTES_MAX + 1)
    answer = quiet_town.send("POST", "/receivables", content=raw, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_another_media_type_is_refused(quiet_town: Town) -> None:
    headers = quiet_town.headers("shopping") | {"Content-Type": "text/csv"}
    answer = quiet_town.send("POST", "/credit/merchants", content=b"a,b", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")


def test_a_flood_is_turned_away_and_the_next_second_is_open_again(town: Town) -> None:
    town.process.gateway.rates._per_s = 2
    seen = [town.get("/audit", "auditor").status_code for _ in range(6)]
    assert seen == [200, 200, 200, 200, 429, 429]
    town.clock.time_s += 1
    assert town.get("/audit", "auditor").status_code == 200


def test_what_has_not_changed_is_not_sent_again(quiet_town: Town) -> None:
    first = quiet_town.get("/parties/supplier-1", "supplier-erp")
    again = quiet_town.get(
        "/parties/supplier-1", "supplier-erp", **{"If-None-Match": first.headers["etag"]}
    )
    assert (again.status_code, again.content) == (304, b"")


def test_a_lost_commit_acknowledges_nothing_and_the_gateway_goes_on(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = town.process.gateway.services
    unit_of = type(town.process.gateway.services.store).group

    def failing(self: object) -> None:
        raise StoreUnavailable("commit", "disk full")

    monkeypatch.setattr(type(before.store), "group", failing)
    answer = town.post("/receivables", town.invoice(), "supplier-erp", key="k")
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    monkeypatch.setattr(type(before.store), "group", unit_of)
    assert town.process.gateway.services is not before
    again = town.post("/receivables", town.invoice(), "supplier-erp", key="k")
    assert again.status_code == 202


def test_health_answers_without_a_token(quiet_town: Town) -> None:
    assert quiet_town.send("GET", "/health").json()["status"] == "ok"


def test_a_part_that_is_away_is_said_so_wherever_it_is_missed(
    quiet_town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise EvmUnavailable("read its state", "it is away")

    # What a bug left cannot be forgotten while the chain is away, so nothing else is done.
    writer = quiet_town.process.gateway.writer
    monkeypatch.setattr(writer, "_owes_forgetting", True)
    monkeypatch.setattr(writer, "_on_lost", away)
    answer = quiet_town.get("/vouchers", "auditor")
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    monkeypatch.setattr(writer, "_on_lost", lambda: None)
    assert quiet_town.get("/vouchers", "auditor").status_code == 200


def test_a_gateway_opens_as_many_files_as_the_machine_admits() -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, before[1]))
        files = open_many_files()
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == files == min(65_536, before[1])
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
