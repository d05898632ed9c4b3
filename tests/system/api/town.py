"""A bank's gateway over real parts, with clients of every role, driven over ASGI."""

from pathlib import Path

from sim.qa.bank import START_S, RunningBank
from system.api.access import SCOPES
from system.api.start import ADMINISTRATOR
from system.credit import registry
from system.credit.model_files import pack_scorecard
from tests.system.credit_world import MODEL
from tests.system.scorecards import full_card

FAR_S = 1_900_000_000
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


class Town(RunningBank):
    """A running bank whose every client and party is there from the start."""

    @classmethod
    def open(cls, folder: Path) -> "Town":
        town = cls(folder)
        for client, (party, roles) in CAST.items():
            town.admit(client, party, roles)
        for party, roles in PARTIES.items():
            town.enrol(party, roles)
        town.step()
        return town

    def name_account(self, owner: str, account: str = "6222000000000001") -> None:
        """By two officers of the bank."""
        body = {"owner": owner, "name": owner, "account": account, "agent": "102100099996"}
        asked = self.post("/payout-accounts", body, "teller")
        assert asked.status_code == 202, asked.text
        approval = f"/approvals/{asked.json()['approval_id']}"
        answer = self.post(approval, {"approve": True}, "teller-2")
        assert answer.status_code == 200, answer.text

    def admit_by_two(self, client: str, roles: list[str], checker: str, **more: str) -> None:
        """A client of the bank, logged in, on which two administrators agreed."""
        body = {"client_id": client, "party_id": "bank-1", "roles": roles, "scopes": list(SCOPES)}
        asked = self.post("/client-admissions", body | more, ADMINISTRATOR)
        approval = f"/approvals/{asked.json()['approval_id']}"
        assert self.post(approval, {"approve": True}, ADMINISTRATOR).status_code == 403
        done = self.post(approval, {"approve": True}, checker)
        assert done.json()["result"] == {"client_id": client}, done.text
        secret = self.post(f"/clients/{client}/secret", {}, ADMINISTRATOR)
        self.log_in(client, secret.json()["client_secret"])

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
