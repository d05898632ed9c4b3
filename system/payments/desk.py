"""Money that leaves: asked for with its cause, sent once, followed until it arrived or came back.

A payment is a row of the transaction that decided it. It leaves in a pain.001 whose bytes are
stored before they are sent, and only those bytes are sent again, so nothing is paid twice; what the
rail says comes in through the inbox, each message once.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from system.canonical import canonical_json, sha256_hex
from system.compliance import audit
from system.compliance.records import AuditEntry
from system.errors import InputError
from system.ledger import outbox
from system.limits import TEXT_CHARS_MAX
from system.payments.instructions import Initiation, Instruction, write_initiation
from system.payments.records import (
    MESSAGES,
    PAYMENTS,
    PAYOUT_ACCOUNTS,
    PayoutAccount,
    RailMessage,
    RailPayment,
)
from system.ports.store import Unit
from system.xml_documents import PAIN_001

TARGET: Final = "rail"
_ACTOR: Final = "payments"
# Payments in one pain.001, which is written in one go: some milliseconds.
MESSAGE_PAYMENTS_MAX: Final = 40
# Messages that are handed over in one round.
_MESSAGES_MAX: Final = 500
_OURS: Final = "PAY"
_END_TO_END_CHARS: Final = 32


@dataclass(frozen=True, slots=True)
class Order:
    """What a product asks for. cause: names the payment, once, within its product."""

    product: str
    owner: str
    cause: str
    amount_fen: int


def payment_id_of(product: str, cause: str, again: int = 0) -> str:
    """The EndToEndId: derived from the cause, so that a repeated cause collides."""
    text = canonical_json([product, cause, again])
    return _OURS + sha256_hex(text)[: _END_TO_END_CHARS - len(_OURS)].upper()


def name_account(unit: Unit, account: PayoutAccount) -> None:
    """Say where an owner is paid from now on; what waited is asked for. Raises InputError."""
    check_account(account)
    known = account_of(unit, account.owner)
    write = unit.insert if known is None else unit.replace
    write(PAYOUT_ACCOUNTS, [account])
    waiting = [row for row in unit.find(PAYMENTS, {"owner": account.owner}) if row.state == "held"]
    for row in waiting:
        name, number, agent = account.name, account.account, account.agent
        asked = replace(row, state="asked", name=name, account=number, agent=agent)
        unit.replace(PAYMENTS, [asked])
    audit.append(
        unit,
        [AuditEntry(_ACTOR, "name account", account.owner, account.account)],
        account.named_at_s,
    )


def stop_paying(unit: Unit, owners: Sequence[str], now_s: int) -> None:
    """Nothing more is sent to these owners until their account is named anew; it is held."""
    accounts = _accounts(unit, owners).values()
    unit.replace(PAYOUT_ACCOUNTS, [replace(row, usable=False) for row in accounts])
    for owner in owners:
        asked = [row for row in unit.find(PAYMENTS, {"owner": owner}) if row.state == "asked"]
        unit.replace(PAYMENTS, [replace(row, state="held") for row in asked])
    links = [AuditEntry(_ACTOR, "stop paying", owner, None) for owner in owners]
    audit.append(unit, links, now_s)


def check_account(account: PayoutAccount) -> None:
    """Raises InputError."""
    if not account.name.strip() or len(account.name) > TEXT_CHARS_MAX:
        raise InputError("name", account.name, f"give 1 to {TEXT_CHARS_MAX} characters")
    number = account.account
    if not (number.isascii() and number.isalnum() and number == number.upper()):
        raise InputError("account", number, "give 6 to 34 capital letters and digits")
    if not 6 <= len(number) <= 34:
        raise InputError("account", number, "give 6 to 34 capital letters and digits")
    if not (account.agent.isascii() and account.agent.isdigit() and len(account.agent) == 12):
        raise InputError("agent", account.agent, "give the payee bank's CNAPS number, 12 digits")


def account_of(unit: Unit, owner: str) -> PayoutAccount | None:
    """Where an owner is paid."""
    [row] = unit.get(PAYOUT_ACCOUNTS, [(owner,)])
    return row


def order(unit: Unit, asked: Sequence[Order], now_s: int) -> list[RailPayment]:
    """Ask for payments, in the transaction of their cause. The same cause: the same payment."""
    ids = [payment_id_of(one.product, one.cause) for one in asked]
    known = unit.get(PAYMENTS, [(one,) for one in ids])
    accounts = _accounts(unit, [one.owner for one in asked])
    rows = {
        payment_id: found or _payment(one, accounts.get(one.owner), now_s, 0)
        for payment_id, found, one in zip(ids, known, asked, strict=True)
    }
    held = {row.payment_id for row in known if row is not None}
    unit.insert(PAYMENTS, [row for row in rows.values() if row.payment_id not in held])
    return [rows[one] for one in ids]


def _accounts(unit: Unit, owners: Sequence[str]) -> dict[str, PayoutAccount]:
    found = unit.get(PAYOUT_ACCOUNTS, [(owner,) for owner in dict.fromkeys(owners)])
    return {row.owner: row for row in found if row is not None}


def order_again(unit: Unit, payment: RailPayment, now_s: int) -> RailPayment:
    """A new payment in place of one that was rejected or came back. Raises InputError."""
    if payment.state not in ("rejected", "returned"):
        raise InputError("state", payment.state, "ask again only for what did not arrive")
    one = Order(payment.product, payment.owner, payment.cause, payment.amount_fen)
    row = _payment(one, account_of(unit, one.owner), now_s, payment.again + 1)
    if unit.get(PAYMENTS, [(row.payment_id,)]) != [None]:
        raise InputError("payment_id", payment.payment_id, "it was asked for again before")
    unit.insert(PAYMENTS, [row])
    return row


def _payment(one: Order, held: PayoutAccount | None, now_s: int, again: int) -> RailPayment:
    usable = held is not None and held.usable
    place = (held.name, held.account, held.agent) if held is not None else ("", "", "")
    return RailPayment(
        payment_id_of(one.product, one.cause, again),
        one.product,
        one.owner,
        one.cause,
        one.amount_fen,
        *place,
        state="asked" if usable else "held",
        reason="",
        message_id="",
        asked_at_s=now_s,
        changed_at_s=now_s,
        again=again,
    )


def pack(unit: Unit, now_s: int) -> RailMessage | None:
    """Put what was asked for into one pain.001, for the outbox; None where nothing was."""
    rows = unit.find(PAYMENTS, {"state": "asked"}, limit=MESSAGE_PAYMENTS_MAX)
    if not rows:
        return None
    members = [row.payment_id for row in rows]
    message_id = "MSG" + sha256_hex(canonical_json(members))[:29].upper()
    parts = tuple(
        Instruction(
            r.payment_id, r.amount_fen, r.name, r.account, r.agent, f"{r.product} {r.cause}"
        )
        for r in rows
    )
    raw = write_initiation(Initiation(message_id, parts), now_s)
    stored = RailMessage("out", message_id, PAIN_001, raw.decode(), now_s)
    unit.insert(MESSAGES, [stored])
    unit.replace(
        PAYMENTS,
        [replace(r, state="sent", message_id=message_id, changed_at_s=now_s) for r in rows],
    )
    outbox.enqueue(unit, [outbox.message(message_id, TARGET, message_id, 0, "", now_s)])
    audit.append(unit, [AuditEntry(_ACTOR, "send", message_id, members)], now_s)
    return stored


def to_send(unit: Unit) -> list[RailMessage]:
    """Messages that the rail has not spoken about yet: to be handed over, again where they were."""
    waiting = [
        *outbox.pending(unit, TARGET, _MESSAGES_MAX),
        *outbox.unconfirmed(unit, TARGET),
    ]
    rows = unit.get(MESSAGES, [("out", one.message_id) for one in waiting])
    return [row for row in rows if row is not None]
