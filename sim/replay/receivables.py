"""Recorded invoices through the receivables service in shadow mode: what it would have decided.

Real service, contracts and monitoring over an empty store and a chain of its own. The clock
follows the issue dates; each date's invoices are registered, accepted and offered to one bank. No
quote is taken, so no money moves, and the limits count open quotes only.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import groupby
from typing import Final

from sim.receivables.chain_platform import policy_of
from sim.receivables.parameters import parameters_of
from sim.replay.documents import Recorded, Recording
from sim.scenario import Scenario
from sim.world import WIRINGS
from system.bootstrap import System, build_system
from system.chain.commands import EnrolParty, RegisterReceivable, RequestFinancing
from system.chain.events import AlertRaised, CommandFailed, Event, QuoteMade, ReceivableAccepted
from system.chain.policy import DEFAULT_POLICY, Policy
from system.errors import InputError
from system.limits import DAY_S, YEAR_DAYS
from system.parties.records import Role
from system.settings import Settings

BANK: Final = "shadow-bank"
# Between a relay pass and the next.
_STEP_S: Final = 60
# Nobody's key is at stake, and the same recording gets the same ids.
# A recording says nothing of limits: lines so wide that they never bind.
_BOOK_FEN = 10**14
_SECRET: Final = sha256(b"shapan/replay/receivables").digest()


@dataclass(frozen=True, slots=True)
class Terms:
    """What the bank allows, and each debtor's yearly default probability."""

    policy: Policy = DEFAULT_POLICY
    debtor_pd_ppm: int = 10_000


@dataclass(slots=True)
class Decision:
    """What became of one invoice. refusal: the code's name, or the contract's error; exactly one
    of refusal and quote is there at the end. claim_id: what monitoring calls it. alerts: raised on
    this invoice, in order."""

    recorded: Recorded
    receivable_id: str = ""
    claim_id: str = ""
    lot_id: int = 0
    refusal: str | None = None
    quote: QuoteMade | None = None
    alerts: list[AlertRaised] = field(default_factory=list)

    @property
    def decision(self) -> str:
        """quoted; declined by the financing policy; or refused before that."""
        if self.quote is not None:
            return "quoted"
        return "declined" if self.lot_id else "refused"


@dataclass(frozen=True, slots=True)
class Replay:
    """Decisions and alerts in the order in which they were made."""

    recording: Recording
    decisions: tuple[Decision, ...]
    alerts: tuple[AlertRaised, ...]
    parties_count: int
    terms: Terms


class _Clock:
    """Stands still until it is moved, never back."""

    def __init__(self, time_s: int) -> None:
        self._time_s = time_s

    def now_s(self) -> int:
        return self._time_s

    def reach(self, time_s: int) -> None:
        self._time_s = max(self._time_s, time_s)


def terms_of(scenario: Scenario) -> Terms:
    """The terms of the scenario's chain arm. Raises InputError when it has none."""
    for name, arm in sorted(scenario.arms.items()):
        if arm.word("process") == "chain":
            p = parameters_of(scenario, name)
            return Terms(policy_of(p, _BOOK_FEN), p.core_pd_ppm)
    raise InputError("--policy-from", scenario.name, 'name a scenario with a process = "chain" arm')


def replay_receivables(
    recording: Recording, terms: Terms, on_progress: Callable[[int], object]
) -> Replay:
    """Run the whole recording. on_progress gets the number of invoices decided so far."""
    in_time = sorted(recording.invoices, key=_issued_at_s)
    decisions = [Decision(one) for one in in_time]
    shadow = _Shadow(in_time, terms)
    done = 0
    for issued_at_s, day in groupby(decisions, key=lambda one: _issued_at_s(one.recorded)):
        batch = list(day)
        shadow.decide(issued_at_s, batch)
        done += len(batch)
        on_progress(done)
    shadow.system.close()
    alerts = tuple(shadow.alerts)
    return Replay(recording, tuple(decisions), alerts, shadow.parties_count, terms)


def _issued_at_s(recorded: Recorded) -> int:
    return recorded.invoice.issued_at_s


class _Shadow:
    """The production system, and whose invoice each of its events is about."""

    def __init__(self, in_time: Sequence[Recorded], terms: Terms) -> None:
        parties = _parties(in_time, terms)
        self.parties_count = len(parties) - 1
        self.alerts: list[AlertRaised] = []
        self._clock = _Clock(_issued_at_s(in_time[0]))
        self.system = _system(self._clock, parties, terms.policy)
        self._service = self.system.receivables
        self._by_claim: dict[str, Decision] = {}
        self._by_request: dict[str, Decision] = {}

    def decide(self, issued_at_s: int, batch: Sequence[Decision]) -> None:
        """Everything that happens to the invoices of one issue date, in order."""
        self._clock.reach(issued_at_s)
        self._service.end_of_day()
        self._settle()
        self._register(batch)
        self._accept([one for one in batch if one.refusal is None])
        self._request([one for one in batch if one.refusal is None])

    def _register(self, batch: Sequence[Decision]) -> None:
        for one, outcome in zip(
            batch, self._service.register([_registration(one) for one in batch]), strict=True
        ):
            one.receivable_id = one.claim_id = outcome.reference
            if outcome.refusal is not None:
                one.refusal = outcome.refusal.name
                one.claim_id = f"{outcome.reference}/again/{one.recorded.place}"
            self._by_claim[one.claim_id] = one
        self._settle()

    def _accept(self, batch: Sequence[Decision]) -> None:
        signed = self._service.signed_acceptances([one.receivable_id for one in batch])
        for one, outcome in zip(batch, self._service.accept(signed), strict=True):
            one.refusal = outcome.refusal.name if outcome.refusal is not None else None
        self._settle()

    def _request(self, batch: Sequence[Decision]) -> None:
        commands = [_request(one) for one in batch]
        for one, outcome in zip(batch, self._service.request_financing(commands), strict=True):
            one.refusal = outcome.refusal.name if outcome.refusal is not None else None
            self._by_request[outcome.reference] = one
        self._settle()

    def _settle(self) -> None:
        """Relay, seal and confirm until nothing is under way."""
        sent = 1
        while sent:
            self._clock.reach(self._clock.now_s() + _STEP_S)
            sent = self.system.step()
            for event in self._service.confirm():
                self._note(event)

    def _note(self, event: Event) -> None:
        match event:
            case ReceivableAccepted():
                self._by_claim[event.receivable_id].lot_id = event.lot_id
            case QuoteMade():
                self._by_request[event.request_id].quote = event
            case CommandFailed(use_case="register" | "accept"):
                self._by_claim[event.subject].refusal = event.error
            case AlertRaised():
                self.alerts.append(event)
                self._by_claim[json.loads(event.evidence)["claim"]].alerts.append(event)
            case _:
                pass


def _system(clock: _Clock, parties: Sequence[EnrolParty], policy: Policy) -> System:
    evm, store = WIRINGS["columns"]
    return build_system(
        clock=clock,
        seed_secret=_SECRET,
        settings=Settings(store_url=store, evm=evm),
        parties=parties,
        policy=policy,
    )


def _parties(in_time: Sequence[Recorded], terms: Terms) -> list[EnrolParty]:
    """The bank and everybody on the invoices, verified beyond the last due date."""
    roles = {BANK: Role.BANK}
    for one in in_time:
        for party_id, role in (
            (one.invoice.seller_id, Role.SUPPLIER),
            (one.invoice.debtor_id, Role.DEBTOR),
        ):
            roles[party_id] = roles.get(party_id, role) | role
    expires_at_s = max(one.invoice.due_at_s for one in in_time) + YEAR_DAYS * DAY_S
    return [
        EnrolParty(f"enrol/{id_}", id_, id_, int(role), expires_at_s, "", terms.debtor_pd_ppm)
        for id_, role in roles.items()
    ]


def _registration(one: Decision) -> RegisterReceivable:
    invoice = one.recorded.invoice
    return RegisterReceivable(
        command_id=one.recorded.place,
        seller_id=invoice.seller_id,
        debtor_id=invoice.debtor_id,
        invoice_number=invoice.invoice_number,
        amount_fen=invoice.amount_fen,
        currency=invoice.currency,
        issued_at_s=invoice.issued_at_s,
        due_at_s=invoice.due_at_s,
        document_hash=invoice.document_hash,
    )


def _request(one: Decision) -> RequestFinancing:
    """For the whole claim, without recourse."""
    return RequestFinancing(
        command_id=one.recorded.place,
        lot_id=one.lot_id,
        supplier_id=one.recorded.invoice.seller_id,
        bank_id=BANK,
        amount_fen=one.recorded.invoice.amount_fen,
        with_recourse=False,
    )
