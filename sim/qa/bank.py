"""A bank's gateway that runs in a test: embedded parts, a clock of the test's own, no sockets."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from system.api.access import SCOPES
from system.api.clients import find
from system.api.start import ADMINISTRATOR, Opening, Process
from system.kernels.business_day import day_start_s
from system.limits import DAY_S
from system.settings import Settings

if TYPE_CHECKING:
    import httpx

# 1 January 2026, noon in China.
START_S: Final = day_start_s(20_454) + 43_200
_KYC_EXPIRES_S: Final = 1_900_000_000
_BLOCK_S, _BLOCKS = 5, 4
SECRET: Final = b"a secret for tests only"


@dataclass
class HeldClock:
    """The clock port, moved by the test. time_s: UTC seconds."""

    time_s: int = START_S

    def now_s(self) -> int:
        return self.time_s


class RunningBank:
    """The production gateway over SQLite and an EVM in this process, asked as this or that client.

    folder: where its database lies.  Needs httpx. Close it.
    """

    def __init__(self, folder: Path) -> None:
        self.clock = HeldClock()
        settings = Settings(store_url=f"sqlite:///{folder}/bank.db", evm="revm")
        self.process = Process(Opening(self.clock, settings, SECRET))
        self.loop = asyncio.new_event_loop()
        self.tokens: dict[str, str] = {}
        self._keys = 0
        self.log_in(ADMINISTRATOR, self.process.administrator_secret())

    def close(self) -> None:
        """Give files and the loop back."""
        self.process.close()
        self.loop.close()

    # Who may ask.

    def admit(self, client: str, party: str, roles: list[str], **more: str) -> None:
        """A client of a party, logged in. roles: as the gateway names them."""
        body = {"client_id": client, "party_id": party, "roles": roles, "scopes": list(SCOPES)}
        answer = self.post("/clients", body | more, ADMINISTRATOR)
        assert answer.status_code == 201, answer.text
        self.log_in(client, answer.json()["client_secret"])

    def enrol(self, party: str, roles: int) -> None:
        """A party of the platform. roles: bits 1 core enterprise, 2 supplier, 4 bank."""
        body = {
            "party_id": party,
            "name": party,
            "roles": roles,
            "kyc_expires_at_s": _KYC_EXPIRES_S,
        }
        answer = self.post("/parties", body, ADMINISTRATOR)
        assert answer.status_code == 202, answer.text

    def log_in(self, client: str, secret: str) -> None:
        """A token for this client from now on."""
        form = {"grant_type": "client_credentials"}
        answer = self.send("POST", "/oauth/token", data=form, auth=(client, secret))
        assert answer.status_code == 200, answer.text
        self.tokens[client] = answer.json()["access_token"]

    # Requests.

    def send(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Any request; options as httpx takes them."""
        import httpx

        async def go() -> httpx.Response:
            transport = httpx.ASGITransport(self.process.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://bank") as client:
                return await client.request(method, path, **options)

        return self.loop.run_until_complete(go())

    def headers(self, client: str, key: str | None = None) -> dict[str, str]:
        """Of a request by this client, under a fresh idempotency key unless one is given."""
        self._keys += 1
        return {
            "Authorization": f"Bearer {self.tokens[client]}",
            "Idempotency-Key": key or f"key-{self._keys}",
        }

    def post(self, path: str, body: Any, client: str, key: str | None = None) -> httpx.Response:
        """A command."""
        return self.send("POST", path, json=body, headers=self.headers(client, key))

    def get(self, path: str, client: str, **headers: str) -> httpx.Response:
        """A question."""
        return self.send("GET", path, headers=self.headers(client) | headers)

    # Time.

    def step(self) -> None:
        """A few blocks."""
        for _ in range(_BLOCKS):
            self.clock.time_s += _BLOCK_S
            self.process.advance_chain()
            self.process.advance_rail()

    def pass_days(self, days: int) -> None:
        """Days go by and are closed. Tokens have expired by then; everybody gets a new one."""
        for _ in range(days):
            self.clock.time_s += DAY_S
            self.process.close_days()
            self.step()
        self.refresh()

    def refresh(self) -> None:
        """Everybody gets a new token."""
        gateway = self.process.gateway
        with gateway.services.unit() as unit:
            for client in self.tokens:
                caller = find(unit, client)
                assert caller is not None
                self.tokens[client] = gateway.tokens.issue(caller, self.clock.time_s)
