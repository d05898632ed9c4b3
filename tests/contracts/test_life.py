"""The whole life of receivables, at random: after each step the chain, an independent model and
the books rebuilt from events agree, and the money invariants hold.

SHAPAN_LIFE_EXAMPLES deepens it (100 by default).
"""

import os
from functools import partial

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from system.chain.typed_data import Quote
from system.chain.wallets import OPERATOR, RISK_SIGNER
from tests.contracts.auditor import rebuilt
from tests.contracts.books import Claim, Lot
from tests.contracts.cast import (
    ACCEPTED,
    BANKS,
    CORRELATION,
    DAY_S,
    DEBTORS,
    DEFAULT_AFTER_S,
    DEFAULTED,
    DUE,
    FINANCED,
    OVERDUE,
    OVERDUE_AFTER_S,
    REGISTERED,
    SUPPLIERS,
    WRITTEN_OFF,
    fingerprint,
)
from tests.contracts.house import House
from tests.contracts.invariants import books_on_chain
from tests.contracts.life import CAST, Ground, face_fen, pick
from tests.contracts.model import TROUBLED, Offer

EXAMPLES = int(os.environ.get("SHAPAN_LIFE_EXAMPLES", "100"))

# Mostly the one who may; now and then another.
honest = st.integers(0, 9).map(lambda n: n < 9)
seldom = st.integers(0, 9).map(lambda n: n == 9)
permille = st.one_of(st.integers(1, 999), st.integers(1, 999), st.sampled_from([0, 1_000, 1_001]))
days = st.one_of(st.integers(30, 300), st.sampled_from([0, 1]))
FLAWS = (
    "QuoteExpired",
    "InvalidQuoteSignature",
    "VerdictExpired",
    "VerdictNotClear",
    "InvalidVerdict",
)
flaw = st.integers(0, 29).map(lambda n: FLAWS[n - 25] if n >= 25 else "")
MARKS = {DUE: "markDueMany", OVERDUE: "markOverdueMany", DEFAULTED: "markDefaultMany"}
MARKS[WRITTEN_OFF] = "writeOff"
NEXT = {ACCEPTED: DUE, DUE: OVERDUE, OVERDUE: DEFAULTED, DEFAULTED: WRITTEN_OFF}
AFTER_S = {DUE: 0, OVERDUE: OVERDUE_AFTER_S, DEFAULTED: DEFAULT_AFTER_S, WRITTEN_OFF: 0}


def has_claims(life: Ground) -> bool:
    return bool(life.model.books.claims)


def has_lots(life: Ground) -> bool:
    return bool(life.model.books.lots)


def sold_and_troubled(lot: Lot, claim: Claim) -> bool:
    troubled = claim.disputed or claim.state in TROUBLED
    return lot.state == FINANCED and lot.recourse and troubled


class Life(Ground):
    """What the parties do."""

    # receivables

    @rule(new=honest, debtor=pick, supplier=pick, days=days, face=face_fen)
    def register(self, new: bool, debtor: int, supplier: int, days: int, face: int) -> None:
        house = self.house
        self.documents += new
        name = str(self.documents)
        claim = fingerprint(name)
        parties = house.address(DEBTORS[debtor % 2]), house.address(SUPPLIERS[supplier % 4])
        due_s = house.now_s + days * DAY_S
        one = Claim(*parties, due_s, REGISTERED)
        changes = {"debtor": parties[0], "supplier": parties[1], "face": face, "due_at_s": due_s}
        reasons = self.model.register(claim, one, house.now_s)
        self.both(reasons, lambda: house.register(name, **changes))

    @precondition(has_claims)
    @rule(choice=pick, fair=honest)
    def accept(self, choice: int, fair: bool) -> None:
        claim = self.a_claim(choice, REGISTERED)
        signer = self.someone(self.model.books.claims[claim].debtor, choice, fair)
        face = self.house.receivable(claim)["face"]
        account = self.house.address(signer)
        reasons = self.model.accept(claim, face, account, self.house.now_s)
        self.both(reasons, lambda: self.house.accept(claim, signer=signer))

    @precondition(has_claims)
    @rule(choice=pick, fair=honest, too_late=seldom)
    def end_unaccepted(self, choice: int, fair: bool, too_late: bool) -> None:
        """The debtor rejects, or time has passed over it."""
        house, claim = self.house, self.a_claim(choice, REGISTERED)
        one = self.model.books.claims[claim]
        if too_late:
            house.now_s = max(house.now_s, one.due_s)
            reasons = self.model.expire(claim, house.now_s)
            act = partial(house.run, "anyone", "Registry", "expireMany")
        else:
            by = self.someone(one.debtor, choice, fair)
            reasons = self.model.reject(claim, house.address(by))
            act = partial(house.run, by, "Registry", "rejectMany")
        self.both(reasons, lambda: act([claim], CORRELATION))

    @precondition(has_claims)
    @rule(choice=pick, fair=honest, opens=st.booleans())
    def dispute(self, choice: int, fair: bool, opens: bool) -> None:
        claim = self.an_open_claim(choice)
        by = self.someone(self.model.books.claims[claim].debtor, choice, fair)
        account = self.house.address(by)
        if opens:
            self.both(self.model.dispute(claim, account), lambda: self.house.dispute(claim, by))
        else:
            reasons = self.model.resolve(claim, account, self.house.address(OPERATOR))
            self.both(reasons, lambda: self.house.resolve(claim, by))

    @precondition(has_claims)
    @rule(choice=pick, to=st.sampled_from(list(MARKS)), fair=honest, hurry=seldom)
    def mark(self, choice: int, to: int, fair: bool, hurry: bool) -> None:
        """Mostly the next state; seldom time is moved to its date for it."""
        claim = self.a_claim(choice)
        one = self.model.books.claims[claim]
        to = NEXT.get(one.state, to) if fair else to
        if hurry:
            self.house.now_s = max(self.house.now_s, one.due_s + AFTER_S[to])
        reasons = self.model.mark(claim, to, self.house.now_s)
        if to == WRITTEN_OFF:
            self.both(reasons, lambda: self.house.write_off(claim))
        else:
            self.both(reasons, lambda: self.house.mark(MARKS[to], claim))

    # lots

    @precondition(has_lots)
    @rule(choice=pick, parts=st.lists(permille, min_size=1, max_size=4), fair=honest)
    def split(self, choice: int, parts: list[int], fair: bool) -> None:
        number = self.a_lot(choice, self.movable)
        lot = self.model.books.lots[number]
        values = [lot.value * part // (1_000 * len(parts)) for part in parts]
        by = self.someone(lot.owner, choice, fair)
        reasons = self.model.split(number, values, self.house.address(by), self.house.now_s)
        self.both(reasons, lambda: self.house.split(number, values, by))

    @precondition(has_lots)
    @rule(
        choice=pick,
        to=st.sampled_from([*SUPPLIERS, *SUPPLIERS, "core"]),
        part=permille,
        fair=honest,
    )
    def endorse(self, choice: int, to: str, part: int, fair: bool) -> None:
        number = self.a_lot(choice, self.movable)
        lot = self.model.books.lots[number]
        value = lot.value * part // 1_000
        by = self.someone(lot.owner, choice, fair)
        accounts = self.house.address(to), value, self.house.address(by)
        reasons = self.model.endorse(number, *accounts, self.house.now_s)
        self.both(reasons, lambda: self.house.endorse(number, to, value, by))

    @precondition(has_lots)
    @rule(choice=pick, bank=st.sampled_from(BANKS), fair=honest)
    def lock(self, choice: int, bank: str, fair: bool) -> None:
        number, house = self.a_lot(choice, self.movable), self.house
        by = self.someone(self.model.books.lots[number].owner, choice, fair)
        until_s = house.now_s + DAY_S
        accounts = house.address(bank), until_s, house.address(by)
        reasons = self.model.lock(number, *accounts, house.now_s)
        self.both(reasons, lambda: house.lock(number, bank, by))

    @precondition(has_lots)
    @rule(choice=pick, by=st.sampled_from([*BANKS, "alpha"]))
    def unlock(self, choice: int, by: str) -> None:
        locked = list(self.model.locks)
        number = locked[choice % len(locked)] if locked else self.a_lot(choice)
        reasons = self.model.unlock(number, self.house.address(by), self.house.now_s)
        self.both(
            reasons, lambda: self.house.run(by, "FinancingDesk", "unlock", number, CORRELATION)
        )

    # money

    @precondition(has_lots)
    @rule(
        choice=pick,
        bank=st.sampled_from(BANKS),
        discount=st.integers(0, 300),
        holdback=st.integers(0, 300),
        off=st.integers(0, 19).map(lambda n: {18: 1, 19: -1}.get(n, 0)),
        recourse=st.booleans(),
        old_nonce=seldom,
        what=flaw,
        fair=honest,
    )
    def disburse(
        self,
        choice: int,
        bank: str,
        discount: int,
        holdback: int,
        off: int,
        recourse: bool,
        old_nonce: bool,
        what: str,
        fair: bool,
    ) -> None:
        number = self.a_lot(choice, self.movable)
        lot = self.model.books.lots[number]
        discount, holdback = lot.value * discount // 1_000, lot.value * holdback // 1_000
        self.quoted += 0 if old_nonce else 1
        by = self.someone(lot.owner, choice, fair)
        offer = Offer(
            number,
            self.house.address(bank),
            lot.owner if fair else self.house.address(by),
            max(0, lot.value - discount - holdback + off),
            discount,
            holdback,
            recourse,
            self.quoted,
            frozenset([what] if what else []),
        )
        reasons = self.model.disburse(offer, self.house.address(by), self.house.now_s)
        self.both(reasons, lambda: self._disburse(offer, by, bank, what))

    def _disburse(self, offer: Offer, by: str, bank: str, what: str) -> None:
        house, now_s = self.house, self.house.now_s
        quote = Quote(
            offer.lot,
            offer.bank,
            offer.supplier,
            offer.advance,
            offer.discount,
            offer.holdback,
            offer.recourse,
            offer.nonce,
            now_s - 1 if what == "QuoteExpired" else now_s,
        )
        verdict = house.verdict(
            offer.lot,
            clear=what != "VerdictNotClear",
            expires_at_s=now_s - 1 if what == "VerdictExpired" else now_s,
        )
        parts = house.disbursement(
            quote,
            verdict,
            bank="alpha" if what == "InvalidQuoteSignature" else bank,
            risk="alpha" if what == "InvalidVerdict" else RISK_SIGNER,
        )
        house.disburse(*parts, by=by)

    @precondition(has_claims)
    @rule(choice=pick, part=permille, old=seldom, fair=honest)
    def pay(self, choice: int, part: int, old: bool, fair: bool) -> None:
        claim = self.an_open_claim(choice)
        open_fen = self.model.books.outstanding(claim)
        amount = open_fen * part // 1_000 + (part > 1_000)
        payment = len(self.model.payments) + (not old)
        by = self.someone(self.model.books.claims[claim].debtor, choice, fair)
        accounts = self.house.address(by), self.house.address(OPERATOR)
        reasons = self.model.pay(claim, amount, payment, *accounts)
        payment_id = payment.to_bytes(32)
        self.both(reasons, lambda: self.house.pay(claim, amount, by=by, payment=payment_id))

    @precondition(has_lots)
    @rule(choice=pick, part=permille, sells=st.booleans(), fair=honest, other=honest)
    def credit(self, choice: int, part: int, sells: bool, fair: bool, other: bool) -> None:
        number = self.a_lot(choice)
        lot = self.model.books.lots[number]
        claim = lot.claim if other else self.a_claim(choice)
        available = lot.holdback if sells and lot.seller else lot.value - lot.holdback
        amount = available * part // 1_000 + (part > 1_000)
        right = lot.seller if sells and lot.seller else lot.owner
        by = self.someone(right, choice, fair)
        reasons = self.model.credit(claim, number, amount, self.house.address(by))
        self.both(reasons, lambda: self.house.credit(claim, [number], [amount], by))

    @precondition(has_lots)
    @rule(choice=pick, fair=honest)
    def recourse(self, choice: int, fair: bool) -> None:
        number = self.a_lot(choice, sold_and_troubled)
        by = self.someone(self.model.books.lots[number].owner, choice, fair)
        reasons = self.model.recourse(number, self.house.address(by))
        self.both(reasons, lambda: self.house.recourse(number, by))


TestLife = pytest.mark.slow(Life.TestCase)
TestLife.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


def test_a_reorganised_chain_rebuilds_to_the_same_books() -> None:
    """Blocks are dropped and mined again: copies of their events change nothing."""
    house = House()
    claim, root = house.claim()
    [part] = house.split(root, [300_000])
    house.finance(part)
    house.pay(claim, 500_001)
    house.dispute(claim)
    house.recourse(part)
    before = rebuilt(house.history).facts()
    house.chain.reorg(4, keep=True)
    house.pass_block()
    receipts = house.chain.block_receipts(house.chain.head().number)
    again = [event for receipt in receipts for event in house.events(receipt)]
    assert len(receipts) == 4
    assert rebuilt([*house.history, *again]).facts() == before
    accounts = [house.address(name) for name in CAST]
    assert books_on_chain(house, [claim], accounts).facts() == before
