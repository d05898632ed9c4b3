"""Our own Python client against the gateway."""

from collections.abc import Mapping
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from system.api.access import SCOPES
from system.api.tokens import LIFE_S
from system.client.bank import PAUSES_S, Bank, Refused
from system.client.transport import HttpTransport, Reply
from system.errors import InputError
from tests.system.api.town import Town

SIGNER = b"k" * 32


class Line:
    """The way to a town's gateway, which can be cut before or after a request."""

    def __init__(self, town: Town) -> None:
        self.town, self.cuts, self.sent = town, list[str](), list[tuple[str, Mapping[str, str]]]()

    def send(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        self.sent.append((path, headers))
        cut = self.cuts.pop(0) if self.cuts and path != "/oauth/token" else ""
        if cut == "before":
            raise OSError("cut")
        answer = self.town.send(method, path, content=body, headers=dict(headers))
        if cut == "after":
            raise OSError("cut")
        if cut:
            return Reply(int(cut), {}, b"{}")
        return Reply(answer.status_code, dict(answer.headers), answer.content)


def client(town: Town, **options: Any) -> tuple[Bank, Line]:
    public = Ed25519PrivateKey.from_private_bytes(SIGNER).public_key().public_bytes_raw().hex()
    body = {"client_id": "erp", "party_id": "supplier-1", "roles": ["supplier"]}
    body |= {"scopes": list(SCOPES), "signer": public if options.get("signer") else ""}
    secret = town.post("/clients", body, "administrator").json()["client_secret"]
    line = Line(town)
    return Bank(line, "erp", secret, pause=lambda _: None, **options), line


def test_what_was_sent_over_a_broken_line_happens_once(town: Town) -> None:
    bank, line = client(town)
    line.cuts = ["before", "after", "503", "429"]
    made = bank.post("/receivables", town.invoice())
    assert len(list(bank.each("/receivables", "receivables", limit=1))) == 1
    keys = {headers["Idempotency-Key"] for path, headers in line.sent if path == "/receivables"}
    assert len(keys) == 1
    town.step()
    assert bank.get(f"/receivables/{made['reference']}")["state"] == "registered"


def test_a_line_that_stays_broken_is_told(town: Town) -> None:
    bank, line = client(town)
    line.cuts = ["before"] * (len(PAUSES_S) + 1)
    with pytest.raises(OSError, match="cut"):
        bank.get("/receivables")


def test_every_page_of_a_list_comes(town: Town) -> None:
    bank, _ = client(town)
    for n in range(5):
        bank.post("/receivables", town.invoice(f"INV-{n}"))
    rows = list(bank.each("/receivables", "receivables", limit=2))
    assert len({row["invoice_number"] for row in rows}) == 5


def test_an_expired_token_is_replaced(town: Town) -> None:
    bank, line = client(town)
    bank.get("/receivables")
    town.clock.time_s += LIFE_S
    assert bank.get("/receivables")["receivables"] == []
    assert [path for path, _ in line.sent].count("/oauth/token") == 2


def test_a_refusal_comes_with_its_codes(town: Town) -> None:
    bank, _ = client(town)
    with pytest.raises(Refused) as caught:
        bank.post("/financing-requests/r/acceptance", {"supplier_id": "supplier-1"})
    assert (caught.value.status, caught.value.code) == (404, "not_found")
    assert caught.value.document["refusal"] == "financing_request_unknown"
    wrong = Bank(Line(town), "erp", "wrong")
    with pytest.raises(Refused, match="invalid_client"):
        wrong.get("/receivables")


def test_it_signs_what_moves_money(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("system.api.signatures.AGE_S_MAX", 10**9)  # the town lives in January
    bank, _ = client(town, signer=SIGNER)
    with pytest.raises(Refused, match="not_found"):
        bank.post("/financing-requests/r/acceptance", {"supplier_id": "supplier-1"})


def test_an_address_that_is_none_is_named() -> None:
    with pytest.raises(InputError, match="address"):
        HttpTransport("bank.example")
