"""Every working morning each supplier's treasurer looks at the books and may seek cash."""

from sim.agents.treasurer import Books, Offer, choose
from sim.receivables.economy import Economy
from sim.receivables.records import Claim, Firm, Ticket
from system.limits import PPM


class Treasury:
    """Builds each treasurer's view, and turns its choices into tickets."""

    def __init__(self, economy: Economy) -> None:
        self._e, self._p = economy, economy.p

    def step(self) -> None:
        at_s = self._e.engine.now_s + self._p.treasurer_at_s
        if self._e.calendar.is_open(at_s):
            self._e.engine.at(at_s, self._morning)

    def _morning(self) -> None:
        for firm in self._e.network.suppliers:
            if firm.alive:
                self._plan(firm)

    def _plan(self, firm: Firm) -> None:
        firm.claims = [claim for claim in firm.claims if claim.state != "closed"]
        books = Books(
            cash_fen=self._e.cash_fen(firm),
            inflow_fen=self._inflow_fen(firm),
            outflow_fen=self._outflow_fen(firm),
            buffer_fen=firm.sales_fen_per_day * self._p.treasurer_buffer_days,
            overdraft_limit_fen=self._e.overdraft_limit_fen(firm),
            overdraft_rate_ppm=self._p.overdraft_rate_ppm,
        )
        if books.short_fen <= 0:
            return
        claims, offers = self._offers(firm)
        missing_fen = books.short_fen
        for position in choose(books, offers):
            self.apply(firm, claims[position], firm.bank, needed_fen=missing_fen)
            missing_fen -= offers[position].cash_fen

    def apply(
        self,
        firm: Firm,
        claim: Claim,
        bank: str,
        fraud: str = "",
        amount_fen: int = 0,
        needed_fen: int = 0,
    ) -> None:
        """File an application for a claim at a bank; ``amount_fen`` where it differs from it."""
        ticket = Ticket(
            key=f"k{len(self._e.tickets)}-{claim.key}",
            firm=firm.index,
            claim=claim,
            bank=bank,
            channel="",
            amount_fen=amount_fen or claim.value_fen,
            sought_at_s=self._e.engine.now_s,
            last_at_s=self._e.engine.now_s,
            fraud=fraud,
            needed_fen=needed_fen,
        )
        self._e.tickets.append(ticket)
        self._e.note("sought", ticket.key, ticket.amount_fen)
        if claim.state == "held":
            claim.state = "sought"
        self._e.channel.seek(ticket)

    def _offers(self, firm: Firm) -> tuple[list[Claim], list[Offer]]:
        claims: list[Claim] = []
        offers: list[Offer] = []
        for claim in firm.claims:
            days = self._e.term_days_left(claim)
            is_free = claim.state == "held" and not claim.invoice.in_dispute
            if not is_free or days <= self._p.treasurer_horizon_days:
                continue
            apr_ppm = self._e.channel.apr_ppm(claim)
            if apr_ppm is not None:
                cash_fen = claim.value_fen * (PPM - self._p.holdback_ppm) // PPM
                claims.append(claim)
                offers.append(Offer(claim.value_fen, cash_fen, days, apr_ppm))
        return claims, offers

    def _inflow_fen(self, firm: Firm) -> int:
        """Claims that fall due soon, trusted in part, and what is being applied for."""
        horizon = self._p.treasurer_horizon_days
        given_up = -self._p.treasurer_given_up_days
        due_fen = pending_fen = 0
        for claim in firm.claims:
            is_due_soon = given_up < self._e.term_days_left(claim) <= horizon
            if claim.state == "sought":
                pending_fen += claim.value_fen * (PPM - self._p.holdback_ppm) // PPM
            elif claim.state in ("held", "refused") and is_due_soon:
                due_fen += claim.value_fen
        return due_fen * round(self._p.inflow_trust_share * PPM) // PPM + pending_fen

    def _outflow_fen(self, firm: Firm) -> int:
        """Wages, costs, materials and payables within the horizon."""
        horizon = self._p.treasurer_horizon_days
        day = self._e.day
        running_fen = self._e.daily_costs_fen(firm) * self._whole_periods(horizon)
        owed_fen = firm.unpaid_wages_fen + firm.unpaid_costs_fen
        ordered_fen = sum(o.value_fen for o in firm.backlog if o.due_day <= day + horizon)
        share = self._p.material_share + (0.0 if firm.inputs else self._p.input_share)
        last_s = self._e.day_s(day + horizon)
        payable_fen = sum(i.face_fen for i in firm.payables if i.due_at_s <= last_s)
        return running_fen + owed_fen + ordered_fen * round(share * PPM) // PPM + payable_fen

    def _whole_periods(self, horizon_days: int) -> int:
        """The horizon in days, rounded up so that the next wages are always within it."""
        period_days = max(self._p.wage_interval_days, self._p.cost_interval_days)
        return -(-horizon_days // period_days) * period_days
