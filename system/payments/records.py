"""The nouns of money that leaves: accounts elsewhere, payments, and the messages about them."""

from dataclasses import dataclass
from typing import Final, Literal

from system.ports.store import AtLeast, Table

State = Literal["held", "asked", "sent", "accepted", "settled", "rejected", "returned"]
# Money that has left our books and neither arrived nor come back.
UNDER_WAY: Final = ("held", "asked", "sent", "accepted")
# How a payment ends; what was settled may still come back.
ENDS: Final = ("settled", "rejected", "returned")
Direction = Literal["out", "in"]
# As ISO 20022 calls China's national payment system in its list of clearing systems.
CLEARING_SYSTEM: Final = "CNAPS"


@dataclass(frozen=True, slots=True)
class PayoutAccount:
    """Where an owner is paid. owner: a party id, ``merchant/N`` or ``lease/N``.

    agent: the payee bank's number in the clearing system.  usable: false since a payment to it was
    rejected or came back; naming the account anew lifts that.
    """

    owner: str
    name: str
    account: str
    agent: str
    usable: bool
    named_at_s: int


@dataclass(frozen=True, slots=True)
class RailPayment:
    """One payment to an account elsewhere. ``payment_id`` is its EndToEndId: it is paid once.

    product: whose books wait for the outcome.  cause: the row or command that made it.
    state: held (no account is known, or it is not usable), asked, sent, accepted (under way at the
    rail), settled, rejected, returned (settled, and came back).  reason: ISO 20022 code of the
    last two.  message_id: of the pain.001 that carries it.  again: how often it was asked anew.
    """

    payment_id: str
    product: str
    owner: str
    cause: str
    amount_fen: int
    name: str
    account: str
    agent: str
    state: str
    reason: str
    message_id: str
    asked_at_s: int
    changed_at_s: int
    again: int = 0


@dataclass(frozen=True, slots=True)
class RailMessage:
    """A message as its exact bytes (hex would double them; it is UTF-8 text).

    note: why an incoming one could not be used; empty where it was.
    """

    direction: str
    message_id: str
    kind: str
    text: str
    at_s: int
    note: str = ""


PAYOUT_ACCOUNTS: Final = Table(
    "payout_account", PayoutAccount, key=("owner",), sealed=("name", "account")
)
PAYMENTS: Final = Table(
    "rail_payment",
    RailPayment,
    key=("payment_id",),
    index=(("state",), ("owner",), ("message_id",)),
    checks=(AtLeast("amount_fen", 1),),
    sealed=("name", "account"),
)
MESSAGES: Final = Table(
    "rail_message",
    RailMessage,
    key=("direction", "message_id"),
    append_only=True,
    sealed=("text",),
)
PAYMENT_TABLES: Final = (PAYOUT_ACCOUNTS, PAYMENTS, MESSAGES)
