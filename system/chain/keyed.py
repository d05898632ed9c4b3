"""Commands under their idempotency keys: what makes one the repeat of another."""

from dataclasses import dataclass, replace
from typing import Any, Final, Generic, TypeVar

from system.canonical import sha256_hex
from system.chain.commands import (
    AcceptReceivable,
    CallRecourse,
    ChangeKyc,
    DeclineQuote,
    EndorseLot,
    EndPayout,
    EnrolParty,
    HoldPurchases,
    LiftHold,
    OpenDispute,
    PauseNewRisk,
    PayReceivable,
    RegisterReceivable,
    RejectReceivable,
    ReleaseAlert,
    ReportPledge,
    RequestFinancing,
    ResolveDispute,
    TakeQuote,
    WriteOff,
)

C = TypeVar("C")
# Whose command ids they are: two parties may use the same one.
CLIENTS: Final[dict[type, str]] = {
    EnrolParty: "party_id",
    ChangeKyc: "party_id",
    RegisterReceivable: "seller_id",
    AcceptReceivable: "debtor_id",
    RejectReceivable: "debtor_id",
    ReportPledge: "bank_id",
    ReleaseAlert: "asked_by",
    RequestFinancing: "supplier_id",
    TakeQuote: "supplier_id",
    DeclineQuote: "supplier_id",
    EndorseLot: "holder_id",
    PayReceivable: "debtor_id",
    OpenDispute: "debtor_id",
    ResolveDispute: "supplier_id",
    CallRecourse: "bank_id",
    WriteOff: "bank_id",
    EndPayout: "payment_id",
    HoldPurchases: "bank_id",
    LiftHold: "bank_id",
    PauseNewRisk: "asked_by",
}


@dataclass(frozen=True, slots=True)
class Keyed(Generic[C]):
    """A command with its idempotency key."""

    client: str
    key: str
    fingerprint: str
    command: C


def keyed(command: Any) -> Keyed[Any]:
    """A repeat is the same command in every field."""
    kind = type(command)
    client = f"{kind.__name__}/{getattr(command, CLIENTS[kind])}"
    return Keyed(client, command.command_id, sha256_hex(repr(command)), command)


def keyed_whenever_signed(command: AcceptReceivable) -> Keyed[Any]:
    """A repeat accepts the same claim: what it signs holds the second."""
    return replace(keyed(command), fingerprint=sha256_hex(command.receivable_id))
