"""Orders, production, delivery and invoices, day by day.

Cores order from tier 1 with the season; a supplier passes the input share of each order on to its
own suppliers. Delivery needs inputs and cash; what is not delivered in time is lost, and starves
whoever waited for it.
"""

from collections.abc import Callable

from sim.engine import ClerkPool
from sim.receivables.economy import Economy
from sim.receivables.lateness import debtor_late_ppm, is_disputed, late_days
from sim.receivables.records import WORLD, Edge, Firm, Invoice, Order
from system.limits import DAY_S, PPM

_YEAR_DAYS = 364  # thirteen lunar-like months of 28 days keep the season's arithmetic whole


class Trade:
    """The real side of the economy. ``step`` once per local day, at midnight."""

    def __init__(self, economy: Economy) -> None:
        self._e, self._p, self._luck = economy, economy.p, economy.luck
        self._input_ppm = round(economy.p.input_share * PPM)
        clerks = economy.p.receipt_clerk_count
        self._receipt = {
            firm.index: ClerkPool(economy.engine, economy.calendar, clerks)
            for firm in economy.firms
            if firm.is_core
        }
        for firm in economy.firms:
            firm.late_ppm = debtor_late_ppm(self._luck, self._p, firm.key)
            bought_fen = firm.sales_fen_per_day * self._input_ppm // PPM
            firm.inventory_fen = bought_fen * self._p.input_cover_days if firm.inputs else 0

    def open_books(self) -> None:
        """Invoices and orders that are under way when the run starts."""
        for edge in self._e.network.edges:
            oldest = -(edge.term_days + self._p.insolvency_arrears_days + edge.lead_days)
            for day in range(oldest, 0):
                if self._is_order_day(edge, day):
                    self._past_order(edge, day)

    def step(self) -> None:
        """Order, then deliver."""
        day = self._e.day
        for edge in self._e.network.edges:
            if self._is_order_day(edge, day):
                self._place(edge, day)
        for firm in self._e.network.suppliers:
            if firm.alive:
                self._deliver_backlog(firm, day)

    # Orders

    def _is_order_day(self, edge: Edge, day: int) -> bool:
        return (day - edge.phase_days) % self._p.order_interval_days == 0

    def _expected_fen(self, edge: Edge, day: int) -> int:
        """An order of usual size, with the season and this order's own luck."""
        buyer = self._e.firms[edge.buyer]
        bought_fen = buyer.sales_fen_per_day * self._p.order_interval_days
        if not buyer.is_core:
            bought_fen = bought_fen * self._input_ppm // PPM
        value_fen = bought_fen * edge.weight_ppm // PPM
        value_fen = value_fen * self._season_ppm(day) // PPM * self._volume_ppm(edge, day) // PPM
        return value_fen * self._e.demand_ppm(day) // PPM

    def _season_ppm(self, day: int) -> int:
        """A triangle over the year with mean 1: lowest at the start, highest half a year later."""
        half = _YEAR_DAYS // 2
        distance = abs(day % _YEAR_DAYS - half)
        swing_ppm = round(self._p.season_amplitude_share * PPM)
        return PPM + swing_ppm - 2 * swing_ppm * distance // half

    def _volume_ppm(self, edge: Edge, day: int) -> int:
        cv = self._p.order_volume_cv
        if cv == 0:
            return PPM
        draw = self._luck.generator("volume", edge.index, day).gamma(cv**-2, cv**2)
        return round(float(draw) * PPM)

    def _place(self, edge: Edge, day: int) -> None:
        buyer, seller = self._e.firms[edge.buyer], self._e.firms[edge.seller]
        if not buyer.alive or self._is_replaced(seller, day):
            return
        if buyer.is_core:
            boost_ppm = PPM * PPM // self._live_weight_ppm(buyer, day)
            value_fen = self._expected_fen(edge, day) * boost_ppm // PPM
        else:
            value_fen, edge.demand_fen = edge.demand_fen, 0
        if value_fen > 0:
            self._order(edge, day, value_fen)

    def _order(self, edge: Edge, day: int, value_fen: int) -> None:
        seller = self._e.firms[edge.seller]
        order = Order(_key(edge, day), edge, value_fen, day + edge.lead_days)
        self._e.note("ordered", order.key, value_fen)
        if self._is_judged(order):
            self._e.counts.ordered_fen += value_fen
        if not seller.alive:
            return
        seller.backlog.append(order)
        live_ppm = self._live_weight_ppm(seller, day)
        need_fen = value_fen * self._input_ppm // PPM
        for below in seller.inputs:
            if not self._is_replaced(self._e.firms[below.seller], day):
                below.demand_fen += need_fen * below.weight_ppm // live_ppm

    def _is_judged(self, order: Order) -> bool:
        """Placed after the warm-up, with its days of grace over before the end: one cohort."""
        placed_s = self._e.day_s(order.due_day - order.edge.lead_days)
        judged_s = self._e.day_s(order.due_day + self._p.on_time_grace_days + 1)
        return placed_s >= self._e.warm_at_s and judged_s <= self._e.end_at_s

    def _is_replaced(self, seller: Firm, day: int) -> bool:
        """A failed supplier's share goes to the others once its buyers have found their way."""
        failed_on = seller.failed_on_day
        return failed_on is not None and day >= failed_on + self._p.replacement_days

    def _live_weight_ppm(self, buyer: Firm, day: int) -> int:
        """The summed shares of the suppliers who still count; 1 when none is left."""
        live = (e for e in buyer.inputs if not self._is_replaced(self._e.firms[e.seller], day))
        return max(1, sum(edge.weight_ppm for edge in live))

    # Delivery

    def _deliver_backlog(self, firm: Firm, day: int) -> None:
        waiting = []
        for order in firm.backlog:
            if order.due_day > day:
                waiting.append(order)
            elif not self._delivers(firm, order, day):
                if day < order.due_day + self._p.order_patience_days:
                    waiting.append(order)
                else:
                    self._e.note("order_lost", order.key, order.value_fen)
        firm.backlog = waiting

    def _delivers(self, firm: Firm, order: Order, day: int) -> bool:
        """Deliver in full if inputs and cash allow; a firm that owes wages stands still."""
        has_inputs = bool(firm.inputs) and self._live_weight_ppm(firm, day) > 1
        need_fen = order.value_fen * self._input_ppm // PPM if has_inputs else 0
        share = self._p.material_share + (0.0 if has_inputs else self._p.input_share)
        cash_fen = order.value_fen * round(share * PPM) // PPM
        if firm.inventory_fen < need_fen or self._e.headroom_fen(firm) < cash_fen:
            return False
        if firm.unpaid_wages_fen or firm.idle:
            return False
        firm.inventory_fen -= need_fen
        self._e.pay(firm.key, WORLD, cash_fen, "materials")
        if self._is_judged(order) and day <= order.due_day + self._p.on_time_grace_days:
            self._e.counts.filled_fen += order.value_fen
        self._e.note("delivered", order.key, order.value_fen)
        buyer = self._e.firms[order.edge.buyer]
        buyer.inventory_fen += 0 if buyer.is_core else order.value_fen
        self._receive(order)
        return True

    def _receive(self, order: Order) -> None:
        """The buyer's clerk books the goods in; the invoice is matched and dated by that."""
        work_s = max(1, self._e.delay_s("receipt", order.key, self._p.receipt_work_s))
        booked = self._booked(order)
        pool = self._receipt.get(order.edge.buyer)
        if pool is not None:
            pool.submit(order.key, work_s, booked)
        else:
            ready_s = self._e.calendar.add_working_s(self._e.engine.now_s, work_s)
            self._e.engine.at(ready_s, lambda: booked(order.key))

    def _booked(self, order: Order) -> Callable[[str], None]:
        return lambda key: self._issue(order.edge, key, order.value_fen, self._e.engine.now_s)

    # Invoices

    def _issue(self, edge: Edge, key: str, value_fen: int, issued_at_s: int) -> None:
        invoice = self._invoice(edge, key, value_fen, issued_at_s)
        self._e.note("invoiced", invoice.key, value_fen, invoice.due_at_s)
        self._e.invoices.append(invoice)
        buyer = self._e.firms[edge.buyer]
        if not buyer.is_core and self._e.channel.pays_with_claim(invoice):
            invoice.paid = True
            return
        self._e.book(invoice)

    def _invoice(self, edge: Edge, key: str, value_fen: int, issued_at_s: int) -> Invoice:
        buyer = self._e.firms[edge.buyer]
        term_days = edge.term_days + (self._p.term_extension_days if buyer.is_core else 0)
        due_at_s = issued_at_s + term_days * DAY_S
        disputed = is_disputed(self._luck, self._p, key)
        late = late_days(self._luck, self._p, key, buyer.late_ppm, disputed)
        due_day = (due_at_s - self._e.start_s) // DAY_S
        invoice = Invoice(
            key, f"INV-{key}", edge.seller, edge.buyer, value_fen, issued_at_s, due_at_s,
            due_day + late, disputed=disputed,
        )  # fmt: skip
        if disputed:
            self._plan_dispute(invoice)
        return invoice

    def _plan_dispute(self, invoice: Invoice) -> None:
        """A dispute opens in time to be resolved by the day of payment.

        It adds nothing to the lateness, which was fitted with disputes in it.
        """
        issue_day = (invoice.issued_at_s - self._e.start_s) // DAY_S
        last = invoice.pays_on_day - issue_day - self._p.dispute_resolution_days
        after = self._luck.integer("dispute_day", invoice.key, low=2, high=max(2, last))
        invoice.dispute_day = issue_day + after

    def _past_order(self, edge: Edge, day: int) -> None:
        value_fen = self._expected_fen(edge, day)
        delivered_day = day + edge.lead_days
        key = _key(edge, day)
        if value_fen == 0:
            return
        if delivered_day >= 0:
            seller = self._e.firms[edge.seller]
            seller.backlog.append(Order(key, edge, value_fen, delivered_day))
            return
        invoice = self._invoice(edge, key, value_fen, self._e.day_s(delivered_day, 10 * 3600))
        if invoice.pays_on_day >= 0:
            self._e.book(invoice)


def _key(edge: Edge, day: int) -> str:
    """Of an order and its invoice. Days before the start are negative, and a sign would not tell
    two invoice numbers apart."""
    return f"e{edge.index}d{day + 1000}"
