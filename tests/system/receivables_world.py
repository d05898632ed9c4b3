"""A small town for tests of the receivables product: two debtors, five suppliers, two banks."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from system.bootstrap import System, build_system
from system.chain import commands as c
from system.chain.events import Event, LotEndorsed, QuoteMade, ReceivableAccepted
from system.chain.outcome import Outcome
from system.chain.policy import DEFAULT_POLICY, Policy
from system.chain.records import LOTS, RECEIVABLES, REQUESTS, FinancingRequest, Lot, Receivable
from system.limits import DAY_S
from system.settings import Settings

START_S = 1_760_000_000
SECRET = b"a secret for tests only"
E = TypeVar("E")


class TestClock:
    __test__ = False

    def __init__(self) -> None:
        self.time_s = START_S

    def now_s(self) -> int:
        return self.time_s


def parties(kyc_expires_at_s: int = START_S + 30_000 * DAY_S) -> list[c.EnrolParty]:
    def party(party_id: str, roles: int, group: str = "") -> c.EnrolParty:
        name = party_id.title()
        return c.EnrolParty(f"enrol/{party_id}", party_id, name, roles, kyc_expires_at_s, group)

    return [
        party("core-1", 1, "core group"),
        party("core-2", 1),
        *(party(f"supplier-{n}", 2) for n in range(1, 6)),
        party("bank-1", 4),
        party("bank-2", 4),
    ]


@dataclass
class World:
    """Commands with usual values, and the steps of time between them."""

    system: System
    clock: TestClock
    events: list[Event] = field(default_factory=list)
    _count: int = 0

    @classmethod
    def open(
        cls,
        evm: str = "revm",
        store: str = "memory",
        policy: Policy = DEFAULT_POLICY,
        enrolled: Iterable[c.EnrolParty] | None = None,
        confirmations: int = 0,
    ) -> "World":
        clock = TestClock()
        admitted = list(parties() if enrolled is None else enrolled)
        system = build_system(
            clock=clock,
            seed_secret=SECRET,
            settings=Settings(store_url=store, evm=evm, confirmations=confirmations),
            parties=admitted,
            policy=policy,
        )
        return cls(system, clock)

    @property
    def service(self) -> Any:
        return self.system.receivables

    def next_id(self) -> str:
        self._count += 1
        return f"command-{self._count}"

    def step(self, seconds: int = 60) -> list[Event]:
        """Relay, seal, confirm until nothing is left to send; what happened."""
        happened: list[Event] = []
        for turn in range(6):
            self.clock.time_s += seconds
            sent = self.system.step()
            happened += self.service.confirm()
            # What is confirmed may queue more, so one quiet turn is not the end.
            if turn and not sent:
                break
        self.events += happened
        return happened

    def pass_days(self, days: int) -> list[Event]:
        happened = []
        for _ in range(days):
            self.clock.time_s += DAY_S
            self.service.end_of_day()
            happened += self.step()
        return happened

    def registration(self, **changes: Any) -> c.RegisterReceivable:
        values = {
            "command_id": self.next_id(),
            "seller_id": "supplier-1",
            "debtor_id": "core-1",
            "invoice_number": f"INV-{self._count}",
            "amount_fen": 10_000_000,
            "currency": "CNY",
            "issued_at_s": self.clock.time_s - DAY_S,
            "due_at_s": self.clock.time_s + 90 * DAY_S,
            "document_hash": b"\x01" * 32,
        }
        return c.RegisterReceivable(**{**values, **changes})

    def registered(self, **changes: Any) -> str:
        [outcome] = self.service.register([self.registration(**changes)])
        assert outcome.refusal is None, outcome
        self.step()
        return str(outcome.reference)

    def accepted(self, **changes: Any) -> tuple[str, int]:
        """Receivable id and root lot."""
        receivable_id = self.registered(**changes)
        [outcome] = self.service.accept(self.service.signed_acceptances([receivable_id]))
        assert outcome.refusal is None, outcome
        [event] = only(self.step(), ReceivableAccepted)
        return receivable_id, event.lot_id

    def pledge(self, **changes: Any) -> Outcome:
        """A bank reports what it financed outside the platform."""
        values = {
            "command_id": self.next_id(),
            "bank_id": "bank-2",
            "claim_id": f"loan-{self._count}",
            "seller_id": "supplier-1",
            "debtor_id": "core-1",
            "invoice_number": f"INV-{self._count}",
            "amount_fen": 10_000_000,
            "currency": "CNY",
            "issued_at_s": self.clock.time_s - DAY_S,
        }
        [outcome] = self.service.report_pledges([c.ReportPledge(**{**values, **changes})])
        return outcome  # type: ignore[no-any-return]

    def request(self, lot_id: int, **changes: Any) -> Outcome:
        values = {
            "command_id": self.next_id(),
            "lot_id": lot_id,
            "supplier_id": "supplier-1",
            "bank_id": "bank-1",
            "amount_fen": 10_000_000,
            "with_recourse": True,
        }
        [outcome] = self.service.request_financing([c.RequestFinancing(**{**values, **changes})])
        return outcome  # type: ignore[no-any-return]

    def quoted(self, lot_id: int, **changes: Any) -> QuoteMade:
        assert self.request(lot_id, **changes).refusal is None
        [event] = only(self.service.confirm(), QuoteMade)
        return event

    def take(self, request_id: str, supplier_id: str = "supplier-1") -> Outcome:
        command = c.TakeQuote(self.next_id(), request_id, supplier_id)
        [outcome] = self.service.take_quotes([command])
        return outcome  # type: ignore[no-any-return]

    def financed(self, **changes: Any) -> tuple[str, int, str]:
        """Receivable, lot and request of a disbursed lot."""
        receivable_id, lot_id = self.accepted()
        quote = self.quoted(lot_id, **changes)
        assert self.take(quote.request_id).refusal is None
        self.step()
        return receivable_id, self.request_row(quote.request_id).financed_lot_id, quote.request_id

    def endorse(self, lot_id: int, **changes: Any) -> Outcome:
        values = {
            "command_id": self.next_id(),
            "lot_id": lot_id,
            "holder_id": "supplier-1",
            "to_id": "supplier-2",
            "amount_fen": 4_000_000,
        }
        [outcome] = self.service.endorse([c.EndorseLot(**{**values, **changes})])
        return outcome  # type: ignore[no-any-return]

    def endorsed(self, lot_id: int, **changes: Any) -> LotEndorsed:
        outcome = self.endorse(lot_id, **changes)
        assert outcome.refusal is None, outcome
        [event] = only(self.step(), LotEndorsed)
        return event

    def pay(self, receivable_id: str, amount_fen: int, debtor_id: str = "core-1") -> Outcome:
        command = c.PayReceivable(self.next_id(), receivable_id, debtor_id, amount_fen)
        [outcome] = self.service.pay([command])
        return outcome  # type: ignore[no-any-return]

    def dispute(self, receivable_id: str, debtor_id: str = "core-1") -> Outcome:
        command = c.OpenDispute(self.next_id(), receivable_id, debtor_id, "short delivery")
        [outcome] = self.service.open_disputes([command])
        return outcome  # type: ignore[no-any-return]

    def resolve(
        self, receivable_id: str, credit_fen: int = 0, supplier_id: str = "supplier-1"
    ) -> Outcome:
        command = c.ResolveDispute(self.next_id(), receivable_id, supplier_id, credit_fen)
        [outcome] = self.service.resolve_disputes([command])
        return outcome  # type: ignore[no-any-return]

    def recourse(self, lot_id: int, bank_id: str = "bank-1") -> Outcome:
        [outcome] = self.service.call_recourse([c.CallRecourse(self.next_id(), lot_id, bank_id)])
        return outcome  # type: ignore[no-any-return]

    def write_off(
        self, receivable_id: str, bank_id: str = "bank-1", approved_by: str = "chief"
    ) -> Outcome:
        command = c.WriteOff(self.next_id(), receivable_id, bank_id, "clerk", approved_by)
        [outcome] = self.service.write_off([command])
        return outcome  # type: ignore[no-any-return]

    def receivable(self, receivable_id: str) -> Receivable:
        return self._row(RECEIVABLES, receivable_id)

    def lot(self, lot_id: int) -> Lot:
        return self._row(LOTS, lot_id)

    def request_row(self, request_id: str) -> FinancingRequest:
        return self._row(REQUESTS, request_id)

    def _row(self, table: Any, *key: Any) -> Any:
        with self.system.store.transaction() as unit:
            [row] = unit.get(table, [key])
        assert row is not None, (table.name, key)
        return row

    def scan(self, table: Any) -> list[Any]:
        with self.system.store.transaction() as unit:
            rows: list[Any] = unit.scan(table)
        return rows


def only(events: Iterable[Event], kind: type[E]) -> list[E]:
    """The events of one kind, in order."""
    return [event for event in events if isinstance(event, kind)]
