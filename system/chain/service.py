"""Receivables financing: every use case, batch-first, in one place.

Commands decide at once and write down what must happen on the chain; ``relay`` sends it, the chain
seals a block, ``confirm`` applies what became of it and returns what happened.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any, Final

from system.chain import (
    anchors,
    service_alerts,
    service_days,
    service_endorsement,
    service_enrol,
    service_financing,
    service_holds,
    service_intake,
    service_kyc,
    service_pause,
    service_payouts,
    service_pledges,
    service_settlement,
)
from system.chain.chain_outcomes import ChainOutcomes
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
from system.chain.disburse import sign_waiting
from system.chain.events import Event
from system.chain.index import EventIndex
from system.chain.kernels.monitoring import MonitoringBounds
from system.chain.keyed import Keyed, keyed, keyed_whenever_signed
from system.chain.operations import RISK_KINDS, pack
from system.chain.outcome import Outcome, as_text, from_text, refused, unusable
from system.chain.reconcile import Difference, Reconciler, raise_difference
from system.chain.records import STANDINGS
from system.chain.relay import Relay
from system.chain.relay_alerts import raise_trouble
from system.chain.relay_records import Settled, Trouble, evm_message
from system.chain.rules import Refusal
from system.chain.session import Parts, Session
from system.chain.usable import problem_of
from system.chain.wallets import party_wallet
from system.chain.watch import Watch
from system.errors import EvmUnavailable, IntegrityError
from system.ledger import outbox
from system.ledger.idempotency import Answered, Reply, once
from system.limits import BATCH_ITEMS_MAX
from system.ports.store import Unit

_NEW_RISK: Final = (
    RegisterReceivable,
    AcceptReceivable,
    RequestFinancing,
    TakeQuote,
    EndorseLot,
)
_Handler = Callable[[Session, Sequence[Any]], list[Outcome]]


class ReceivablesService:
    """One service over one store and one chain. All state is in them: a new object goes on."""

    def __init__(self, parts: Parts, bounds: MonitoringBounds) -> None:
        self._parts = parts
        self._watch = Watch(bounds)
        self._reconciler = Reconciler()
        self._fresh: list[Event] = []
        self._told: list[Event] = []
        self._party_by_address: dict[str, str] = {}
        self._relay = Relay(
            parts.store,
            parts.evm,
            confirmations=parts.confirmations + 1,
            settle=self._settle,
            report=self._report,
            meet=self._meet,
        )
        self._index = EventIndex(parts.evm, list(parts.contracts.addresses.values()))
        with parts.store.transaction() as unit:
            for standing in unit.scan(STANDINGS):
                # Deriving a key tells the ring that it may sign for the account.
                parts.wallets.address(party_wallet(standing.party_id))
                self._party_by_address[standing.address] = standing.party_id
            self._is_adrift = self._relay.is_adrift(unit)

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

    def accept_held(self, command_id: str, receivable_id: str) -> Outcome:
        """Accept for a debtor whose key the system holds; a repeat gets the first answer, though
        what it would sign holds another time. Raises MissingRow."""
        [signed] = self.signed_acceptances([receivable_id])
        command = replace(signed, command_id=command_id)
        [outcome] = self._run([command], service_intake.accept, keyed_whenever_signed)
        return outcome

    def reject(self, batch: Sequence[RejectReceivable]) -> list[Outcome]:
        """Debtors deny debts. The reference is the receivable id."""
        return self._run(batch, service_intake.reject)

    def report_pledges(self, batch: Sequence[ReportPledge]) -> list[Outcome]:
        """Banks tell what they financed elsewhere. The reference is the pledge."""
        return self._run(batch, partial(_watched, self._watch, service_pledges.report_pledges))

    def release_alerts(self, batch: Sequence[ReleaseAlert]) -> list[Outcome]:
        """People let claims be financed in spite of alerts. The reference is the alert."""
        return self._run(batch, service_alerts.release_alerts)

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

    def hold_purchases(self, batch: Sequence[HoldPurchases]) -> list[Outcome]:
        """Banks stop buying claims on and of parties. The reference is the party."""
        return self._run(batch, service_holds.hold)

    def lift_holds(self, batch: Sequence[LiftHold]) -> list[Outcome]:
        """Two officers let a bank buy again. The reference is the party."""
        return self._run(batch, service_holds.lift)

    def pause(self, batch: Sequence[PauseNewRisk]) -> list[Outcome]:
        """Two officers stop new risk in the contracts. The reference is the command."""
        return self._run(batch, service_pause.pause)

    def end_payouts(self, batch: Sequence[EndPayout]) -> list[Outcome]:
        """What the rail says became of payments. The reference is the payment."""
        return self._run(batch, service_payouts.end_payouts)

    def pay_out(self, party_ids: Sequence[str]) -> None:
        """Send the free deposits of these parties home without waiting for the end of the day."""
        with self._parts.store.transaction() as unit:
            session = Session(unit, self._parts)
            service_days.pay_out(session, party_ids)
            session.close()
        self._fresh += session.events

    def signed_acceptances(self, receivable_ids: Sequence[str]) -> list[AcceptReceivable]:
        """Acceptance commands for debtors whose key the system holds. Raises MissingRow."""
        with self._parts.store.transaction() as unit:
            session = Session(unit, self._parts)
            return [service_intake.signed_acceptance(session, one) for one in receivable_ids]

    def end_of_day(self) -> None:
        """Reconcile; due, overdue, default, expiries, bank floats, and deposits sent home."""
        with self._parts.store.transaction() as unit:
            session = Session(unit, self._parts)
            # A day's work does not wait for a silent node: what was missed is compared tomorrow.
            with suppress(EvmUnavailable):
                _compare(session, self._reconciler)
            service_days.end_of_day(session)
            session.close()
        self._fresh += session.events

    def relay(self) -> int:
        """Send what is queued; the number of transactions that blocks can still bring to an end.

        Raises EvmUnavailable when the node's answer is not known: call again, nothing is doubled.
        """
        now_s = self._parts.clock.now_s()
        with self._parts.store.transaction() as unit:
            session = Session(unit, self._parts)
            if not self._is_adrift:
                sign_waiting(session)
            session.close()
            held = RISK_KINDS if self._is_adrift else ()
            address_of = self._parts.wallets.address
            packed = pack(unit, self._parts.contracts, address_of, BATCH_ITEMS_MAX, held)
            # The id ranks by kind and age, so the outbox hands them out in that order.
            outbox.enqueue(
                unit,
                [evm_message(one.message_id, one.message_id, 0, one.call, now_s) for one in packed],
            )
        self._fresh += session.events
        self._told = []
        try:
            return self._relay.dispatch()
        finally:
            # What was reported is stored, even where the node fell silent afterwards.
            self._fresh += self._told

    def confirm(self) -> list[Event]:
        """Apply final blocks and return what happened since the last call, in order.

        Raises EvmUnavailable when the node does not answer: call again.
        """
        self._told = []
        with self._parts.store.transaction() as unit:
            step = self._index.advance(unit)
            self._relay.reopen(unit, step.dropped)
        self._fresh += self._told
        self._told = []
        self._is_adrift = self._is_adrift or bool(step.dropped)
        self._relay.collect(self._parts.clock.now_s(), step.head)
        self._fresh += self._told
        # Asked each time: another process may have seen the blocks go, or come back.
        with self._parts.store.transaction() as unit:
            self._is_adrift = self._relay.is_adrift(unit)
        happened, self._fresh = self._fresh, []
        return happened

    def anchor(self) -> None:
        """Take a checkpoint of the audit log and send it to the chain with the next ``relay``."""
        anchors.anchor(self._parts)

    def reconcile(self) -> list[Difference]:
        """Compare all of the books with the chain at its head; call when nothing is under way.

        Every difference also raises an alert. ``end_of_day`` does it for what was touched.
        Raises EvmUnavailable.
        """
        with self._parts.store.transaction() as unit:
            session = Session(unit, self._parts)
            found = _compare(session, Reconciler())
            session.close()
        self._fresh += session.events
        return found

    def _settle(self, unit: Unit, settled: Sequence[Settled]) -> None:
        session = Session(unit, self._parts)
        outcomes = ChainOutcomes(session, partial(self._party_of, session))
        outcomes.settle(anchors.without_anchors(settled))
        session.close()
        # Told only after the commit, by the caller of the relay.
        self._told += session.events

    def _report(self, unit: Unit, troubles: Sequence[Trouble]) -> None:
        session = Session(unit, self._parts)
        for trouble in troubles:
            raise_trouble(session, trouble)
        session.close()
        self._told += session.events

    def _meet(self, unit: Unit, address: str) -> None:
        if address not in self._party_by_address:
            for standing in unit.find(STANDINGS, {"address": address}):
                self._parts.wallets.address(party_wallet(standing.party_id))
                self._party_by_address[address] = standing.party_id

    def _party_of(self, session: Session, address: str) -> str:
        known = self._party_by_address.get(address)
        if known is None:
            [standing] = session.unit.find(STANDINGS, {"address": address})
            known = self._party_by_address[address] = standing.party_id
        return known

    def _run(
        self, batch: Sequence[Any], handler: _Handler, as_keyed: Callable[[Any], Keyed[Any]] = keyed
    ) -> list[Outcome]:
        """One answer per command, in order; repeats get the stored one, and nothing is done.

        Raises IntegrityError for new risk while the chain has lost what the books stand on.
        """
        if self._is_adrift and isinstance(next(iter(batch), None), _NEW_RISK):
            found = "a reorganisation dropped some; no new risk until all stand again"
            raise IntegrityError("final transactions", "all on the chain", found)
        problems = [problem_of(command) for command in batch]
        usable = zip(batch, problems, strict=True)
        once_each = [as_keyed(command) for command, problem in usable if problem is None]
        try:
            with self._parts.store.transaction() as unit:
                session = Session(unit, self._parts)
                replies = once(unit, once_each, partial(_handle, session, handler), session.now_s)
                session.close()
        except BaseException:
            self._watch.forget()
            raise
        self._fresh += session.events
        answers = iter(map(_answer, once_each, replies))
        return [
            next(answers) if problem is None else unusable(command.command_id, problem)
            for command, problem in zip(batch, problems, strict=True)
        ]


def _answer(command: Keyed[Any], reply: Reply) -> Outcome:
    if reply.answered is Answered.KEY_REUSED:
        return refused(command.key, Refusal.COMMAND_ID_REUSED, "")
    return from_text(command.key, reply.response)


def _compare(session: Session, reconciler: Reconciler) -> list[Difference]:
    found = reconciler.differences(session)
    for difference in found:
        raise_difference(session, difference)
    return found


def _watched(
    watch: Watch,
    handler: Callable[[Session, Watch, Sequence[Any]], list[Outcome]],
    session: Session,
    batch: Sequence[Any],
) -> list[Outcome]:
    return handler(session, watch, batch)


def _handle(session: Session, handler: _Handler, batch: list[Keyed[Any]]) -> list[str]:
    return [as_text(outcome) for outcome in handler(session, [item.command for item in batch])]
