"""Logs: one JSON object a line, the request's id on each, nothing secret or personal in any."""

import asyncio
import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from sim.qa.bank import HeldClock
from system.api import logs
from system.api.logs import HEADER, JsonLines, masked
from tests.system.api.town import Town

PERSONAL = "王小明 11010519491231002X 13812345678"


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines(HeldClock()))
    root = logging.getLogger("shapan")
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield stream
    root.removeHandler(handler)
    root.setLevel(logging.NOTSET)


def read(lines: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines.getvalue().splitlines()]


def test_each_request_has_an_id_on_its_lines_and_in_its_answer(
    quiet_town: Town, lines: io.StringIO
) -> None:
    own = quiet_town.get("/parties/supplier-1", "supplier-erp", **{HEADER: "erp-77"})
    made = quiet_town.get("/parties/supplier-1", "supplier-erp")
    bad = quiet_town.get("/parties/supplier-1", "supplier-erp", **{HEADER: "a b\\n{}"})
    assert own.headers[HEADER] == "erp-77"
    assert made.headers[HEADER] != bad.headers[HEADER] != "a b\\n{}"
    told = read(lines)
    assert [one["request_id"] for one in told] == [a.headers[HEADER] for a in (own, made, bad)]
    assert {(one["message"], one["status"]) for one in told} == {("answered", 200)}
    assert told[0]["route"] == "/parties/{party_id}"


def test_a_bug_is_logged_with_its_request_and_without_its_secrets(
    town: Town, lines: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object) -> None:
        raise RuntimeError(f"cannot read {PERSONAL} with Bearer abc.def.ghi")

    monkeypatch.setattr("system.compliance.checkpoints.examine", failing)
    answer = town.get("/audit", "auditor")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    [bug] = [one for one in read(lines) if one["level"] == "error"]
    assert "RuntimeError" in bug["error"]
    assert bug["request_id"]
    for secret in ("11010519491231002X", "13812345678", "abc.def"):
        assert secret not in lines.getvalue()


@pytest.mark.parametrize("path", ["/receivables", "/oauth/token"])
def test_who_goes_away_in_the_middle_of_a_request_is_no_bug_of_ours(
    quiet_town: Town, lines: io.StringIO, path: str
) -> None:
    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(_: object) -> None:
        raise AssertionError("nobody is there")

    bearer = quiet_town.headers("supplier-erp")["Authorization"].encode()
    headers = [(b"authorization", bearer)]
    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "headers": headers,
        "query_string": b"",
    }
    asyncio.run(quiet_town.process.app(scope, receive, send))  # type: ignore[arg-type]
    assert [(one["level"], one["status"]) for one in read(lines)] == [("info", 499)]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Authorization: Bearer eyJhbGciOi.J9.x", "Authorization: Bearer ***"),
        ("client_secret='0a1b2c'", "client_secret='***'"),
        ('{"phone": "13812345678"}', '{"phone": "***"}'),
        ("postgresql://bank:hunter2@db/shapan", "postgresql://bank:***@db/shapan"),
        ("id 11010519491231002x.", "id ***."),
        ("amount_fen=12500000 lot 17", "amount_fen=12500000 lot 17"),
        ("receivable " + "8f" * 32, "receivable " + "8f" * 32),
    ],
)
def test_what_is_secret_is_masked_and_the_rest_is_left(text: str, shown: str) -> None:
    assert masked(text) == shown


def test_a_message_that_is_logged_anywhere_takes_this_form(
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = logging.getLogger().handlers[:], logging.getLogger().level
    try:
        logs.set_up(HeldClock(), "warning")
        logging.getLogger("anything").warning("token=%s", "abc")
        line = json.loads(capsys.readouterr().err)
    finally:
        logging.getLogger().handlers[:], logging.getLogger().level = before
    assert (line["message"], line["level"], line["log"]) == ("token=***", "warning", "anything")
