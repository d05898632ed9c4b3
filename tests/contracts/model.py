"""What the contracts should do, in plain Python: why an act is refused, and its effect on books.

Each act returns the names of all errors that would be right; an empty set means that it was
done. Which of several errors comes first is the contracts' own business.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.contracts.books import Books, Claim, Lot
from tests.contracts.cast import (
    ACCEPTED,
    DEFAULT_AFTER_S,
    DEFAULTED,
    DUE,
    EXPIRED,
    FINANCED,
    FREE,
    LOCK_S_MAX,
    LOCKED,
    LOTS_MAX,
    OVERDUE,
    OVERDUE_AFTER_S,
    RECOURSED,
    REDEEMED,
    REGISTERED,
    REJECTED,
    SETTLED,
    SPENT,
    WRITTEN_OFF,
)

TIER_MAX = 8
TROUBLED = (OVERDUE, DEFAULTED, WRITTEN_OFF)
PAYABLE = (ACCEPTED, DUE, *TROUBLED)
Reasons = set[str]


@dataclass
class Offer:
    """A quote and its verdict, with what may be wrong about them."""

    lot: int
    bank: str
    supplier: str
    advance: int
    discount: int
    holdback: int
    recourse: bool
    nonce: int
    flaws: frozenset[str] = frozenset()


@dataclass
class Model:
    """group: the debtors under one limit. limits: by ('debtor' | 'seller' | 'owner', party)."""

    books: Books
    group: frozenset[str]
    limits: dict[tuple[str, str], int]
    group_limit: int
    suppliers: frozenset[str]
    suspended: set[str] = field(default_factory=set)
    paused: bool = False
    locks: dict[int, tuple[str, int]] = field(default_factory=dict)
    nonces: set[tuple[str, int]] = field(default_factory=set)
    payments: set[int] = field(default_factory=set)

    def _inactive(self, *parties: str) -> Reasons:
        return {"ParticipantInactive"} if self.suspended & set(parties) else set()

    def _no_suppliers(self, *parties: str) -> Reasons:
        strangers = set(parties) - self.suppliers
        return self._inactive(*parties) | ({"ParticipantInactive"} if strangers else set())

    def _immovable(self, claim: Claim, now_s: int) -> Reasons:
        moves = claim.state == ACCEPTED and not claim.disputed and now_s < claim.due_s
        return ({"Paused"} if self.paused else set()) | (set() if moves else {"NotMovable"})

    # receivables

    def register(self, claim: bytes, new: Claim, now_s: int) -> Reasons:
        reasons = {"Paused"} if self.paused else set()
        reasons |= {"AlreadyRegistered"} if claim in self.books.claims else set()
        reasons |= {"InvalidRegistration"} if new.due_s <= now_s else set()
        reasons |= self._inactive(new.debtor, new.supplier)
        if not reasons:
            self.books.claims[claim] = new
        return reasons

    def accept(self, claim: bytes, face: int, signer: str, now_s: int) -> Reasons:
        one = self.books.claims[claim]
        reasons = {"Paused"} if self.paused else set()
        reasons |= {"WrongState"} if one.state != REGISTERED else set()
        reasons |= {"AcceptanceExpired"} if now_s >= one.due_s else set()
        reasons |= {"InvalidAcceptance"} if signer != one.debtor else set()
        reasons |= self._inactive(one.debtor, one.supplier)
        if not reasons:
            one.state, one.face = ACCEPTED, face
            self._add(Lot(claim, one.supplier, face, 0, 1, FREE))
        return reasons

    def _add(self, lot: Lot) -> int:
        number = len(self.books.lots) + 1
        self.books.lots[number] = lot
        return number

    def reject(self, claim: bytes, by: str) -> Reasons:
        one = self.books.claims[claim]
        reasons = {"WrongState"} if one.state != REGISTERED else set()
        reasons |= {"NotDebtor"} if by != one.debtor else set()
        if not reasons:
            one.state = REJECTED
        return reasons

    def expire(self, claim: bytes, now_s: int) -> Reasons:
        one = self.books.claims[claim]
        reasons = {"WrongState"} if one.state != REGISTERED else set()
        reasons |= {"NotExpired"} if now_s < one.due_s else set()
        if not reasons:
            one.state = EXPIRED
        return reasons

    def dispute(self, claim: bytes, by: str) -> Reasons:
        one = self.books.claims[claim]
        reasons = {"WrongState"} if one.state not in (ACCEPTED, DUE, OVERDUE) else set()
        reasons |= {"NotDebtor"} if by != one.debtor else set()
        reasons |= {"AlreadyDisputed"} if one.disputed else set()
        if not reasons:
            one.disputed = True
        return reasons

    def resolve(self, claim: bytes, by: str, registrar: str) -> Reasons:
        one = self.books.claims[claim]
        reasons = {"NotDisputed"} if not one.disputed else set()
        reasons |= {"AccessManagedUnauthorized"} if by not in (one.debtor, registrar) else set()
        if not reasons:
            one.disputed = False
        return reasons

    def mark(self, claim: bytes, to: int, now_s: int) -> Reasons:
        """to: DUE, OVERDUE, DEFAULTED or WRITTEN_OFF."""
        one = self.books.claims[claim]
        sources = {
            DUE: (ACCEPTED,),
            OVERDUE: (ACCEPTED, DUE),
            DEFAULTED: (OVERDUE,),
            WRITTEN_OFF: (DEFAULTED,),
        }
        after_s = {DUE: 0, OVERDUE: OVERDUE_AFTER_S, DEFAULTED: DEFAULT_AFTER_S}
        reasons = {"WrongState"} if one.state not in sources[to] else set()
        if to in after_s and now_s < one.due_s + after_s[to]:
            reasons.add("NotDueYet")
        if not reasons:
            one.state = to
        return reasons

    # lots

    def split(self, number: int, values: Sequence[int], by: str, now_s: int) -> Reasons:
        lot = self.books.lots[number]
        reasons = self._stuck(lot, by) | self._immovable(self.books.claims[lot.claim], now_s)
        valid = all(values) and 0 < sum(values) < lot.value
        reasons |= set() if valid else {"InvalidSplit"}
        reasons |= self._too_many(lot, len(values))
        if not reasons:
            for value in values:
                lot.value -= value
                self._add(Lot(lot.claim, lot.owner, value, number, lot.tier, FREE))
        return reasons

    def _stuck(self, lot: Lot, by: str) -> Reasons:
        reasons = {"NotHolder"} if lot.owner != by else set()
        return reasons | ({"WrongLotState"} if lot.state != FREE else set())

    def _too_many(self, lot: Lot, more: int) -> Reasons:
        count = len(self.books.lots_of(lot.claim)) + more
        return {"TooManyLots"} if count > LOTS_MAX else set()

    def endorse(self, number: int, to: str, value: int, by: str, now_s: int) -> Reasons:
        lot = self.books.lots[number]
        claim = self.books.claims[lot.claim]
        reasons = self._stuck(lot, by) | self._immovable(claim, now_s) | self._no_suppliers(by, to)
        reasons |= {"TierTooDeep"} if lot.tier == TIER_MAX else set()
        reasons |= {"InvalidEndorsee"} if to in (by, claim.debtor) else set()
        reasons |= {"InvalidSplit"} if not 0 < value <= lot.value else set()
        reasons |= self._too_many(lot, 1)
        if not reasons:
            lot.value -= value
            lot.state = SPENT if lot.value == 0 else lot.state
            self._add(Lot(lot.claim, to, value, number, lot.tier + 1, FREE))
        return reasons

    def lock(self, number: int, bank: str, until_s: int, by: str, now_s: int) -> Reasons:
        lot = self.books.lots[number]
        reasons = self._stuck(lot, by) | self._immovable(self.books.claims[lot.claim], now_s)
        reasons |= self._inactive(bank) | self._no_suppliers(by)
        reasons |= {"InvalidLock"} if not now_s < until_s <= now_s + LOCK_S_MAX else set()
        if not reasons:
            lot.state = LOCKED
            self.locks[number] = (bank, until_s)
        return reasons

    def unlock(self, number: int, by: str, now_s: int) -> Reasons:
        lot = self.books.lots[number]
        bank, until_s = self.locks.get(number, ("", 0))
        reasons = {"WrongLotState"} if lot.state != LOCKED else set()
        reasons |= {"NotUnlockable"} if by != bank and now_s <= until_s else set()
        if not reasons:
            lot.state = FREE
            del self.locks[number]
        return reasons

    # money

    def disburse(self, offer: Offer, by: str, now_s: int) -> Reasons:
        lot = self.books.lots[offer.lot]
        value = offer.advance + offer.discount + offer.holdback
        reasons = set(offer.flaws) | self._unfinanceable(lot, offer, by)
        reasons |= self._immovable(self.books.claims[lot.claim], now_s)
        reasons |= {"NonceUsed"} if (offer.bank, offer.nonce) in self.nonces else set()
        reasons |= {"NoAdvance"} if offer.advance == 0 else set()
        reasons |= {"ValueMismatch"} if value != lot.value else set()
        reasons |= self._over_limit(self.books.claims[lot.claim].debtor, offer, value)
        if not reasons:
            lot.state, lot.owner, lot.seller = FINANCED, offer.bank, by
            lot.holdback, lot.recourse = offer.holdback, offer.recourse
            self.nonces.add((offer.bank, offer.nonce))
            self.locks.pop(offer.lot, None)
            self.books.move(offer.bank, by, offer.advance)
        return reasons

    def _unfinanceable(self, lot: Lot, offer: Offer, by: str) -> Reasons:
        reasons = {"QuoteNotForHolder"} if by != offer.supplier else set()
        reasons |= {"NotHolder"} if lot.owner != by else set()
        reasons |= {"WrongLotState"} if lot.state not in (FREE, LOCKED) else set()
        if offer.lot in self.locks and self.locks[offer.lot][0] != offer.bank:
            reasons.add("LockedForOther")
        reasons |= {"InvalidEndorsee"} if by == offer.bank else set()
        reasons |= self._no_suppliers(by)
        return reasons | self._inactive(self.books.claims[lot.claim].debtor, offer.bank)

    def _over_limit(self, debtor: str, offer: Offer, value: int) -> Reasons:
        lines = (("debtor", debtor), ("seller", offer.supplier), ("owner", offer.bank))
        used = [self.books.usage(role).get(party, 0) for role, party in lines]
        over = any(
            self.limits.get(line, 0) < before + value
            for line, before in zip(lines, used, strict=True)
        )
        return {"LimitExceeded"} if over or self.group_used() + value > self.group_limit else set()

    def group_used(self) -> int:
        usage = self.books.usage("debtor")
        return sum(usage.get(debtor, 0) for debtor in self.group)

    def pay(self, claim: bytes, amount: int, payment: int, by: str, registrar: str) -> Reasons:
        one = self.books.claims[claim]
        open_fen = self.books.outstanding(claim)
        reasons = {"NotPayable"} if one.state not in PAYABLE else set()
        reasons |= {"AccessManagedUnauthorized"} if by not in (one.debtor, registrar) else set()
        reasons |= {"ZeroPayment"} if amount == 0 else set()
        reasons |= {"DuplicatePayment"} if payment in self.payments else set()
        reasons |= {"Overpayment"} if amount > open_fen else set()
        if not reasons:
            self.payments.add(payment)
            one.redeemed += amount
            self._share_out(claim, amount, open_fen)
            self._close(claim)
        return reasons

    def _share_out(self, claim: bytes, amount: int, open_fen: int) -> None:
        live = [lot for lot in self.books.lots_of(claim).values() if lot.value]
        shares = [amount * lot.value // open_fen for lot in live]
        odd_fen = amount - sum(shares)
        for place, lot in enumerate(live):
            self._pay_lot(self.books.claims[claim].debtor, lot, shares[place] + (place < odd_fen))

    def _pay_lot(self, debtor: str, lot: Lot, part: int) -> None:
        to_owner = min(part, lot.value - lot.holdback)
        self.books.move(debtor, lot.owner, to_owner)
        if part > to_owner:
            lot.holdback -= part - to_owner
            self.books.move(debtor, lot.seller, part - to_owner)
        self._fall(lot, part)

    def _fall(self, lot: Lot, amount: int) -> None:
        lot.value -= amount
        if amount and lot.value == 0:
            lot.state = REDEEMED

    def _close(self, claim: bytes) -> None:
        one = self.books.claims[claim]
        if one.state != WRITTEN_OFF and self.books.outstanding(claim) == 0:
            one.state = SETTLED

    def credit(self, claim: bytes, number: int, amount: int, by: str) -> Reasons:
        lot, one = self.books.lots[number], self.books.claims[claim]
        sold = lot.state == FINANCED and by == lot.seller != lot.owner
        available = lot.holdback if sold else lot.value - lot.holdback
        reasons = {"NotPayable"} if one.state not in PAYABLE else set()
        reasons |= {"LotOfOther"} if lot.claim != claim else set()
        reasons |= {"WrongLotState"} if lot.state not in (FREE, FINANCED, RECOURSED) else set()
        reasons |= {"NotHolder"} if by != lot.owner and not sold else set()
        reasons |= {"CutTooLarge"} if not 0 < amount <= available else set()
        if not reasons:
            one.credited += amount
            lot.holdback -= amount if sold else 0
            self._fall(lot, amount)
            self._close(claim)
        return reasons

    def recourse(self, number: int, by: str) -> Reasons:
        lot = self.books.lots[number]
        claim = self.books.claims[lot.claim]
        reasons = {"NotHolder"} if by != lot.owner else set()
        reasons |= {"NoRecourse"} if lot.state != FINANCED or not lot.recourse else set()
        reasons |= (
            {"RecourseTooEarly"} if not claim.disputed and claim.state not in TROUBLED else set()
        )
        if not reasons:
            self.books.move(lot.seller, lot.owner, lot.value - lot.holdback)
            lot.state, lot.owner, lot.holdback, lot.recourse = RECOURSED, lot.seller, 0, False
        return reasons
