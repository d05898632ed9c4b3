"""What the payment rail says reaches its product, and what products owe reaches the rail."""

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from system.api.services import Services
from system.api.unapplied import UNAPPLIED, UnappliedCash
from system.chain.commands import PayReceivable
from system.chain.records import RECEIVABLES
from system.chain.service_payouts import end_of
from system.credit.commands import RepayBatch
from system.kernels.columns import i64
from system.leasing.leases.commands import PayBatch
from system.payments import desk as payments
from system.payments import rail_work
from system.payments.intake import Received, Taken
from system.payments.records import RailPayment

CREDIT: Final = "credit"
LEASING: Final = "leasing"
_RECEIVABLE: Final = re.compile(r"\b[0-9a-f]{64}\b")
_NUMBERED: Final = re.compile(r"\b(merchant|lease)/([0-9]{1,15})\b")


def take(services: Services, raw: bytes) -> Taken:
    """Apply one message and let products know, all in the open group or not at all."""

    def ended(payment: RailPayment) -> None:
        _ENDED[payment.product](services, payment)

    received = partial(_receive, services)
    return rail_work.take(services.store, services.clock.now_s(), raw, ended, received)


def _receivables_ended(services: Services, payment: RailPayment) -> None:
    services.receivables.receivables.end_payouts([end_of(payment)])


def _credit_ended(services: Services, payment: RailPayment) -> None:
    """A draw that did not arrive pays the line back; what it owes less is owed to the merchant."""
    if payment.state == "settled" or payment.cause.startswith(OVERPAID):
        return
    account = i64([int(payment.owner.partition("/")[2])])
    key = f"rail/{payment.payment_id}"
    done = services.credit.credit.repay(RepayBatch(key, account, i64([payment.amount_fen])))
    refused = bool(done.code[0])
    rest_fen = payment.amount_fen if refused else int(done.returned_fen[0])
    give_back(services, CREDIT, [(payment.owner, key, rest_fen)])


def _leasing_ended(services: Services, payment: RailPayment) -> None:
    """What is given back never was in the books: it waits here to be asked for again."""


# Begins the cause of a payment that gives money back.
OVERPAID: Final = "overpaid/"
_ENDED: Final[dict[str, Callable[[Services, RailPayment], None]]] = {
    "receivables": _receivables_ended,
    CREDIT: _credit_ended,
    LEASING: _leasing_ended,
}


def pay_out(services: Services, product: str, asked: Sequence[tuple[str, str, int]]) -> None:
    """Ask the rail to pay (owner, cause, fen), in the open group. Nothing for nothing."""
    orders = [payments.Order(product, *one) for one in asked if one[2]]
    if orders:
        with services.unit() as unit:
            payments.order(unit, orders, services.clock.now_s())


def give_back(services: Services, product: str, asked: Sequence[tuple[str, str, int]]) -> None:
    """Pay what exceeded a debt back to whoever paid it: (owner, key of the payment, fen)."""
    pay_out(services, product, [(owner, f"{OVERPAID}{key}", fen) for owner, key, fen in asked])


def _receive(services: Services, received: Received) -> None:
    """Money from outside pays what its text names: a receivable, merchant/N or lease/N."""
    key = f"camt/{received.message_id}/{received.position}"
    text, amount_fen = received.entry.text, received.entry.amount_fen
    claim, numbered = _RECEIVABLE.search(text), _NUMBERED.search(text)
    if claim is not None:
        why = _pay_receivable(services, key, claim[0], amount_fen)
    elif numbered is not None:
        why = _pay_numbered(services, key, numbered[1], int(numbered[2]), amount_fen)
    else:
        why = "its text names nothing that can be paid"
    if why:
        row = UnappliedCash(key, amount_fen, text, why, services.clock.now_s())
        with services.unit() as unit:
            unit.insert(UNAPPLIED, [row])


def _pay_receivable(services: Services, key: str, receivable_id: str, amount_fen: int) -> str:
    with services.unit() as unit:
        [row] = unit.get(RECEIVABLES, [(receivable_id,)])
    if row is None:
        return "there is no such receivable"
    command = PayReceivable(key, receivable_id, row.debtor_id, amount_fen)
    [outcome] = services.receivables.receivables.pay([command])
    return outcome.refusal.name.lower() if outcome.refusal else ""


def _pay_numbered(services: Services, key: str, kind: str, number: int, amount_fen: int) -> str:
    columns = (i64([number]), i64([amount_fen]))
    if kind == "lease":
        if number >= services.leasing.leases.leases:
            return "there is no such lease"
        paid = services.leasing.leases.pay(PayBatch(key, *columns))
        product, code, rest_fen = LEASING, int(paid.code[0]), int(paid.returned_fen[0])
    else:
        if number >= services.credit.credit.merchants:
            return "there is no such merchant"
        done = services.credit.credit.repay(RepayBatch(key, *columns))
        product, code, rest_fen = CREDIT, int(done.code[0]), int(done.returned_fen[0])
    if code:
        return f"{product} refused it: {code}"
    give_back(services, product, [(f"{kind}/{number}", key, rest_fen)])
    return ""
