"""A bank's gateway over real parts, with clients of every role, driven over ASGI."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from system.api.clients import find
from system.api.start import ADMINISTRATOR, Opening, Process
from system.credit import registry
from system.credit.model_files import pack_scorecard
from system.kernels.business_day import day_start_s
from system.settings import Settings
from tests.system.credit_world import MODEL
from tests.system.scorecards import full_card

SECRET = b"a secret for tests only"
FAR_S = 1_900_000_000
# 1 January 2026, noon in China.
START_S = day_start_s(20_454) + 43_200
# client -> (party, roles)
CAST = {
    "supplier-erp": ("supplier-1", ["supplier"]),
    "other-erp": ("supplier-2", ["supplier"]),
    "core-erp": ("core-1", ["core_enterprise"]),
    "other-core": ("core-2", ["core_enterprise"]),
    "teller": ("bank-1", ["bank_officer"]),
    "teller-2": ("bank-1", ["bank_officer"]),
    "risk-a": ("bank-1", ["risk_officer"]),
    "risk-b": ("bank-1", ["risk_officer"]),
    "shopping": ("platform-1", ["platform"]),
    "other-shopping": ("platform-2", ["platform"]),
    "lessor": ("lessor-1", ["lessor"]),
    "auditor": ("", ["auditor"]),
    "regulator": ("", ["regulator"]),
    "rail": ("", ["rail"]),
}
PARTIES = {"supplier-1": 2, "supplier-2": 2, "core-1": 1, "core-2": 1, "bank-1": 4}
ALL_SCOPES = ["receivables", "credit", "leasing", "parties", "payments", "operations"]
ALL_SCOPES += ["compliance"]


@dataclass
class TestClock:
    __test__ = False
    time_s: int = START_S

    def now_s(self) -> int:
        return self.time_s


@dataclass
class Town:
    """Requests as this or that client."""

    process: Process
    clock: TestClock
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    tokens: dict[str, str] = field(default_factory=dict)
    keys: int = 0

    @classmethod
    def open(cls, folder: Path) -> "Town":
        clock = TestClock()
        settings = Settings(store_url=f"sqlite:///{folder}/bank.db", evm="revm")
        town = cls(Process(Opening(clock, settings, SECRET)), clock)
        town.log_in(ADMINISTRATOR, town.process.administrator_secret())
        for client, (party, roles) in CAST.items():
            town.admit(client, party, roles)
        for party, roles in PARTIES.items():
            body = {"party_id": party, "name": party, "roles": roles, "kyc_expires_at_s": FAR_S}
            assert town.post("/parties", body, ADMINISTRATOR).status_code == 202
        town.step()
        return town

    def close(self) -> None:
        self.process.close()
        self.loop.close()

    def admit(self, client: str, party: str, roles: list[str], **more: str) -> None:
        body = {"client_id": client, "party_id": party, "roles": roles, "scopes": ALL_SCOPES} | more
        answer = self.post("/clients", body, ADMINISTRATOR)
        assert answer.status_code == 201, answer.text
        self.log_in(client, answer.json()["client_secret"])

    def log_in(self, client: str, secret: str) -> None:
        form = {"grant_type": "client_credentials"}
        answer = self.send("POST", "/oauth/token", data=form, auth=(client, secret))
        assert answer.status_code == 200, answer.text
        self.tokens[client] = answer.json()["access_token"]

    def send(self, method: str, path: str, **options: Any) -> httpx.Response:
        async def go() -> httpx.Response:
            transport = httpx.ASGITransport(self.process.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://bank") as client:
                return await client.request(method, path, **options)

        return self.loop.run_until_complete(go())

    def headers(self, client: str, key: str | None = None) -> dict[str, str]:
        self.keys += 1
        return {
            "Authorization": f"Bearer {self.tokens[client]}",
            "Idempotency-Key": key or f"key-{self.keys}",
        }

    def post(self, path: str, body: Any, client: str, key: str | None = None) -> httpx.Response:
        return self.send("POST", path, json=body, headers=self.headers(client, key))

    def get(self, path: str, client: str, **headers: str) -> httpx.Response:
        return self.send("GET", path, headers=self.headers(client) | headers)

    def step(self) -> None:
        """A few blocks."""
        for _ in range(4):
            self.clock.time_s += 5
            self.process.advance_chain()
            self.process.advance_rail()

    def pass_days(self, days: int) -> None:
        for _ in range(days):
            self.clock.time_s += 86_400
            self.process.close_days()
            self.step()
        self.refresh()

    def refresh(self) -> None:
        """Tokens expire; everybody gets a new one."""
        gateway = self.process.gateway
        with gateway.services.unit() as unit:
            for client in self.tokens:
                caller = find(unit, client)
                assert caller is not None
                self.tokens[client] = gateway.tokens.issue(caller, self.clock.time_s)

    def name_account(self, owner: str, account: str = "6222000000000001") -> None:
        """By two officers of the bank."""
        body = {"owner": owner, "name": owner, "account": account, "agent": "102100099996"}
        asked = self.post("/payout-accounts", body, "teller")
        assert asked.status_code == 202, asked.text
        approval = f"/approvals/{asked.json()['approval_id']}"
        answer = self.post(approval, {"approve": True}, "teller-2")
        assert answer.status_code == 200, answer.text

    def promote_model(self) -> None:
        file = pack_scorecard(MODEL)
        card = full_card(file, MODEL)
        with self.process.gateway.services.credit.book.transaction() as unit:
            made = registry.propose(unit.rows, file, card, "ann", START_S, command_id="m1")
            registry.approve(unit.rows, made, "bob", START_S, command_id="m2")

    def invoice(self, number: str = "INV-1", seller: str = "supplier-1") -> dict[str, str]:
        return {
            "seller_id": seller,
            "debtor_id": "core-1",
            "invoice_number": number,
            "amount": "100000.00",
            "currency": "CNY",
            "issued_on": "2025-12-31",
            "due_on": "2026-04-30",
        }
