"""Balances, lots and limits rebuilt from the contracts' logs alone."""

from dataclasses import dataclass, field
from typing import TypeVar

from sim.checks.chain_log import Entry, account, array_at, payouts

_DEBTOR, _SUPPLIER, _BANK, _GROUP = 1, 2, 4, 8

K = TypeVar("K", tuple[int, str], tuple[bytes, str, str])


@dataclass(slots=True)
class AuditedLot:
    """value_fen: outstanding. financed_by: the bank, or None while nobody has paid for it."""

    receivable: int
    owner: str
    value_fen: int
    financed_by: str | None = None
    seller: str = ""


@dataclass(slots=True)
class AuditedReceivable:
    face_fen: int
    debtor: str
    accepted: bool = False
    paid_fen: int = 0
    credited_fen: int = 0
    lots: list[int] = field(default_factory=list)


@dataclass(slots=True)
class ChainState:
    """``breaches``: (invariant, sentence), in the order of the chain."""

    token: str
    balances_fen: dict[str, int] = field(default_factory=dict)
    receivables: dict[int, AuditedReceivable] = field(default_factory=dict)
    lots: dict[int, AuditedLot] = field(default_factory=dict)
    limits_fen: dict[tuple[int, str], int] = field(default_factory=dict)
    used_fen: dict[tuple[int, str], int] = field(default_factory=dict)
    payment_ids: set[int] = field(default_factory=set)
    moved_fen: dict[tuple[bytes, str, str], int] = field(default_factory=dict)
    claimed_fen: dict[tuple[bytes, str, str], int] = field(default_factory=dict)
    written_off: set[int] = field(default_factory=set)
    # Lot, bank, supplier, advance, discount, holdback of every disbursement.
    disbursed: list[tuple[int, str, str, int, int, int]] = field(default_factory=list)
    # Lot, payee and fen of every part of a debtor's payment.
    paid_out: list[tuple[int, str, int]] = field(default_factory=list)
    breaches: list[tuple[str, str]] = field(default_factory=list)

    def apply(self, entry: Entry) -> None:
        """Follow one event."""
        getattr(self, f"_{entry.name}")(entry)

    def broken(self, invariant: str, sentence: str) -> None:
        self.breaches.append((invariant, sentence))

    def _Transfer(self, entry: Entry) -> None:  # noqa: N802 named after the event
        if entry.address != self.token:
            return
        payer, payee = account(entry.topics[0]), account(entry.topics[1])
        amount_fen = entry.words[0]
        self.balances_fen[payer] = self.balances_fen.get(payer, 0) - amount_fen
        self.balances_fen[payee] = self.balances_fen.get(payee, 0) + amount_fen
        _add(self.moved_fen, (entry.tx, payer, payee), amount_fen)
        if self.balances_fen[payer] < 0 and int(payer, 16):
            self.broken("money_is_conserved", f"{payer} spends tokens that it does not have")

    def _Registered(self, entry: Entry) -> None:  # noqa: N802
        fingerprint = entry.topics[0]
        if fingerprint in self.receivables:
            self.broken("no_receivable_financed_twice", f"{fingerprint:064x} registered twice")
        face_fen, debtor = entry.words[2], account(entry.topics[2])
        self.receivables[fingerprint] = AuditedReceivable(face_fen, debtor)

    def _Accepted(self, entry: Entry) -> None:  # noqa: N802
        fingerprint, lot = entry.topics[0], entry.topics[1]
        receivable = self.receivables[fingerprint]
        if receivable.accepted or entry.words[3] != receivable.face_fen:
            self.broken("lots_conserve_face", f"{fingerprint:064x} accepted twice or not in full")
        receivable.accepted = True
        self._new_lot(fingerprint, lot, account(entry.words[2]), entry.words[3])

    def _new_lot(self, fingerprint: int, lot: int, owner: str, value_fen: int) -> None:
        if lot in self.lots:
            self.broken("lots_conserve_face", f"lot {lot} made twice")
        self.lots[lot] = AuditedLot(fingerprint, owner, value_fen)
        self.receivables[fingerprint].lots.append(lot)

    def _Split(self, entry: Entry) -> None:  # noqa: N802
        parent = self.lots[entry.topics[1]]
        children = array_at(entry.words, 3)
        values = array_at(entry.words, 4)
        for (child,), (value_fen,) in zip(children, values, strict=True):
            self._cut_child(parent, child, account(entry.words[1]), value_fen)

    def _Endorsed(self, entry: Entry) -> None:  # noqa: N802
        parent = self.lots[entry.topics[1]]
        child, payee, value_fen = entry.words[1], account(entry.words[3]), entry.words[4]
        self._cut_child(parent, child, payee, value_fen)

    def _cut_child(self, parent: AuditedLot, child: int, owner: str, value_fen: int) -> None:
        if parent.financed_by is not None:
            self.broken("no_receivable_financed_twice", f"lot {child} comes from a financed lot")
        parent.value_fen -= value_fen
        if parent.value_fen < 0:
            self.broken("lots_conserve_face", f"lot {child} is worth more than its parent")
        self._new_lot(parent.receivable, child, owner, value_fen)

    def _Disbursed(self, entry: Entry) -> None:  # noqa: N802
        number = entry.topics[1]
        lot = self.lots[number]
        bank, supplier = account(entry.words[1]), account(entry.words[2])
        advance_fen, discount_fen, holdback_fen = entry.words[3:6]
        if lot.financed_by is not None:
            self.broken("no_receivable_financed_twice", f"lot {number} financed twice")
        if lot.owner != supplier or advance_fen + discount_fen + holdback_fen != lot.value_fen:
            self.broken("lots_conserve_face", f"lot {number}: the quote does not fit the lot")
        lot.financed_by, lot.owner, lot.seller = bank, bank, supplier
        self.disbursed.append((number, bank, supplier, advance_fen, discount_fen, holdback_fen))
        _add(self.claimed_fen, (entry.tx, bank, supplier), advance_fen)
        self._use(lot, lot.value_fen)

    def _use(self, lot: AuditedLot, change_fen: int) -> None:
        """Linked limits: one financed lot uses its debtor's, its seller's and its bank's line."""
        debtor = self.receivables[lot.receivable].debtor
        for line in ((_DEBTOR, debtor), (_SUPPLIER, lot.seller), (_BANK, lot.financed_by or "")):
            _add(self.used_fen, line, change_fen)
            used_fen = self.used_fen[line]
            if change_fen > 0 and used_fen > self.limits_fen.get(line, 0):
                self.broken("limits_hold", f"line {line}: {used_fen} fen used")

    def _Paid(self, entry: Entry) -> None:  # noqa: N802
        fingerprint, payment = entry.topics[0], entry.topics[1]
        receivable, rows = self.receivables[fingerprint], payouts(entry)
        payer, amount_fen = account(entry.words[1]), entry.words[2]
        if payment in self.payment_ids:
            self.broken("nothing_paid_twice", f"payment {payment:064x} settled twice")
        self.payment_ids.add(payment)
        receivable.paid_fen += amount_fen
        if sum(row[2] + row[4] for row in rows) != amount_fen:
            self.broken("money_is_conserved", f"payouts of {payment:064x} differ from cash in")
        for number, holder, to_holder_fen, seller, to_seller_fen, _, _ in rows:
            self._redeem(self.lots[number], to_holder_fen + to_seller_fen, fingerprint)
            for payee, part_fen in ((holder, to_holder_fen), (seller, to_seller_fen)):
                if part_fen:
                    self.paid_out.append((number, account(payee), part_fen))
                    _add(self.claimed_fen, (entry.tx, payer, account(payee)), part_fen)

    def _redeem(self, lot: AuditedLot, amount_fen: int, fingerprint: int) -> None:
        lot.value_fen -= amount_fen
        if lot.value_fen < 0 or lot.receivable != fingerprint:
            self.broken("nothing_paid_twice", f"{fingerprint:064x} pays more than its lots")
        if lot.financed_by is not None and fingerprint not in self.written_off:
            self._use(lot, -amount_fen)

    def _Recoursed(self, entry: Entry) -> None:  # noqa: N802
        lot = self.lots[entry.topics[1]]
        bank, seller, price_fen = account(entry.words[1]), account(entry.words[2]), entry.words[3]
        if lot.receivable not in self.written_off:
            self._use(lot, -lot.value_fen)
        lot.financed_by, lot.owner = None, seller
        _add(self.claimed_fen, (entry.tx, seller, bank), price_fen)

    def _CreditNoted(self, entry: Entry) -> None:  # noqa: N802
        lot, amount_fen = self.lots[entry.topics[1]], entry.words[2]
        lot.value_fen -= amount_fen
        self.receivables[lot.receivable].credited_fen += amount_fen
        if lot.financed_by is not None:
            self._use(lot, -amount_fen)

    def _WrittenOff(self, entry: Entry) -> None:  # noqa: N802
        fingerprint = entry.topics[0]
        for number in self.receivables[fingerprint].lots:
            lot = self.lots[number]
            if lot.financed_by is not None:
                self._use(lot, -lot.value_fen)
        self.written_off.add(fingerprint)

    def _LimitChanged(self, entry: Entry) -> None:  # noqa: N802
        kind = entry.topics[0]
        if kind != _GROUP:
            self.limits_fen[kind, account(entry.topics[1])] = entry.words[2]


def _add(sums: dict[K, int], key: K, amount_fen: int) -> None:
    sums[key] = sums.get(key, 0) + amount_fen
