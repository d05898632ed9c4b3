"""Requests that wait at the same time are done as one, and answered as if each had come alone."""

import asyncio
from typing import Any

import httpx
import numpy as np
import pytest

from system.credit.commands import GrantBatch
from system.credit.service import CreditService
from tests.system.api.town import Town

LINES = 4


def with_lines(town: Town) -> list[int]:
    """Merchants of shopping with officers' lines."""
    made = []
    for number in range(LINES):
        body = {"region": number, "since": "2025-12-01"}
        made.append(int(town.post("/credit/merchants", body, "shopping").json()["account"]))
    fen, ppm = np.full(LINES, 10**7), np.full(LINES, 100_000)
    grant = GrantBatch("lines", np.array(made), fen, ppm, "ann", "bob")
    assert not town.process.gateway.services.credit.credit.grant(grant).code.any()
    return made


def at_once(town: Town, asked: list[tuple[int, str, int]]) -> list[httpx.Response]:
    """Draws (account, key, amount) of which all wait for the same commit."""

    async def go() -> list[httpx.Response]:
        transport = httpx.ASGITransport(town.process.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://bank") as client:
            sent = [
                client.post(
                    f"/credit/merchants/{account}/draws",
                    json={"amount_fen": fen},
                    headers=town.headers("shopping", key),
                )
                for account, key, fen in asked
            ]
            return list(await asyncio.gather(*sent))

    return town.loop.run_until_complete(go())


def counting(town: Town) -> list[int]:
    """How many draws came together, each time."""
    service: Any = town.process.gateway.services.credit.credit
    sizes: list[int] = []
    real = service.draw_each

    def draw_each(batches: list[Any]) -> list[Any]:
        sizes.append(len(batches))
        return list(real(batches))

    service.draw_each = draw_each
    return sizes


def test_draws_at_once_are_one_batch_with_an_answer_for_each(town: Town) -> None:
    a, b, c, d = with_lines(town)
    sizes = counting(town)
    asked = [
        (a, "1", 500_000),
        (b, "2", 10**9),
        (a, "3", 600_000),
        (999, "4", 500_000),
        (c, "5", 500_000),
        (c, "5", 500_000),
        (d, "5", 500_000),
    ]
    answers = at_once(town, asked)
    assert [one.status_code for one in answers] == [200, 409, 200, 404, 200, 200, 422]
    assert max(sizes) == 6, "the unknown merchant alone is left out"
    line = town.get(f"/credit/merchants/{a}/line", "shopping").json()
    assert line["principal_fen"] == 1_100_000
    assert town.get(f"/credit/merchants/{c}/line", "shopping").json()["principal_fen"] == 500_000
    assert town.get(f"/credit/merchants/{d}/line", "shopping").json()["principal_fen"] == 0


def test_a_request_that_breaks_a_batch_takes_nobody_along(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b, *_ = with_lines(town)
    real = CreditService.draw_each

    def failing(self: CreditService, batches: list[Any]) -> list[Any]:
        done = real(self, batches)
        if any("bad" in one.command_id for one in batches):
            raise ValueError("a bug")
        return done

    monkeypatch.setattr(CreditService, "draw_each", failing)
    answers = at_once(town, [(a, "good", 500_000), (b, "bad", 500_000)])
    assert [one.status_code for one in answers] == [200, 500]
    assert town.get(f"/credit/merchants/{a}/line", "shopping").json()["principal_fen"] == 500_000
    assert town.get(f"/credit/merchants/{b}/line", "shopping").json()["principal_fen"] == 0


def test_a_known_path_names_the_methods_that_it_takes(quiet_town: Town) -> None:
    answer = quiet_town.send("DELETE", "/credit/merchants/1/draws")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert answer.json()["code"] == "method_not_allowed"
    for path in ("/credit/merchants/1/draws/", "/credit//1/draws", "/nowhere"):
        answer = quiet_town.send("POST", path)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), path
