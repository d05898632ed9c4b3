"""Receivables from application to cash: a supplier's lot, the bank's quote, the chain's payment."""

import asyncio
import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sim.stress.client import Client
from sim.stress.gateway import Gateway, Refused
from sim.stress.streams import Now
from system.kernels.business_day import business_day

_SUPPLIERS, _CORES = 12, 3
_BANK: Final = "bank-0"
_AMOUNT_FEN: Final = 1_000_000
_LOOK_S: Final = 0.02
_WAIT_S_MAX: Final = 60.0
_YEAR_S: Final = 366 * 86_400
_ROLES: Final = {"supplier": 2, "core": 1, "bank": 4}
_CLIENT_ROLES: Final = {"supplier": "supplier", "core": "core_enterprise", "bank": "bank_officer"}
_SCOPES: Final = ("receivables", "parties", "operations")


class NotDone(Exception):
    """It did not come to its end while somebody watched."""


@dataclass(slots=True)
class Financing:
    """ahead: receivables that are accepted and on the chain before their owners apply.

    disbursed: request id -> advance in fen, as shown when it was paid.
    """

    gateway: Gateway
    administrator: Client
    now: Now
    now_s: int
    ahead: int
    run: str
    name: str = "financing"
    unit: str = "applications"
    each: int = 1
    disbursed: dict[str, int] = field(default_factory=dict)
    clients: dict[str, Client] = field(default_factory=dict)
    _lots: dict[int, "asyncio.Task[int]"] = field(default_factory=dict)
    _made: int = 0

    async def open(self) -> None:
        """Parties on the chain, and the first lots."""
        names = [f"supplier-{n}" for n in range(_SUPPLIERS)]
        names += [f"core-{n}" for n in range(_CORES)]
        for name in (*names, _BANK):
            await self._admit(name)
        await asyncio.gather(*(self._stands(f"/parties/{name}") for name in names))
        self._prepare(self.ahead)
        await asyncio.gather(*self._lots.values())

    async def close(self) -> None:
        """Lots that nobody asked to finance may still be under way."""
        await asyncio.gather(*self._lots.values(), return_exceptions=True)

    async def _admit(self, name: str) -> None:
        kind = name.partition("-")[0]
        body: dict[str, Any] = {
            "client_id": f"{name}-erp",
            "party_id": name,
            "roles": [_CLIENT_ROLES[kind]],
            "scopes": list(_SCOPES),
        }
        key = f"{self.run}-admit-{name}"
        answer = await self.gateway.command(self.administrator, "/clients", body, key)
        self.clients[name] = Client(f"{name}-erp", name, answer["client_secret"])
        party = {
            "party_id": name,
            "name": name,
            "roles": _ROLES[kind],
            "kyc_expires_at_s": self.now_s + 3 * _YEAR_S,
        }
        await self.gateway.command(self.administrator, "/parties", party, f"{key}-party")

    async def _stands(self, path: str) -> None:
        """Wait until the chain knows the party."""
        client = self.clients[path.rpartition("/")[2]]
        await self._until(client, path, lambda found: found.get("kyc_state") == "verified")

    def _prepare(self, count: int) -> None:
        for _ in range(count):
            self._lots[self._made] = asyncio.create_task(self._lot(self._made))
            self._made += 1

    async def arrive(self, number: int, intended_s: float) -> float:
        self._prepare(1)
        lot = await self._lots.pop(number)
        supplier, key = _supplier(number), f"{self.run}-{self.name}-{number}"
        client = self.clients[supplier]
        asked = {
            "supplier_id": supplier,
            "bank_id": _BANK,
            "amount_fen": _AMOUNT_FEN,
            "with_recourse": True,
        }
        answer = await self.gateway.command(
            client, f"/lots/{lot}/financing-requests", asked, f"{key}-ask"
        )
        path = f"/financing-requests/{answer['reference']}"
        await self._until(client, path, lambda found: found["state"] == "quoted")
        taken = {"supplier_id": supplier}
        await self.gateway.command(client, f"{path}/acceptance", taken, f"{key}-take")
        paid = await self._until(client, path, lambda found: found["state"] == "disbursed")
        self.disbursed[str(answer["reference"])] = int(paid["advance_fen"])
        return self.now()

    async def _lot(self, number: int) -> int:
        """An accepted receivable's lot."""
        supplier, core = _supplier(number), f"core-{number % _CORES}"
        today = datetime.date(1970, 1, 1) + datetime.timedelta(business_day(self.now_s))
        invoice = {
            "seller_id": supplier,
            "debtor_id": core,
            "invoice_number": f"{self.run}-{number}",
            "amount": f"{_AMOUNT_FEN // 100 + number % 97}.00",
            "currency": "CNY",
            "issued_on": str(today - datetime.timedelta(1 + number % 20)),
            "due_on": str(today + datetime.timedelta(60 + number % 40)),
        }
        key = f"{self.run}-invoice-{number}"
        client, debtor = self.clients[supplier], self.clients[core]
        answer = await self.gateway.command(client, "/receivables", invoice, key)
        path = f"/receivables/{answer['reference']}"
        await self._until(client, path, lambda found: found["state"] == "registered")
        await self.gateway.command(debtor, f"{path}/acceptance", {}, f"{key}-accept")
        shown = await self._until(client, path, lambda found: bool(found["lots"]))
        return int(shown["lots"][0]["lot_id"])

    async def _until(self, client: Client, path: str, holds: Any) -> Mapping[str, Any]:
        until = self.now() + _WAIT_S_MAX
        found: Mapping[str, Any] = {}
        while self.now() < until:
            try:
                found = await self.gateway.read(client, path)
            except Refused as refused:
                if refused.status != 404:
                    raise
            if found and holds(found):
                return found
            await asyncio.sleep(_LOOK_S)
        raise NotDone(f"{path} is {found.get('state')!r} after {_WAIT_S_MAX:.0f} s")


def _supplier(number: int) -> str:
    return f"supplier-{number % _SUPPLIERS}"
