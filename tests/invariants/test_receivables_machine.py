"""Random commands in random order on real contracts; the money invariants hold at every rest."""

from collections import Counter
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from system.chain import cash
from system.chain.commands import DeclineQuote, OpenDispute
from system.chain.events import LotDisbursed, PaymentSettled
from system.chain.limits_book import BANK, DEBTOR
from system.chain.records import LIMITS, LOTS, RECEIVABLES, REQUESTS
from system.compliance import audit
from system.ledger.records import ACCOUNTS
from tests.system.receivables_world import World, only

ACCEPTED = ("accepted", "due", "overdue", "defaulted", "settled", "written_off")
pick = st.integers(0, 10**6)
amount = st.integers(100_000, 1_500_000)
supplier = st.integers(1, 5).map(lambda n: f"supplier-{n}")


class Receivables(RuleBasedStateMachine):
    """The service refuses what it must; the machine does not care which answer it gets."""

    world: World

    @initialize()
    def open(self) -> None:
        self.world = World.open()

    def _one_of(self, rows: list[Any], choice: int, state: str = "") -> Any:
        """Mostly a row in the state that fits; sometimes any, to be refused."""
        fitting = [row for row in rows if row.state == state] if choice % 5 else []
        rows = fitting or rows
        return rows[choice % len(rows)] if rows else None

    @rule(
        seller=supplier,
        core=st.integers(1, 2),
        face=st.integers(200_000, 3_000_000),
        days=st.integers(1, 150),
    )
    def register_and_accept(self, seller: str, core: int, face: int, days: int) -> None:
        changes = {
            "seller_id": seller,
            "debtor_id": f"core-{core}",
            "amount_fen": face,
            "due_at_s": self.world.clock.time_s + days * 86_400,
        }
        receivable_id = self.world.registered(**changes)
        service = self.world.service
        service.accept(service.signed_acceptances([receivable_id]))

    @rule(choice=pick, value=amount, to=supplier)
    def endorse(self, choice: int, value: int, to: str) -> None:
        lot = self._one_of(self.world.scan(LOTS), choice, "free")
        if lot is not None:
            self.world.endorse(lot.lot_id, holder_id=lot.owner_id, to_id=to, amount_fen=value)

    @rule(choice=pick, value=amount, whole=st.booleans(), recourse=st.booleans())
    def request(self, choice: int, value: int, whole: bool, recourse: bool) -> None:
        lot = self._one_of(self.world.scan(LOTS), choice, "free")
        if lot is not None and lot.value_fen > lot.redeemed_fen:
            amount_fen = lot.value_fen - lot.redeemed_fen if whole else value
            asked = self.world.request(
                lot.lot_id,
                supplier_id=lot.owner_id,
                bank_id=f"bank-{choice % 2 + 1}",
                amount_fen=amount_fen,
                with_recourse=recourse,
            )
            if choice % 4:
                self.world.take(asked.reference, lot.owner_id)

    @rule(choice=pick, take=st.booleans())
    def answer_quote(self, choice: int, take: bool) -> None:
        request = self._one_of(self.world.scan(REQUESTS), choice, "quoted")
        if request is None:
            return
        if take:
            self.world.take(request.request_id, request.supplier_id)
        else:
            command = DeclineQuote(self.world.next_id(), request.request_id, request.supplier_id)
            self.world.service.decline_quotes([command])

    @rule(choice=pick, value=amount, whole=st.booleans())
    def pay(self, choice: int, value: int, whole: bool) -> None:
        row = self._one_of(self.world.scan(RECEIVABLES), choice)
        if row is not None:
            rest_fen = max(1, row.face_fen - row.credited_fen - row.claimed_fen)
            amount_fen = rest_fen if whole else min(value, rest_fen)
            self.world.pay(row.receivable_id, amount_fen, row.debtor_id)

    @rule(choice=pick, credit=st.integers(0, 500_000), open_=st.booleans())
    def dispute(self, choice: int, credit: int, open_: bool) -> None:
        row = self._one_of(self.world.scan(RECEIVABLES), choice)
        if row is None:
            return
        if open_:
            command = OpenDispute(self.world.next_id(), row.receivable_id, row.debtor_id, "why")
            self.world.service.open_disputes([command])
        else:
            self.world.resolve(row.receivable_id, credit, row.seller_id)

    @rule(choice=pick, write_off=st.booleans())
    def recourse_or_write_off(self, choice: int, write_off: bool) -> None:
        lot = self._one_of(self.world.scan(LOTS), choice, "financed")
        if lot is not None and write_off:
            self.world.write_off(lot.receivable_id, lot.owner_id)
        elif lot is not None:
            self.world.recourse(lot.lot_id, lot.owner_id)

    @rule(choice=pick, recourse=st.booleans(), part=amount, days=st.sampled_from([100, 250]))
    def lend_and_wait_in_vain(self, choice: int, recourse: bool, part: int, days: int) -> None:
        """A long way that single rules seldom find: loan, default, part payment, and its end."""
        self.request(choice * 20 + 1, part, choice % 2 == 0, recourse)
        self.world.step()
        self.let_days_pass(days)
        self.pay(choice * 5, part, False)
        if choice % 3:
            self.world.step()
        self.recourse_or_write_off(choice * 5 + 1, not recourse)
        self.pay(choice * 5, part, True)

    @rule(days=st.sampled_from([1, 1, 30, 100, 250]))
    def let_days_pass(self, days: int) -> None:
        self.world.clock.time_s += (days - 1) * 86_400
        self.world.pass_days(2)

    @invariant()
    def money_and_lots_are_conserved(self) -> None:
        if not hasattr(self, "world"):
            return
        world = self.world
        world.step()
        assert world.service.reconcile() == []
        self._check_books(world)
        self._check_lots(world)
        self._check_limits(world)
        taken = Counter(event.lot_id for event in only(world.events, LotDisbursed))
        assert all(count == 1 for count in taken.values())
        paid = Counter(event.payment_id for event in only(world.events, PaymentSettled))
        assert all(count == 1 for count in paid.values())

    def _check_books(self, world: World) -> None:
        accounts = {row.account_id: row for row in world.scan(ACCOUNTS)}
        debits = sum(row.debits_posted_fen for row in accounts.values())
        assert debits == sum(row.credits_posted_fen for row in accounts.values())
        for bank_id in ("bank-1", "bank-2"):
            lots = [row for row in self._live(world) if row.owner_id == bank_id]
            open_fen = sum(lot.value_fen - lot.redeemed_fen for lot in lots)
            assert accounts[cash.financed(bank_id)].balance_fen == open_fen
            held_fen = sum(lot.holdback_fen for lot in lots)
            assert accounts[cash.holdback(bank_id)].balance_fen == held_fen
            deposit_fen = accounts[cash.deposit(bank_id)].balance_fen
            assert accounts[cash.float_of(bank_id)].balance_fen == deposit_fen
        with world.system.store.transaction() as unit:
            assert audit.verify(unit) is None

    def _live(self, world: World) -> list[Any]:
        gone = {row.receivable_id for row in world.scan(RECEIVABLES) if row.state == "written_off"}
        lots = world.scan(LOTS)
        return [lot for lot in lots if lot.state == "financed" and lot.receivable_id not in gone]

    def _check_lots(self, world: World) -> None:
        value_fen: Counter[str] = Counter()
        paid_fen: Counter[str] = Counter()
        for lot in world.scan(LOTS):
            value_fen[lot.receivable_id] += lot.value_fen
            paid_fen[lot.receivable_id] += lot.redeemed_fen
        for row in world.scan(RECEIVABLES):
            if row.state in ACCEPTED:
                assert value_fen[row.receivable_id] + row.credited_fen == row.face_fen
                assert paid_fen[row.receivable_id] == row.paid_fen == row.claimed_fen

    def _check_limits(self, world: World) -> None:
        debtor_of = {row.receivable_id: row.debtor_id for row in world.scan(RECEIVABLES)}
        used: Counter[tuple[int, str]] = Counter()
        for lot in self._live(world):
            open_fen = lot.value_fen - lot.redeemed_fen
            used[DEBTOR, debtor_of[lot.receivable_id]] += open_fen
            used[BANK, lot.owner_id] += open_fen
        for request in world.scan(REQUESTS):
            if request.state == "quoted":
                used[DEBTOR, debtor_of[request.receivable_id]] += request.amount_fen
                used[BANK, request.bank_id] += request.amount_fen
        for line in world.scan(LIMITS):
            if line.kind in (DEBTOR, BANK):
                assert line.used_fen == used[line.kind, line.party_id]
                assert line.used_fen <= line.limit_fen


Receivables.TestCase.settings = settings(
    max_examples=12,
    stateful_step_count=18,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
TestReceivables = Receivables.TestCase
