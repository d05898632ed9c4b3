"""The ground of the random life: a house, its model, the world around, and what always holds."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from system.chain.wallets import GUARDIAN, OPERATOR
from system.errors import EvmReverted
from tests.contracts.auditor import Auditor
from tests.contracts.books import Books, Claim, Lot
from tests.contracts.cast import (
    ACCEPTED,
    BANK,
    BANKS,
    CORRELATION,
    DAY_S,
    DEBTOR,
    DEBTORS,
    DEPOSIT_FEN,
    FREE,
    GROUP,
    GROUP_LINE,
    KYC_UNTIL_S,
    LOCKED,
    OVERDUE,
    REGISTERED,
    SUPPLIER,
    SUPPLIERS,
    fingerprint,
)
from tests.contracts.house import House
from tests.contracts.invariants import books_on_chain, check
from tests.contracts.model import Model, Offer, Reasons

CAST = (*DEBTORS, *SUPPLIERS, *BANKS)
LINES = [("debtor", DEBTOR, DEBTORS), ("seller", SUPPLIER, SUPPLIERS), ("owner", BANK, BANKS)]
TERM_DAYS, SHORT_TERM_DAYS = 300, 20

pick = st.integers(0, 999)
face_fen = st.one_of(st.integers(1, 30), st.integers(1, 1_000_000))


class Ground(RuleBasedStateMachine):
    """One house. Each rule asks the model first, then does the same on chain."""

    @initialize(faces=st.lists(face_fen.map(lambda face: face + 1), min_size=3, max_size=4))
    def open(self, faces: list[int]) -> None:
        self.house = House()
        address = self.house.address
        limits = {(role, address(name)): DEPOSIT_FEN for role, _, names in LINES for name in names}
        cash = {address(name): DEPOSIT_FEN for name in CAST}
        group = frozenset(address(name) for name in DEBTORS)
        suppliers = frozenset(address(name) for name in SUPPLIERS)
        self.model = Model(Books(cash=cash), group, limits, DEPOSIT_FEN, suppliers)
        self.auditor = Auditor()
        self.names = {address(name): name for name in (*CAST, OPERATOR)}
        self.read = self.quoted = self.documents = 0
        for supplier, face in enumerate(faces):
            days = SHORT_TERM_DAYS if supplier == 0 else TERM_DAYS
            self.accepted(DEBTORS[supplier % 2], SUPPLIERS[supplier], face, days)
        for lot in (1, 2):
            self.financed(lot, SUPPLIERS[lot - 1])
        self.shared_out(3, SUPPLIERS[2])
        self.house.wait((SHORT_TERM_DAYS + 1) * DAY_S)
        claim = fingerprint("1")
        assert not self.model.mark(claim, OVERDUE, self.house.now_s)
        self.house.mark("markOverdueMany", claim)

    def accepted(self, debtor: str, supplier: str, face: int, days: int) -> None:
        """An accepted receivable in model and house, so that there is something to begin with."""
        self.documents += 1
        claim, now_s = fingerprint(str(self.documents)), self.house.now_s
        parties = self.house.address(debtor), self.house.address(supplier)
        due_s = now_s + days * DAY_S
        changes = {"debtor": parties[0], "supplier": parties[1], "face": face, "due_at_s": due_s}
        assert not self.model.register(claim, Claim(*parties, due_s, REGISTERED), now_s)
        assert not self.model.accept(claim, face, parties[0], now_s)
        self.house.register(str(self.documents), **changes)
        self.house.accept(claim, signer=debtor)

    def financed(self, lot: int, supplier: str) -> None:
        """The whole lot is north's, with recourse and a tenth held back."""
        quote = self.house.quote(lot)
        parties = quote.bank, quote.supplier
        parts = quote.advance_fen, quote.discount_fen, quote.holdback_fen
        offer = Offer(lot, *parties, *parts, True, 2**128 + lot)
        now_s = self.house.now_s
        assert not self.model.disburse(offer, quote.supplier, now_s)
        self.house.finance(lot, by=supplier, nonce=offer.nonce)

    def shared_out(self, lot: int, supplier: str) -> None:
        """In uneven thirds, so that payments leave odd fen; too small a lot stays whole."""
        one = self.model.books.lots[lot]
        values = [one.value // 3, one.value // 4]
        if all(values):
            assert not self.model.split(lot, values, one.owner, self.house.now_s)
            self.house.split(lot, values, supplier)

    def both(self, reasons: Reasons, act: Callable[[], Any]) -> None:
        """The act succeeds on chain exactly when the model knows no reason against it."""
        if not reasons:
            act()
            return
        with pytest.raises(EvmReverted) as caught:
            act()
        assert caught.value.name in reasons, f"{caught.value} but {reasons}"

    def a_claim(self, choice: int, state: int | None = None) -> bytes:
        """In this state, if any is."""
        claims = self.model.books.claims
        best = [claim for claim, one in claims.items() if one.state == state] or list(claims)
        return best[choice % len(best)]

    def an_open_claim(self, choice: int) -> bytes:
        """With something to pay, if any has."""
        books = self.model.books
        best = [claim for claim in books.claims if books.outstanding(claim)] or list(books.claims)
        return best[choice % len(best)]

    def a_lot(self, choice: int, wanted: Callable[[Lot, Claim], bool] | None = None) -> int:
        """Of those that are wanted, or else that have value, or else any."""
        books = self.model.books
        live = [number for number, lot in books.lots.items() if lot.value] or list(books.lots)
        best = [
            number
            for number in live
            if wanted is None or wanted(books.lots[number], books.claims[books.lots[number].claim])
        ]
        numbers = best or live
        return numbers[choice % len(numbers)]

    def movable(self, lot: Lot, claim: Claim) -> bool:
        """Nearly: all that stands against moving it is left to the model."""
        open_claim = claim.state == ACCEPTED and self.house.now_s < claim.due_s
        return open_claim and not claim.disputed and lot.state in (FREE, LOCKED)

    def someone(self, right: str, choice: int, fair: bool) -> str:
        """The name of the account, or of another one when not fair."""
        return self.names[right] if fair else CAST[choice % len(CAST)]

    # the world around

    @rule(days=st.sampled_from([1, 10, 45]))
    def wait(self, days: int) -> None:
        self.house.wait(days * DAY_S)

    @rule(choice=pick, amount=st.integers(0, 2_000_000), ends=st.integers(0, 9))
    def trouble(self, choice: int, amount: int, ends: int) -> None:
        """A pause, a suspension or a tight limit; or, more often, its end."""
        lifts = ends < 7
        if choice % 3 == 0:
            self._pause(lifts)
        elif choice % 3 == 1:
            suspended = sorted(self.model.suspended)
            name = self.names[suspended[0]] if lifts and suspended else CAST[choice % len(CAST)]
            self._suspend(name, lifts)
        else:
            self._limit(choice, DEPOSIT_FEN if lifts else amount)

    def _pause(self, lifts: bool) -> None:
        if not lifts:
            self.house.run(GUARDIAN, "Registry", "pause", CORRELATION)
        elif self.model.paused:
            self.house.as_admin("Registry", "unpause", CORRELATION)
        self.model.paused = not lifts

    def _suspend(self, name: str, lifts: bool) -> None:
        account = self.house.address(name)
        if lifts:
            arguments = (account, KYC_UNTIL_S, CORRELATION)
            self.house.run(OPERATOR, "Participants", "reinstate", *arguments)
            self.model.suspended.discard(account)
        else:
            self.house.suspend(name)
            self.model.suspended.add(account)

    def _limit(self, choice: int, amount: int) -> None:
        lines = [(role, kind, name) for role, kind, names in LINES for name in names]
        role, kind, name = [*lines, ("", GROUP_LINE, "")][choice % (len(lines) + 1)]
        if kind == GROUP_LINE:
            self.model.group_limit = amount
            self.house.limit(kind, GROUP, amount)
        else:
            self.model.limits[role, self.house.address(name)] = amount
            self.house.limit(kind, self.house.party(name), amount)

    # what always holds

    @invariant()
    def all_books_agree(self) -> None:
        model = self.model.books
        chain = books_on_chain(self.house, model.claims, model.cash)
        check(self.house, chain, DEPOSIT_FEN * len(CAST))
        assert chain.facts() == model.facts()
        # Some events are read again, as after a restart; it must not matter.
        for event in self.house.history[max(0, self.read - 3) :]:
            self.auditor.apply(event)
        self.read = len(self.house.history)
        assert chain.facts() == self.auditor.books.facts()
