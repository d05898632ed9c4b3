"""Receivables financing: every use case, batch-first, in one place.

Commands decide at once and write down what must happen on the chain; ``relay`` sends it, the chain
seals a block, ``confirm`` applies what became of it and returns what happened.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Generic, TypeVar

from system.canonical import sha256_hex
from system.chain import (
    service_days,
    service_endorsement,
    service_enrol,
    service_financing,
    service_intake,
    service_kyc,
    service_settlement,
)
from system.chain.chain_outcomes import ChainOutcomes
from system.chain.commands import (
    AcceptReceivable,
    CallRecourse,
    ChangeKyc,
    DeclineQuote,
    EndorseLot,
    EnrolParty,
    OpenDispute,
    PayReceivable,
    RegisterReceivable,
    RejectReceivable,
    RequestFinancing,
    ResolveDispute,
    TakeQuote,
    WriteOff,
)
from system.chain.events import Event
from system.chain.index import EventIndex
from system.chain.kernels.monitoring import MonitoringBounds
from system.chain.operations import pack
from system.chain.outcome import Outcome, as_text, from_text, refused
from system.chain.reconcile import Difference, differences, raise_difference
from system.chain.records import STANDINGS
from system.chain.relay import Relay
from system.chain.relay_records import Settled, evm_message
from system.chain.rules import Refusal
from system.chain.session import Parts, Session
from system.chain.wallets import party_wallet
from system.chain.watch import Watch
from system.ledger import outbox
from system.ledger.idempotency import Answered, once
from system.limits import BATCH_ITEMS_MAX
from system.ports.store import Unit

C = TypeVar("C")
# Whose command ids they are: two parties may use the same one.
_CLIENTS: Final[dict[type, str]] = {
    EnrolParty: "party_id",
    ChangeKyc: "party_id",
    RegisterReceivable: "seller_id",
    AcceptReceivable: "debtor_id",
    RejectReceivable: "debtor_id",
    RequestFinancing: "supplier_id",
    TakeQuote: "supplier_id",
    DeclineQuote: "supplier_id",
    EndorseLot: "holder_id",
    PayReceivable: "debtor_id",
    OpenDispute: "debtor_id",
    ResolveDispute: "supplier_id",
    CallRecourse: "bank_id",
    WriteOff: "bank_id",
}
_Handler = Callable[[Session, Sequence[Any]], list[Outcome]]


@dataclass(frozen=True, slots=True)
class _Keyed(Generic[C]):
    """A command with its idempotency key."""

    client: str
    key: str
    fingerprint: str
    command: C


class ReceivablesService:
    """One service over one store and one chain. All state is in them: a new object goes on."""

    def __init__(self, parts: Parts, bounds: MonitoringBounds) -> None:
        self._parts = parts
        self._watch = Watch(bounds)
        self._fresh: list[Event] = []
        self._settling: list[Event] = []
        self._party_by_address: dict[str, str] = {}
        self._relay = Relay(
            parts.store,
            parts.evm,
            confirmations=parts.policy.confirmations + 1,
            settle=self._settle,
        )
        self._index = EventIndex(parts.evm, list(parts.contracts.addresses.values()))
        with parts.store.transaction() as unit:
            for standing in unit.scan(STANDINGS):
                # Deriving a key tells the ring that it may sign for the account.
                parts.wallets.address(party_wallet(standing.party_id))

    def enrol(self, batch: Sequence[EnrolParty]) -> list[Outcome]:
        """Admit parties. The reference is the party id."""
        return self._run(batch, service_enrol.enrol)

    def change_kyc(self, batch: Sequence[ChangeKyc]) -> list[Outcome]:
        """Suspend, reinstate, renew. The reference is the party id."""
        return self._run(batch, service_kyc.change_kyc)

    def register(self, batch: Sequence[RegisterReceivable]) -> list[Outcome]:
        """Take invoices in. The reference is the receivable id (hex of the fingerprint)."""
        return self._run(batch, partial(_watched, self._watch, service_intake.register))

    def accept(self, batch: Sequence[AcceptReceivable]) -> list[Outcome]:
        """Take debtors' signed acceptances. The reference is the receivable id."""
        return self._run(batch, service_intake.accept)

    def reject(self, batch: Sequence[RejectReceivable]) -> list[Outcome]:
        """Debtors deny debts. The reference is the receivable id."""
        return self._run(batch, service_intake.reject)

    def request_financing(self, batch: Sequence[RequestFinancing]) -> list[Outcome]:
        """Decide at once: QuoteMade or RequestDeclined follows. The reference is the request."""
        return self._run(batch, partial(_watched, self._watch, service_financing.request_financing))

    def take_quotes(self, batch: Sequence[TakeQuote]) -> list[Outcome]:
        """Suppliers accept quotes. The reference is the request."""
        return self._run(batch, service_financing.take_quotes)

    def decline_quotes(self, batch: Sequence[DeclineQuote]) -> list[Outcome]:
        """Suppliers let quotes go. The reference is the request."""
        return self._run(batch, service_financing.decline_quotes)

    def endorse(self, batch: Sequence[EndorseLot]) -> list[Outcome]:
        """Pass parts of lots down the chain. The reference is the parent lot."""
        return self._run(batch, service_endorsement.endorse)

    def pay(self, batch: Sequence[PayReceivable]) -> list[Outcome]:
        """Debtors' cash for receivables. The reference is the payment id."""
        return self._run(batch, service_settlement.pay)

    def open_disputes(self, batch: Sequence[OpenDispute]) -> list[Outcome]:
        """Debtors contest receivables. The reference is the receivable id."""
        return self._run(batch, service_settlement.open_disputes)

    def resolve_disputes(self, batch: Sequence[ResolveDispute]) -> list[Outcome]:
        """Suppliers end disputes, with or without a credit. The reference is the receivable id."""
        return self._run(batch, service_settlement.resolve_disputes)

    def call_recourse(self, batch: Sequence[CallRecourse]) -> list[Outcome]:
        """Banks return lots to their sellers. The reference is the lot."""
        return self._run(batch, service_settlement.call_recourse)

    def write_off(self, batch: Sequence[WriteOff]) -> list[Outcome]:
        """Banks give up defaulted receivables. The reference is the receivable id."""
        return self._run(batch, service_settlement.write_off)

    def signed_acceptances(self, receivable_ids: Sequence[str]) -> list[AcceptReceivable]:
        """Acceptance commands for debtors whose key the system holds. Raises MissingRow."""
        with self._parts.store.transaction() as unit:
            session = Session(unit, self._parts)
            return [service_intake.signed_acceptance(session, one) for one in receivable_ids]

    def end_of_day(self) -> None:
        """Due, overdue, default, expiries, bank floats, and deposits sent home."""
        with self._parts.store.transaction() as unit:
            session = Session(unit, self._parts)
            service_days.end_of_day(session)
            session.close()
        self._fresh += session.events

    def relay(self) -> int:
        """Send what is queued; the number of transactions sent.

        Raises EvmUnavailable when the node's answer is not known: call again, nothing is doubled.
        """
        now_s = self._parts.clock.now_s()
        with self._parts.store.transaction() as unit:
            packed = pack(unit, self._parts.contracts, self._parts.wallets.address, BATCH_ITEMS_MAX)
            # The id ranks by kind and age, so the outbox hands them out in that order.
            outbox.enqueue(
                unit,
                [evm_message(one.message_id, one.message_id, 0, one.call, now_s) for one in packed],
            )
        return self._relay.dispatch()

    def confirm(self) -> list[Event]:
        """Apply final blocks and return what happened since the last call, in order.

        Raises EvmUnavailable when the node does not answer: call again.
        """
        self._settling = []
        self._relay.collect(self._parts.clock.now_s())
        self._fresh += self._settling
        with self._parts.store.transaction() as unit:
            self._index.advance(unit)
        happened, self._fresh = self._fresh, []
        return happened

    def reconcile(self) -> list[Difference]:
        """Compare books with the chain at its head; call when nothing is under way.

        Every difference also raises an alert.
        """
        with self._parts.store.transaction() as unit:
            session = Session(unit, self._parts)
            found = differences(session)
            for difference in found:
                raise_difference(session, difference)
            session.close()
        self._fresh += session.events
        return found

    def _settle(self, unit: Unit, settled: Sequence[Settled]) -> None:
        session = Session(unit, self._parts)
        ChainOutcomes(session, partial(self._party_of, session)).settle(settled)
        session.close()
        # Told only after the commit, by ``confirm``.
        self._settling = session.events

    def _party_of(self, session: Session, address: str) -> str:
        known = self._party_by_address.get(address)
        if known is None:
            [standing] = session.unit.find(STANDINGS, {"address": address})
            known = self._party_by_address[address] = standing.party_id
        return known

    def _run(self, batch: Sequence[Any], handler: _Handler) -> list[Outcome]:
        """Answer each command once; repeats get the stored answer, and nothing is done."""
        keyed = [_keyed(command) for command in batch]
        try:
            with self._parts.store.transaction() as unit:
                session = Session(unit, self._parts)
                replies = once(unit, keyed, partial(_handle, session, handler), session.now_s)
                session.close()
        except BaseException:
            self._watch.forget()
            raise
        self._fresh += session.events
        return [
            refused(command.key, Refusal.COMMAND_ID_REUSED, "")
            if reply.answered is Answered.KEY_REUSED
            else from_text(command.key, reply.response)
            for command, reply in zip(keyed, replies, strict=True)
        ]


def _watched(
    watch: Watch,
    handler: Callable[[Session, Watch, Sequence[Any]], list[Outcome]],
    session: Session,
    batch: Sequence[Any],
) -> list[Outcome]:
    return handler(session, watch, batch)


def _handle(session: Session, handler: _Handler, batch: list[_Keyed[Any]]) -> list[str]:
    return [as_text(outcome) for outcome in handler(session, [item.command for item in batch])]


def _keyed(command: Any) -> _Keyed[Any]:
    kind = type(command)
    client = f"{kind.__name__}/{getattr(command, _CLIENTS[kind])}"
    return _Keyed(client, command.command_id, sha256_hex(repr(command)), command)
