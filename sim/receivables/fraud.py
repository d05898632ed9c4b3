"""Carries out what fraudsters decide: applications that the treasury of an honest firm never files.

The truth (``Ticket.fraud``, ``Invoice.genuine``) stays in the simulation; banks and the system see
documents only.
"""

from itertools import pairwise

from sim.agents.fraudster import FraudView, Scheme, plan
from sim.receivables.economy import Economy
from sim.receivables.network import BANKS
from sim.receivables.records import Claim, Firm, Invoice
from sim.receivables.treasury import Treasury
from system.limits import DAY_S, PPM

_SPLIT_PARTS = 3
_RING_LENGTH = 3


class FraudDesk:
    """``step`` once per local day."""

    def __init__(self, economy: Economy, treasury: Treasury) -> None:
        self._e, self._p, self._treasury = economy, economy.p, treasury
        share = economy.p.fraud_supplier_share
        for firm in economy.network.suppliers:
            firm.fraudulent = economy.luck.chance("fraudulent", firm.key, share=share)

    def step(self) -> None:
        at_s = self._e.engine.now_s + self._p.fraud_at_s
        if not self._e.calendar.is_open(at_s):
            return
        for firm in self._e.network.suppliers:
            is_due = (self._e.day + firm.index) % self._p.fraud_interval_days == 0
            if firm.fraudulent and firm.alive and is_due:
                self._e.engine.at(at_s, lambda firm=firm: self._act(firm))  # type: ignore[misc]

    def _act(self, firm: Firm) -> None:
        pledged = self._usable(firm, ("sought", "financed"))
        held = self._usable(firm, ("held",))
        choice = plan(self._e.luck, FraudView(firm.key, self._e.day, len(pledged), len(held)))
        if choice is None:
            return
        scheme, position = choice
        if scheme in (Scheme.DOUBLE_SAME, Scheme.DOUBLE_OTHER):
            self._pledge_again(firm, scheme, pledged[position])
        elif scheme is Scheme.ALTERED:
            self._inflate(firm, held[position])
        elif scheme is Scheme.FABRICATED:
            self._file(firm, scheme, self._fabricate(firm, self._usual_fen(firm), 0))
        elif scheme is Scheme.SPLIT:
            self._split(firm)
        else:
            self._ring(firm)

    def _usable(self, firm: Firm, states: tuple[str, ...]) -> list[Claim]:
        """Genuine claims against core enterprises with enough term left."""
        return [
            claim
            for claim in firm.claims
            if claim.state in states
            and claim.invoice.genuine
            and self._e.firms[claim.invoice.debtor].is_core
            and self._e.term_days_left(claim) > self._p.treasurer_horizon_days
        ]

    def _pledge_again(self, firm: Firm, scheme: Scheme, claim: Claim) -> None:
        other = next(bank for bank in BANKS if bank != firm.bank)
        bank = firm.bank if scheme is Scheme.DOUBLE_SAME else other
        self._treasury.apply(firm, claim, bank, scheme)

    def _inflate(self, firm: Firm, claim: Claim) -> None:
        ratio_ppm = round(self._p.fraud_inflation_ratio * PPM)
        amount_fen = claim.value_fen * ratio_ppm // PPM
        self._treasury.apply(firm, claim, firm.bank, Scheme.ALTERED, amount_fen)

    def _split(self, firm: Firm) -> None:
        """Several invented invoices just below the amount from which banks check harder."""
        part_fen = self._p.verify_threshold_fen * 95 // 100
        for part in range(_SPLIT_PARTS):
            self._file(firm, Scheme.SPLIT, self._fabricate(firm, part_fen, part))

    def _ring(self, firm: Firm) -> None:
        """Invoices that go round among friends: each is seller to the next one."""
        others = [
            other
            for other in self._e.network.suppliers
            if other.tier == firm.tier and other.index != firm.index and other.alive
        ]
        first = self._e.luck.choice_index("ring", firm.key, self._e.day, n=max(1, len(others)))
        friends = (others[first:] + others[:first])[: _RING_LENGTH - 1]
        ring = [firm, *friends, firm]
        amount_fen = self._usual_fen(firm)
        for place, (seller, debtor) in enumerate(pairwise(ring)):
            self._file(seller, Scheme.CIRCULAR, self._paper(seller, debtor, amount_fen, place))

    def _usual_fen(self, firm: Firm) -> int:
        return max(100, firm.sales_fen_per_day * self._p.order_interval_days)

    def _fabricate(self, firm: Firm, amount_fen: int, part: int) -> Claim:
        cores = self._e.network.cores
        buyers = [self._e.firms[edge.buyer] for edge in firm.outputs]
        known = [buyer for buyer in buyers if buyer.is_core] or cores
        pick = self._e.luck.choice_index("named_debtor", firm.key, self._e.day, n=len(known))
        return self._paper(firm, known[pick], amount_fen, part)

    def _paper(self, seller: Firm, debtor: Firm, amount_fen: int, part: int) -> Claim:
        key = f"x{seller.index}d{self._e.day}p{part}o{debtor.index}"
        now_s = self._e.engine.now_s
        due_at_s = now_s + self._p.fraud_term_days * DAY_S
        invoice = Invoice(
            key, f"INV-{key}", seller.index, debtor.index, amount_fen, now_s, due_at_s,
            pays_on_day=10**6, genuine=False,
        )  # fmt: skip
        return Claim(key, seller.index, invoice, amount_fen, seller.tier)

    def _file(self, firm: Firm, scheme: Scheme, claim: Claim) -> None:
        self._treasury.apply(firm, claim, firm.bank, scheme)
