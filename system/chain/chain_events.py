"""What the chain says: each event of the contracts changes rows and books exactly once."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

from system.chain import cash
from system.chain.abi import Decoded
from system.chain.events import (
    DisputeOpened,
    LotDisbursed,
    LotEndorsed,
    LotRecoursed,
    PaymentSettled,
    PayoutMade,
    ReceivableAccepted,
    ReceivableDefaulted,
    ReceivableDue,
    ReceivableExpired,
    ReceivableOverdue,
    ReceivableRegistered,
    ReceivableRejected,
    ReceivableSettled,
    ReceivableWrittenOff,
)
from system.chain.limits_book import change_use
from system.chain.records import (
    DIARY,
    LOTS,
    PAYMENTS,
    RECEIVABLES,
    REQUESTS,
    DiaryEntry,
    FinancingRequest,
    Lot,
    Receivable,
)
from system.chain.service_financing import lines_of_lot
from system.chain.session import Session
from system.errors import IntegrityError
from system.limits import DAY_S

PartyOf = Callable[[str], str]


class ChainEvents:
    """Applies decoded logs in chain order. party_of: party id of an account."""

    def __init__(self, session: Session, party_of: PartyOf) -> None:
        self._session, self._party_of = session, party_of
        self._sheet = session.sheet
        self._at_s = session.now_s
        self._cause = ""

    def load(self, decoded: Sequence[Decoded]) -> None:
        """Fetch the rows that these logs will need, at once."""
        self._sheet.load(RECEIVABLES, [(_receivable_id(d),) for d in decoded if _names(d)])
        self._sheet.load(LOTS, [(lot_id,) for d in decoded for lot_id in _lots_named(d)])

    def apply(self, decoded: Sequence[Decoded], cause: str) -> None:
        """Logs of one transaction. cause: of its first operation.

        Those that change nothing of ours (allowances, value notes) are passed over.
        """
        self._cause = cause
        for item in decoded:
            handler = HANDLERS.get((item.contract, item.name))
            if handler is not None:
                handler(self, item.values)

    def registered(self, values: dict[str, Any]) -> None:
        row = self._row(values)
        changed = replace(row, state="registered", registered_at_s=self._at_s)
        self._sheet.put(RECEIVABLES, changed)
        self._session.emit(ReceivableRegistered(row.receivable_id, self._at_s))

    def accepted(self, values: dict[str, Any]) -> None:
        row, lot_id = self._row(values), int(values["lot"])
        self._sheet.put(RECEIVABLES, replace(row, state="accepted", accepted_at_s=self._at_s))
        root = Lot(lot_id, row.receivable_id, 0, row.seller_id, "", row.face_fen, 0, 1, "free")
        self._sheet.add(LOTS, root)
        self._sheet.add(DIARY, DiaryEntry("due", row.receivable_id, row.due_at_s // DAY_S))
        self._session.emit(ReceivableAccepted(row.receivable_id, lot_id, self._at_s))

    def rejected(self, values: dict[str, Any]) -> None:
        self._enter("rejected", values)
        self._session.emit(ReceivableRejected(values["fingerprint"].hex(), self._at_s))

    def expired(self, values: dict[str, Any]) -> None:
        self._enter("expired", values)
        self._session.emit(ReceivableExpired(values["fingerprint"].hex(), self._at_s))

    def became_due(self, values: dict[str, Any]) -> None:
        self._enter("due", values)
        self._session.emit(ReceivableDue(values["fingerprint"].hex(), self._at_s))

    def became_overdue(self, values: dict[str, Any]) -> None:
        self._enter("overdue", values)
        self._session.emit(ReceivableOverdue(values["fingerprint"].hex(), self._at_s))

    def defaulted(self, values: dict[str, Any]) -> None:
        self._enter("defaulted", values)
        self._session.emit(ReceivableDefaulted(values["fingerprint"].hex(), self._at_s))

    def settled(self, values: dict[str, Any]) -> None:
        row = self._row(values)
        self._sheet.put(RECEIVABLES, replace(row, state="settled", settled_at_s=self._at_s))
        self._session.emit(ReceivableSettled(row.receivable_id, self._at_s))

    def disputed(self, values: dict[str, Any]) -> None:
        row = self._row(values)
        self._sheet.put(RECEIVABLES, replace(row, disputed=True))
        self._session.emit(DisputeOpened(row.receivable_id, self._at_s))

    def dispute_resolved(self, values: dict[str, Any]) -> None:
        self._sheet.put(RECEIVABLES, replace(self._row(values), disputed=False, resolving=False))

    def credit_noted(self, values: dict[str, Any]) -> None:
        lot = self._lot(values)
        value_fen = lot.value_fen - int(values["amount"])
        state = "redeemed" if value_fen == lot.redeemed_fen else "free"
        self._sheet.put(LOTS, replace(lot, value_fen=value_fen, state=state))

    def split(self, values: dict[str, Any]) -> None:
        """Only financing splits, and it makes one child: the lot that the bank will own."""
        parent = self._lot(values)
        [child_id], [child_fen] = values["children"], values["values"]
        left = replace(parent, value_fen=parent.value_fen - child_fen, state="free")
        self._sheet.put(LOTS, left)
        child = replace(
            parent,
            lot_id=child_id,
            parent_lot_id=parent.lot_id,
            value_fen=child_fen,
            redeemed_fen=0,
            state="locked",
        )
        self._sheet.add(LOTS, child)
        waiting = self._sheet.find(REQUESTS, {"lot_id": parent.lot_id})
        [request] = [row for row in waiting if row.state == "splitting"]
        self._sheet.put(REQUESTS, replace(request, state="signing", financed_lot_id=child_id))

    def endorsed(self, values: dict[str, Any]) -> None:
        parent, child_id = self._lot(values), int(values["child"])
        to_id, amount_fen = self._party_of(values["to"]), int(values["value"])
        value_fen = parent.value_fen - amount_fen
        spent = value_fen == parent.redeemed_fen
        left = replace(parent, value_fen=value_fen, state="split" if spent else "free")
        self._sheet.put(LOTS, left)
        tier = int(values["tier"])
        child = Lot(
            child_id,
            parent.receivable_id,
            parent.lot_id,
            to_id,
            parent.owner_id,
            amount_fen,
            0,
            tier,
            "free",
        )
        self._sheet.add(LOTS, child)
        rest = 0 if spent else parent.lot_id
        self._session.emit(
            LotEndorsed(
                parent.lot_id,
                child_id,
                rest,
                parent.receivable_id,
                to_id,
                amount_fen,
                tier,
                self._at_s,
            )
        )

    def disbursed(self, values: dict[str, Any]) -> None:
        lot = self._lot(values)
        request = self._request(lot.lot_id)
        financed = replace(
            lot,
            owner_id=request.bank_id,
            seller_of_lot_id=request.supplier_id,
            state="financed",
            holdback_fen=request.holdback_fen,
            with_recourse=request.with_recourse,
        )
        self._sheet.put(LOTS, financed)
        done = replace(request, state="disbursed", disbursed_at_s=self._at_s)
        self._sheet.put(REQUESTS, done)
        amounts = (request.advance_fen, request.discount_fen, request.holdback_fen)
        self._session.move(cash.disbursed(request.request_id, request.bank_id, *amounts))
        self._session.note("chain", "disbursed", request.request_id, list(amounts))
        self._session.emit(
            LotDisbursed(
                request.request_id,
                lot.receivable_id,
                lot.lot_id,
                request.supplier_id,
                request.bank_id,
                request.advance_fen,
                self._at_s,
            )
        )

    def paid(self, values: dict[str, Any]) -> None:
        row, payment_id = self._row(values), values["paymentId"].hex()
        amount_fen = int(values["amount"])
        self._sheet.put(RECEIVABLES, replace(row, paid_fen=row.paid_fen + amount_fen))
        payment = self._sheet.need(PAYMENTS, payment_id)
        self._sheet.put(PAYMENTS, replace(payment, state="settled"))
        self._session.note("chain", "paid", row.receivable_id, [payment_id, amount_fen])
        self._session.emit(PaymentSettled(row.receivable_id, payment_id, amount_fen, self._at_s))
        for payout in values["payouts"]:
            self._pay_out(row, payment_id, payout)

    def _pay_out(self, row: Receivable, payment_id: str, payout: tuple[Any, ...]) -> None:
        lot_id, holder, to_holder_fen, seller, to_seller_fen, financed, closed = payout
        lot = self._sheet.need(LOTS, lot_id)
        redeemed_fen = lot.redeemed_fen + to_holder_fen + to_seller_fen
        changed = replace(
            lot,
            redeemed_fen=redeemed_fen,
            holdback_fen=lot.holdback_fen - to_seller_fen,
            state="redeemed" if closed else lot.state,
        )
        self._sheet.put(LOTS, changed)
        cause = f"{payment_id}/{lot_id}"
        self._transfer(row, lot, f"{cause}/holder", holder, to_holder_fen)
        self._transfer(row, lot, f"{cause}/seller", seller, to_seller_fen)
        if financed:
            self._repaid(row, lot, cause, to_holder_fen, to_seller_fen)

    def _transfer(self, row: Receivable, lot: Lot, cause: str, to: str, amount_fen: int) -> None:
        if not amount_fen:
            return
        to_id = self._party_of(to)
        self._session.move(cash.paid_to(cause, row.debtor_id, to_id, amount_fen))
        self._session.emit(PayoutMade(row.receivable_id, lot.lot_id, to_id, amount_fen, self._at_s))

    def _repaid(
        self, row: Receivable, lot: Lot, cause: str, principal_fen: int, holdback_fen: int
    ) -> None:
        bank_id = lot.owner_id
        if row.state == "written_off":
            self._session.move(cash.recovered(cause, bank_id, principal_fen))
            return
        self._session.move(cash.claim_repaid(cause, bank_id, principal_fen, holdback_fen))
        self._release(row, lot, principal_fen + holdback_fen)

    def recoursed(self, values: dict[str, Any]) -> None:
        lot, price_fen = self._lot(values), int(values["price"])
        row = self._sheet.need(RECEIVABLES, lot.receivable_id)
        bank_id, seller_id = lot.owner_id, lot.seller_of_lot_id
        back = replace(
            lot, owner_id=seller_id, state="recoursed", holdback_fen=0, with_recourse=False
        )
        self._sheet.put(LOTS, back)
        cause = self._cause
        self._session.move([cash.recourse_paid(cause, price_fen)])
        if row.state == "written_off":
            self._session.move(cash.recovered(cause, bank_id, price_fen))
        else:
            self._session.move(cash.claim_repaid(cause, bank_id, price_fen, lot.holdback_fen))
            self._release(row, lot, price_fen + lot.holdback_fen)
        self._session.note("chain", "recoursed", str(lot.lot_id), price_fen)
        self._session.emit(
            LotRecoursed(lot.lot_id, lot.receivable_id, seller_id, bank_id, price_fen, self._at_s)
        )

    def written_off(self, values: dict[str, Any]) -> None:
        row, loss_fen = self._row(values), 0
        for lot in self._sheet.find(LOTS, {"receivable_id": row.receivable_id}):
            if lot.state not in ("financed", "recoursing"):
                continue
            open_fen = lot.value_fen - lot.redeemed_fen
            principal_fen = open_fen - lot.holdback_fen
            cause = f"write-off/{lot.lot_id}"
            moves = cash.claim_lost(cause, lot.owner_id, principal_fen, lot.holdback_fen)
            self._session.move(moves)
            self._release(row, lot, open_fen)
            loss_fen += principal_fen
        self._sheet.put(RECEIVABLES, replace(row, state="written_off"))
        self._session.note("chain", "written off", row.receivable_id, loss_fen)
        self._session.emit(ReceivableWrittenOff(row.receivable_id, loss_fen, self._at_s))

    def _release(self, row: Receivable, lot: Lot, amount_fen: int) -> None:
        lines = lines_of_lot(self._session, row, lot.seller_of_lot_id, lot.owner_id)
        change_use(self._sheet, lines, -amount_fen)

    def _enter(self, state: str, values: dict[str, Any]) -> None:
        self._sheet.put(RECEIVABLES, replace(self._row(values), state=state))

    def _row(self, values: dict[str, Any]) -> Receivable:
        return self._sheet.need(RECEIVABLES, values["fingerprint"].hex())

    def _lot(self, values: dict[str, Any]) -> Lot:
        return self._sheet.need(LOTS, int(values["lot"]))

    def _request(self, lot_id: int) -> FinancingRequest:
        found = self._sheet.find(REQUESTS, {"financed_lot_id": lot_id})
        waiting = [row for row in found if row.state == "disbursing"]
        if len(waiting) != 1:
            raise IntegrityError(f"requests behind lot {lot_id}", 1, len(waiting))
        return waiting[0]


def _names(decoded: Decoded) -> bool:
    return "fingerprint" in decoded.values


def _receivable_id(decoded: Decoded) -> str:
    fingerprint: bytes = decoded.values["fingerprint"]
    return fingerprint.hex()


def _lots_named(decoded: Decoded) -> list[int]:
    if decoded.name == "Paid":
        return [int(payout[0]) for payout in decoded.values["payouts"]]
    return [int(decoded.values["lot"])] if "lot" in decoded.values else []


HANDLERS: Final[dict[tuple[str, str], Callable[[ChainEvents, dict[str, Any]], None]]] = {
    ("Registry", "Registered"): ChainEvents.registered,
    ("Registry", "Accepted"): ChainEvents.accepted,
    ("Registry", "Rejected"): ChainEvents.rejected,
    ("Registry", "Expired"): ChainEvents.expired,
    ("Registry", "Disputed"): ChainEvents.disputed,
    ("Registry", "DisputeResolved"): ChainEvents.dispute_resolved,
    ("LotLedger", "Split"): ChainEvents.split,
    ("LotLedger", "Endorsed"): ChainEvents.endorsed,
    ("FinancingDesk", "Disbursed"): ChainEvents.disbursed,
    ("Settlement", "BecameDue"): ChainEvents.became_due,
    ("Settlement", "BecameOverdue"): ChainEvents.became_overdue,
    ("Settlement", "Defaulted"): ChainEvents.defaulted,
    ("Settlement", "Paid"): ChainEvents.paid,
    ("Settlement", "Settled"): ChainEvents.settled,
    ("Settlement", "Recoursed"): ChainEvents.recoursed,
    ("Settlement", "WrittenOff"): ChainEvents.written_off,
    ("Settlement", "CreditNoted"): ChainEvents.credit_noted,
}
