"""What suppliers must pay besides materials: wages, fixed costs, interest; and their failure."""

from sim.receivables.economy import Economy, interest_fen
from sim.receivables.records import WORLD, Firm
from system.limits import PPM


class Bills:
    """The running costs of every supplier. ``step`` once per local day."""

    def __init__(self, economy: Economy) -> None:
        self._e, self._p = economy, economy.p

    def open_accounts(self) -> None:
        """Cash at the start: a number of days of sales, drawn per supplier."""
        p50, sigma = self._p.cash_buffer_days_p50, self._p.cash_buffer_sigma
        for firm in self._e.network.suppliers:
            draw = self._e.luck.generator("cash_buffer", firm.key).lognormal(sigma=sigma)
            days_thousandths = round(float(draw) * p50 * 1000)
            cash_fen = firm.sales_fen_per_day * days_thousandths // 1000
            self._e.pay(WORLD, firm.key, cash_fen, "opening_cash")

    def step(self) -> None:
        for firm in self._e.network.suppliers:
            if firm.alive:
                self._interest(firm)
                self._fall_due(firm)
                self.pay_arrears(firm)
                self._judge(firm)

    def _interest(self, firm: Firm) -> None:
        overdrawn_fen = max(0, -self._e.cash_fen(firm))
        cost_fen = interest_fen(overdrawn_fen, self._p.overdraft_rate_ppm, 1)
        self._e.pay(firm.key, firm.bank, cost_fen, "overdraft_interest")
        if self._e.is_measured:
            self._e.counts.overdraft_interest_fen += cost_fen
            self._e.counts.overdraft_fen_days += overdrawn_fen

    def _fall_due(self, firm: Firm) -> None:
        """Firms are staggered: not everybody's wages fall due on the same day."""
        day = self._e.day + firm.index
        if day % self._p.wage_interval_days == 0:
            firm.unpaid_wages_fen += self._wages_fen(firm)
        if day % self._p.cost_interval_days == 0:
            firm.unpaid_costs_fen += self._costs_fen(firm)

    def _wages_fen(self, firm: Firm) -> int:
        share_ppm = round(self._p.payroll_share * PPM)
        return firm.sales_fen_per_day * self._p.wage_interval_days * share_ppm // PPM

    def _costs_fen(self, firm: Firm) -> int:
        share_ppm = round(self._p.fixed_cost_share * PPM)
        return firm.sales_fen_per_day * self._p.cost_interval_days * share_ppm // PPM

    def pay_arrears(self, firm: Firm) -> None:
        """Wages first, then costs; each as far as cash and overdraft reach."""
        wages_fen = min(firm.unpaid_wages_fen, max(0, self._e.headroom_fen(firm)))
        self._e.pay(firm.key, WORLD, wages_fen, "wages")
        firm.unpaid_wages_fen -= wages_fen
        costs_fen = min(firm.unpaid_costs_fen, max(0, self._e.headroom_fen(firm)))
        self._e.pay(firm.key, WORLD, costs_fen, "fixed_costs")
        firm.unpaid_costs_fen -= costs_fen

    def _judge(self, firm: Firm) -> None:
        """A firm that cannot pay what is due for too long is insolvent."""
        day = self._e.day
        # A late invoice is custom; only one that stays unpaid as long as this counts as arrears.
        old_day = day - self._p.arrears_grace_days
        has_old_debt = any(invoice.pays_on_day < old_day for invoice in firm.payables)
        in_arrears = firm.unpaid_wages_fen > 0 or firm.unpaid_costs_fen > 0 or has_old_debt
        firm.arrears_days = firm.arrears_days + 1 if in_arrears else 0
        if firm.arrears_days > self._p.insolvency_arrears_days:
            firm.failed_on_day = day
            self._e.note("insolvent", firm.key, self._e.cash_fen(firm))
