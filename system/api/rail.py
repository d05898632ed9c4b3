"""Between books and payment rail: what leaves is sent, what comes in reaches its product."""

import logging
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from system.adapters.group_store import GroupStore
from system.api.services import Services
from system.api.unapplied import UNAPPLIED, UnappliedCash
from system.chain.commands import EndPayout, PayReceivable
from system.chain.records import RECEIVABLES
from system.credit.commands import RepayBatch
from system.errors import OperationalError
from system.kernels.columns import i64
from system.leasing.leases.commands import PayBatch
from system.ledger import outbox
from system.payments import desk as payments
from system.payments import intake
from system.payments.intake import Received, Taken
from system.payments.records import RailPayment
from system.ports.clock import Clock
from system.ports.rail import Delivery, PaymentRail

_LOG: Final = logging.getLogger("shapan.rail")
# What the rail has not answered is handed over again this much later.
AGAIN_S: Final = 60
# Of messages that are applied in one go: some thirty payments.
_PIECE_BYTES: Final = 20_000
CREDIT: Final = "credit"
LEASING: Final = "leasing"
_ENDS: Final = ("settled", "rejected", "returned")
_RECEIVABLE: Final = re.compile(r"\b[0-9a-f]{64}\b")
_NUMBERED: Final = re.compile(r"\b(merchant|lease)/([0-9]{1,15})\b")


class RailWork:
    """One round of ``run`` after another; all state that counts is in the store.

    forget: drops what services remember of work that was undone.
    """

    def __init__(
        self, rail: PaymentRail, store: GroupStore, clock: Clock, forget: Callable[[], None]
    ) -> None:
        self._rail, self._store, self._clock, self._forget = rail, store, clock, forget
        # Lost at a restart, which only hands messages over once more.
        self._sent_at_s: dict[str, int] = {}

    def run(self, services: Callable[[], Services]) -> Iterator[None]:
        """Send what waits, apply what came, in pieces: between two of them others may work.

        services: as they are when a piece begins.  Not inside a group.  Raises RailUnavailable.
        """
        yield from self._send()
        yield
        deliveries = self._rail.collect()
        for some in _pieces(deliveries):
            yield
            for taken in self._take(services(), some):
                if taken.note:
                    _LOG.warning("payment message %s: %s", taken.message_id, taken.note)
        if deliveries:
            self._rail.acknowledge([one.delivery_id for one in deliveries])

    def _take(self, services: Services, some: Sequence[Delivery]) -> list[Taken]:
        """Apply some messages in one durable commit, each in a savepoint of it."""
        try:
            with self._store.group():
                return [self._taken(services, delivery) for delivery in some]
        except OperationalError:
            self._forget()
            raise

    def _taken(self, services: Services, delivery: Delivery) -> Taken:
        try:
            with self._store.transaction():
                return take(services, delivery.raw)
        except OperationalError:
            raise
        except Exception:
            # A bug must not stop those behind it: kept for people, told, and let go.
            _LOG.exception("a payment message could not be applied: %s", delivery.delivery_id)
            self._forget()
            with self._store.transaction() as unit:
                note = "it could not be applied: see the log"
                return intake.keep_unusable(unit, delivery.raw, note, self._clock.now_s())

    def _send(self) -> Iterator[None]:
        now_s = self._clock.now_s()
        while self._packed(now_s):
            yield
        with self._store.transaction() as unit:
            waiting = payments.to_send(unit)
        for message in waiting:
            if now_s - self._sent_at_s.get(message.message_id, -AGAIN_S) < AGAIN_S:
                continue
            yield
            self._rail.submit(message.message_id, message.text.encode())
            self._sent_at_s[message.message_id] = now_s
            with self._store.transaction() as unit:
                # The rail may have answered already, to another process of this bank.
                if message in payments.to_send(unit):
                    outbox.mark_sent(unit, [message.message_id])
        open_ids = {message.message_id for message in waiting}
        self._sent_at_s = {k: v for k, v in self._sent_at_s.items() if k in open_ids}

    def _packed(self, now_s: int) -> bool:
        with self._store.transaction() as unit:
            return payments.pack(unit, now_s) is not None


def _pieces(deliveries: Sequence[Delivery]) -> Iterator[list[Delivery]]:
    """In order, as many at a time as everybody can wait for."""
    some, size = list[Delivery](), 0
    for one in deliveries:
        if some and size + len(one.raw) > _PIECE_BYTES:
            yield some
            some, size = [], 0
        some.append(one)
        size += len(one.raw)
    if some:
        yield some


def take(services: Services, raw: bytes) -> Taken:
    """Apply one message and let products know, all in the open group or not at all."""
    with services.unit() as unit:
        taken = intake.take(unit, raw, services.clock.now_s())
    for payment in taken.changes:
        if payment.state in _ENDS:
            _ENDED[payment.product](services, payment)
    for received in taken.received:
        _receive(services, received)
    return taken


def _receivables_ended(services: Services, payment: RailPayment) -> None:
    command_id = f"{payment.payment_id}/{payment.state}"
    facts = (payment.payment_id, payment.owner, payment.amount_fen, payment.state)
    services.receivables.receivables.end_payouts([EndPayout(command_id, *facts)])


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
    key = f"camt/{received.message_id}/{received.entry.end_to_end_id}"
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
