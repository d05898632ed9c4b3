"""What became of each transaction: done and its logs, or refused and undone.

Runs inside the relay's settling transaction, so every outcome takes effect exactly once, whatever
was sent twice, answered late or restarted in between.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from system.chain import cash
from system.chain.abi import Decoded
from system.chain.chain_events import HANDLERS, ChainEvents, PartyOf
from system.chain.events import CashWithdrawn, CommandFailed, DisputeResolved
from system.chain.operations import OPERATIONS, Operation, offenders
from system.chain.records import LOTS, PAYMENTS, RECEIVABLES, REQUESTS
from system.chain.relay_records import Settled
from system.chain.service_financing import give_up, unlock
from system.chain.service_payouts import pay_by_rail
from system.chain.service_settlement import queue_resolution
from system.chain.session import Session
from system.chain.wallets import party_wallet


class ChainOutcomes:
    """Settles transactions in chain order."""

    def __init__(self, session: Session, party_of: PartyOf) -> None:
        self._session, self._sheet, self._party_of = session, session.sheet, party_of
        self._events = ChainEvents(session, party_of)

    def settle(self, settled: Sequence[Settled]) -> None:
        """Apply the final receipts, in order."""
        contracts = self._session.parts.contracts
        logs = [
            [found for log in one.receipt.logs if (found := contracts.decode(log, _WANTED))]
            for one in settled
        ]
        self._events.load([decoded for found in logs for decoded in found])
        for one, decoded in zip(settled, logs, strict=True):
            operations = self._sheet.find(OPERATIONS, {"message_id": one.message_id})
            if one.receipt.ok:
                self._done(operations, decoded)
            else:
                self._refused(operations, one.receipt.revert_data)

    def _done(self, operations: Sequence[Operation], decoded: Sequence[Decoded]) -> None:
        for operation in operations:
            self._sheet.put(OPERATIONS, replace(operation, state="done"))
            if operation.kind == "mint":
                self._minted(operation)
            elif operation.kind == "credit":
                _, _, credit_fen = operation.cause.partition("|")
                queue_resolution(self._session, operation.subject, int(credit_fen))
        self._events.apply(decoded, operations[0].cause)
        if operations[0].kind == "burn":
            self._burned(operations[0], decoded)
        elif operations[0].kind == "resolve":
            [operation] = operations
            self._session.emit(
                DisputeResolved(operation.subject, int(operation.cause), self._session.now_s)
            )

    def _minted(self, operation: Operation) -> None:
        self._session.move([cash.resolve(operation.cause, done=True)])
        if operation.cause.startswith("recourse/"):
            self._recourse(operation.cause.removesuffix("/cash-in"))

    def _recourse(self, cause: str) -> None:
        """The seller's cash is there: keep it for the bank and send the lot back."""
        lot = self._sheet.need(LOTS, int(cause.split("/")[1]))
        price_fen = lot.value_fen - lot.redeemed_fen - lot.holdback_fen
        if not price_fen:
            return  # paid in the meantime; the seller's cash goes back with the next sweep
        bank_id, seller_id = lot.owner_id, lot.seller_of_lot_id
        self._session.move([cash.recourse_hold(cause, seller_id, bank_id, price_fen)])
        wallet = party_wallet(bank_id)
        self._session.queue.add("recourse", wallet, str(lot.lot_id), cause, lot.lot_id)

    def _burned(self, operation: Operation, decoded: Sequence[Decoded]) -> None:
        self._session.move([cash.resolve(operation.cause, done=True)])
        [burned] = [item for item in decoded if item.name == "Burned"]
        party_id = self._party_of(burned.values["account"])
        amount_fen = int(burned.values["amount"])
        if self._session.parts.policy.pays_by_rail:
            pay_by_rail(self._session, party_id, operation.cause, amount_fen)
        self._session.emit(CashWithdrawn(party_id, amount_fen, self._session.now_s))

    def _refused(self, operations: Sequence[Operation], revert_data: bytes) -> None:
        error = self._session.parts.contracts.refusal(revert_data)
        guilty = offenders(operations, error)
        for operation in guilty:
            self._sheet.put(OPERATIONS, replace(operation, state="failed"))
            self._session.note("chain", f"refused {operation.kind}", operation.subject, error.name)
            _UNDO[operation.kind](self, operation, error.name or "unknown")
        rest = [operation for operation in operations if operation not in guilty]
        for operation in rest:
            # Without a name the culprit shows itself when each goes alone.
            again = replace(operation, state="queued", message_id="", alone=not guilty)
            self._sheet.put(OPERATIONS, again)

    def _failed(self, operation: Operation, error: str) -> None:
        use_case = _USE_CASES.get(operation.kind, operation.kind)
        self._session.emit(CommandFailed(use_case, operation.subject, error, self._session.now_s))

    def _undo_mint(self, operation: Operation, error: str) -> None:
        self._session.move([cash.resolve(operation.cause, done=False)])
        if operation.cause.startswith("recourse/"):
            self._financed_again(int(operation.cause.split("/")[1]))
        self._failed(operation, error)

    def _undo_burn(self, operation: Operation, error: str) -> None:
        self._session.move([cash.resolve(operation.cause, done=False)])
        self._failed(operation, error)

    def _undo_register(self, operation: Operation, error: str) -> None:
        self._enter(operation.subject, "failed")
        self._failed(operation, error)

    def _undo_answer(self, operation: Operation, error: str) -> None:
        self._enter(operation.subject, "registered")
        self._failed(operation, error)

    def _undo_pause(self, operation: Operation, error: str) -> None:
        self._failed(operation, error)

    def _enter(self, receivable_id: str, state: str) -> None:
        row = self._sheet.need(RECEIVABLES, receivable_id)
        self._sheet.put(RECEIVABLES, replace(row, state=state))

    def _undo_settle(self, operation: Operation, error: str) -> None:
        payment = self._sheet.need(PAYMENTS, operation.cause)
        row = self._sheet.need(RECEIVABLES, payment.receivable_id)
        self._sheet.put(PAYMENTS, replace(payment, state="failed"))
        left_fen = row.claimed_fen - payment.amount_fen
        self._sheet.put(RECEIVABLES, replace(row, claimed_fen=left_fen))
        self._failed(operation, error)

    def _undo_disburse(self, operation: Operation, error: str) -> None:
        """Split or disbursement: the reserved cash is free again and nothing was paid."""
        give_up(self._session, self._sheet.need(REQUESTS, operation.cause), error)

    def _undo_endorse(self, operation: Operation, error: str) -> None:
        unlock(self._session, int(operation.cause))
        self._failed(operation, error)

    def _undo_dispute(self, operation: Operation, error: str) -> None:
        row = self._sheet.need(RECEIVABLES, operation.subject)
        self._sheet.put(RECEIVABLES, replace(row, disputed=False))
        self._failed(operation, error)

    def _undo_credit(self, operation: Operation, error: str) -> None:
        lot_ids, _, credit_fen = operation.cause.partition("|")
        for lot_id in lot_ids.split(","):
            unlock(self._session, int(lot_id))
        row = self._sheet.need(RECEIVABLES, operation.subject)
        left_fen = row.credited_fen - int(credit_fen)
        self._sheet.put(RECEIVABLES, replace(row, credited_fen=left_fen, resolving=False))
        self._failed(operation, error)

    def _undo_resolve(self, operation: Operation, error: str) -> None:
        row = self._sheet.need(RECEIVABLES, operation.subject)
        self._sheet.put(RECEIVABLES, replace(row, resolving=False))
        self._failed(operation, error)

    def _undo_recourse(self, operation: Operation, error: str) -> None:
        self._session.move([cash.resolve(f"{operation.cause}/price", done=False)])
        self._financed_again(int(operation.subject))
        self._failed(operation, error)

    def _financed_again(self, lot_id: int) -> None:
        lot = self._sheet.need(LOTS, lot_id)
        if lot.state == "recoursing":
            self._sheet.put(LOTS, replace(lot, state="financed"))


_WANTED: Final = {*HANDLERS, ("DepositToken", "Burned")}
# The use case to which a kind of operation belongs, where the names differ.
_USE_CASES: Final = {"settle": "pay", "resolve": "resolve dispute", "credit": "credit note"}
_Undo = Callable[[ChainOutcomes, Operation, str], None]
_UNDO: Final[dict[str, _Undo]] = {
    "mint": ChainOutcomes._undo_mint,
    "burn": ChainOutcomes._undo_burn,
    "pause": ChainOutcomes._undo_pause,
    "register": ChainOutcomes._undo_register,
    "accept": ChainOutcomes._undo_answer,
    "reject": ChainOutcomes._undo_answer,
    "settle": ChainOutcomes._undo_settle,
    "split": ChainOutcomes._undo_disburse,
    "disburse": ChainOutcomes._undo_disburse,
    "endorse": ChainOutcomes._undo_endorse,
    "dispute": ChainOutcomes._undo_dispute,
    "credit": ChainOutcomes._undo_credit,
    "recourse": ChainOutcomes._undo_recourse,
    "enrol": ChainOutcomes._failed,
    "limit": ChainOutcomes._failed,
    "approve": ChainOutcomes._failed,
    "suspend": ChainOutcomes._failed,
    "reinstate": ChainOutcomes._failed,
    "resolve": ChainOutcomes._undo_resolve,
    "write_off": ChainOutcomes._failed,
    # A payment in the same block was faster than the mark.
    "expire": ChainOutcomes._failed,
    "due": ChainOutcomes._failed,
    "overdue": ChainOutcomes._failed,
    "default": ChainOutcomes._failed,
}
