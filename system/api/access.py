"""Who may do what: roles, the caller of a request, and whose things are whose."""

from dataclasses import dataclass
from enum import IntFlag
from typing import Final


class Role(IntFlag):
    """What a client acts as. One client may have several."""

    SUPPLIER = 1
    CORE_ENTERPRISE = 2
    BANK_OFFICER = 4
    RISK_OFFICER = 8
    PLATFORM = 16
    LESSOR = 32
    AUDITOR = 64
    REGULATOR = 128
    ADMINISTRATOR = 256  # admits clients and parties; moves no money
    RAIL = 512  # the payment rail: tells what became of payments


READERS: Final = Role.AUDITOR | Role.REGULATOR
# Whose business goes beyond one party: they see the objects of all.
SEE_ALL: Final = READERS | Role.BANK_OFFICER | Role.RISK_OFFICER
# What a client may be admitted to, with what that covers.
SCOPES: Final = {
    "receivables": "receivables and their financing",
    "credit": "merchants, their lines and the models that decide",
    "leasing": "machines, their telemetry and leases",
    "parties": "companies and their verification",
    "payments": "money that leaves and comes in over the rail",
    "operations": "clients, approvals, webhooks, vouchers and the audit log",
    "compliance": "lists, suspicions, the sandbox, explanations and evidence",
}


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose token it is. party_id: the party that the client acts for, empty for none.

    signer: the client's Ed25519 public key (32 bytes) for signed requests, empty for none.
    secret_mark: another one with every new secret; empty where the client is yet to be admitted.
    """

    client_id: str
    party_id: str
    roles: Role
    scopes: tuple[str, ...]
    signer: bytes = b""
    secret_mark: str = ""

    def sees_all(self) -> bool:
        """Whether object checks are lifted for reading."""
        return bool(self.roles & SEE_ALL)

    def is_one_of(self, *party_ids: str) -> bool:
        """Whether the caller acts for one of these parties."""
        return bool(self.party_id) and self.party_id in party_ids
