"""Rows of the relay: one transaction per outbox message, and each sender's next nonce."""

import json
from dataclasses import dataclass
from typing import Literal

from system.errors import InputError
from system.ledger.outbox import OutboxMessage, message
from system.ports.evm import Address, Call, Receipt
from system.ports.store import AtLeast, Table

TARGET = "evm"


@dataclass(frozen=True, slots=True)
class RelayedTransaction:
    """The only bytes that are ever sent for this message; open until its receipt is final.

    ``sequence`` is the order of signing, in which transactions are sent. While it is open, ``ok``
    and ``block_number`` are None and ``revert_data`` is empty. ``effect``: digest of what it did
    when it was final; an open row that has one was dropped by a reorganisation below finality, and
    is contradicted when it then does something else. ``refusal``: why the node does not take the
    bytes; empty while it does.
    """

    sequence: int
    message_id: str
    sender: Address
    nonce: int
    raw: bytes
    tx_hash: bytes
    state: Literal["open", "final", "contradicted"]
    block_number: int | None
    ok: bool | None
    revert_data: bytes
    effect: bytes = b""
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class NextNonce:
    sender: Address
    nonce: int


@dataclass(frozen=True, slots=True)
class Settled:
    """A message whose transaction is final: executed, or refused by the contract."""

    message_id: str
    receipt: Receipt


@dataclass(frozen=True, slots=True)
class Trouble:
    """What needs a person: dead_letter, final_block_dropped or outcome_contradicted."""

    rule: str
    message_ids: tuple[str, ...]
    cause: str


# The unique nonce also fences: of two relays that reserve at once, one fails and changes nothing.
TRANSACTIONS = Table(
    "chain_transaction",
    RelayedTransaction,
    key=("sequence",),
    unique=(("message_id",), ("sender", "nonce"), ("tx_hash",)),
    index=(("state",), ("block_number",)),
)
NONCES = Table("chain_nonce", NextNonce, key=("sender",), checks=(AtLeast("nonce", 0),))
RELAY_TABLES = (TRANSACTIONS, NONCES)


def evm_message(
    message_id: str, ordering_key: str, sequence: int, call: Call, now_s: int
) -> OutboxMessage:
    """An outbox message that the relay turns into one transaction."""
    fields = {
        "sender": call.sender,
        "to": call.to,
        "data": call.data.hex(),
        "gas_max": call.gas_max,
    }
    payload = json.dumps(fields, sort_keys=True, separators=(",", ":"))
    return message(message_id, TARGET, ordering_key, sequence, payload, now_s)


def call_of(payload: str) -> Call:
    """The call inside a payload of ``evm_message``. Raises InputError."""
    try:
        fields = json.loads(payload)
        return Call(**{**fields, "data": bytes.fromhex(fields["data"])})
    except (ValueError, TypeError, KeyError):
        raise InputError("payload", payload, "build it with evm_message") from None
