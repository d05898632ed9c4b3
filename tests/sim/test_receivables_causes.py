"""One test per cause: with it the effect is there, without it the effect is gone."""

from collections import Counter

import pytest

from sim.receivables.bills import Bills
from sim.receivables.economy import Economy
from sim.receivables.fraud import FraudDesk
from sim.receivables.records import WORLD, Firm, Ticket
from sim.receivables.trade import Trade
from sim.receivables.treasury import Treasury
from system.limits import DAY_S, PPM
from tests.sim.receivables_worlds import (
    FACE_FEN,
    HONEST,
    chain,
    claim,
    idle,
    paid,
    paper,
    supplier,
    ticket,
)

# Cash is short, so that treasurers apply often.
SHORT = ("parameters.cash_buffer_days_p50=10", "parameters.treasurer_buffer_days=20")
CORE_FAILS = (
    "parameters.core_distress_per_year=0.2",
    "parameters.default_after_days=30",
    "horizon_days=150",
    "populations.core.count=8",
    "populations.tier1.count=16",
    "seed=5",
)


def funded(economy: Economy, channel: str) -> list[Ticket]:
    return [t for t in economy.tickets if t.funded_at_s is not None and t.channel == channel]


def bring_to(economy: Economy, firm: Firm, amount_fen: int) -> None:
    """Bring a firm's purse to this balance; below zero it is overdrawn."""
    if amount_fen >= 0:
        economy.pay(WORLD, firm.key, amount_fen, "opening_cash")
    else:
        economy.pay(firm.key, WORLD, -amount_fen, "spent")


# Overdrafts


def test_an_overdraft_costs_its_interest_each_day() -> None:
    economy = idle("parameters.overdraft_rate_ppm=120000")
    firm = supplier(economy)
    bring_to(economy, firm, -36_500_000)
    Bills(economy).step()
    # 365,000 yuan at 12 % for one of 365 days: 120 yuan.
    assert (firm.key, firm.bank, 12_000) in paid(economy, "overdraft_interest")
    assert economy.counts.overdraft_interest_fen == 12_000
    assert economy.counts.overdraft_fen_days == 36_500_000


def test_money_in_hand_costs_no_interest() -> None:
    economy = idle()
    bring_to(economy, supplier(economy), 36_500_000)
    Bills(economy).step()
    assert paid(economy, "overdraft_interest") == []


def test_a_dearer_overdraft_costs_suppliers_more() -> None:
    cheap, dear = (paper(*SHORT, f"parameters.overdraft_rate_ppm={r}") for r in (60_000, 180_000))
    assert 0 < cheap.counts.overdraft_interest_fen < dear.counts.overdraft_interest_fen


# Paper: recourse, price, committee, documents


def owed(economy: Economy, *, days_past_due: int) -> Ticket:
    """A ticket that was paid out and whose debtor has not paid, so many days past due."""
    one = ticket(economy, claim(economy, "a", term_days=60))
    books = economy.channel.books  # type: ignore[attr-defined]
    assert books.decide(one)
    books.pay_out(one)
    firm = economy.firms[one.firm]
    bring_to(economy, firm, 2 * FACE_FEN)
    economy.engine.run(one.claim.invoice.due_at_s + days_past_due * DAY_S)
    economy.channel.end_of_day()
    return one


ALWAYS, NEVER = (f"parameters.recourse_share={share}" for share in (1, 0))
CERTAIN = ("parameters.verify_call_share=0", "parameters.verify_small_call_share=0")


def test_recourse_takes_back_what_the_debtor_never_paid() -> None:
    economy = idle(ALWAYS, *CERTAIN, "parameters.default_after_days=90")
    one = owed(economy, days_past_due=91)
    owed_fen = one.advance_fen + one.discount_fen
    assert owed_fen == 45_000_000
    assert paid(economy, "recourse") == [(economy.firms[one.firm].key, one.bank, owed_fen)]
    economy.channel.end_of_day()
    assert len(paid(economy, "recourse")) == 1, "it is called once"


def test_recourse_waits_until_the_default() -> None:
    economy = idle(ALWAYS, *CERTAIN, "parameters.default_after_days=90")
    owed(economy, days_past_due=89)
    assert paid(economy, "recourse") == []


def test_without_recourse_the_bank_bears_the_default() -> None:
    economy = idle(NEVER, *CERTAIN, "parameters.default_after_days=90")
    owed(economy, days_past_due=91)
    assert paid(economy, "recourse") == []


def test_banks_call_recourse_in_the_run_when_core_enterprises_fail() -> None:
    poor = (*CORE_FAILS, *SHORT, "parameters.fraud_supplier_share=0")
    assert paid(paper(*poor, ALWAYS), "recourse")
    assert not paid(paper(*poor, NEVER), "recourse")


@pytest.mark.parametrize(
    ("supplier_pd_ppm", "discount_fen"),
    # 45,000,000 fen for 73 of 365 days at 2 % + 1.2 % + 45 % of the default probability.
    [(40_000, 450_000), (10_000, 328_500), (120_000, 774_000)],
)
def test_paper_is_priced_with_the_suppliers_default_probability(
    supplier_pd_ppm: int, discount_fen: int
) -> None:
    economy = idle(NEVER, *CERTAIN, f"parameters.supplier_pd_ppm={supplier_pd_ppm}")
    one = ticket(economy, claim(economy, "a", term_days=73))
    assert economy.channel.books.decide(one)  # type: ignore[attr-defined]
    assert (one.discount_fen, one.holdback_fen) == (discount_fen, FACE_FEN // 10)
    assert one.advance_fen == FACE_FEN - FACE_FEN // 10 - discount_fen


def test_recourse_makes_paper_cheaper() -> None:
    economy = idle(ALWAYS, *CERTAIN)
    one = ticket(economy, claim(economy, "a", term_days=73))
    assert economy.channel.books.decide(one)  # type: ignore[attr-defined]
    # Recourse takes 30 % off the 1.8 % for risk: 4.46 % instead of 5 %.
    assert one.discount_fen == 401_400


def test_a_treasurer_is_told_the_suppliers_rate_and_the_handling_fee() -> None:
    aprs = []
    for pd_ppm in (10_000, 100_000):
        economy = idle(NEVER, f"parameters.supplier_pd_ppm={pd_ppm}")
        aprs.append(economy.channel.apr_ppm(claim(economy, "a", term_days=73)))
    assert aprs[1] is not None
    assert aprs[0] is not None
    # 45 % of nine points, on what is left after the discount.
    assert 40_500 <= aprs[1] - aprs[0] <= 42_000


@pytest.mark.parametrize("weekdays", [[1, 4], [0], [2]])
def test_the_committee_sits_on_its_weekdays_only(weekdays: list[int]) -> None:
    economy = paper(*HONEST, *SHORT, f"parameters.committee_weekday_options={weekdays}")
    decided = [t.decided_at_s for t in economy.tickets if t.decided_at_s is not None]
    assert decided
    # Days since Monday, 5 January 2026, the first day of the run.
    assert {(at_s - economy.start_s) // DAY_S % 7 for at_s in decided} <= set(weekdays)
    assert {(at_s - economy.start_s) % DAY_S for at_s in decided} == {14 * 3600}


def hand_in(defect_share: float, keys: list[str]) -> dict[str, int]:
    """Courier seconds of each application, with so many clerks that nobody waits for another."""
    economy = idle(
        f"parameters.document_defect_share={defect_share}",
        "parameters.intake_clerk_count=20",
        "parameters.verify_clerk_count=20",
    )
    filed = [ticket(economy, claim(economy, key)) for key in keys]
    for one in filed:
        economy.channel.seek(one)
    economy.engine.run(economy.start_s + 40 * DAY_S)
    return {one.claim.key: one.stage_s["courier"] for one in filed}


def test_documents_are_defective_by_the_ticket_not_by_the_desk() -> None:
    keys = [f"c{number}" for number in range(16)]
    whole, some = hand_in(0, keys), hand_in(0.5, keys)
    returned = {key for key in keys if some[key] != whole[key]}
    assert 3 <= len(returned) <= 13
    late_half = keys[8:]
    alone = hand_in(0.5, late_half)
    assert {key for key in late_half if alone[key] != whole[key]} == returned & set(late_half)


# The chain's fees


def test_the_platform_takes_its_fee_per_year_and_once_the_price_of_entry() -> None:
    economy = chain(*HONEST, *SHORT)
    tickets = sorted(funded(economy, "chain"), key=lambda t: t.funded_at_s or 0)
    entered: set[int] = set()
    expected: Counter[tuple[str, str, int]] = Counter()
    for one in tickets:
        # 0.5 % a year, and 500 yuan with the first financing.
        fee_fen = one.amount_fen * one.days // 73_000 + (0 if one.firm in entered else 50_000)
        entered.add(one.firm)
        expected[economy.firms[one.firm].key, WORLD, fee_fen] += 1
    assert 1 < len(entered) < len(tickets)
    assert Counter(paid(economy, "platform_fee")) == expected


def test_a_free_platform_takes_nothing() -> None:
    free = ("parameters.platform_fee_ppm=0", "parameters.onboarding_cost_fen=0")
    economy = chain(*HONEST, *SHORT, *free)
    assert funded(economy, "chain")
    assert paid(economy, "platform_fee") == []


def test_a_dearer_platform_makes_treasurers_expect_more() -> None:
    costs = []
    for fee_ppm in (0, 30_000):
        economy = chain(*HONEST, f"parameters.platform_fee_ppm={fee_ppm}", "horizon_days=10")
        offered = claim(economy, "a", term_days=90)
        economy.firms[offered.holder].onboarded = True
        costs.append(economy.channel.apr_ppm(offered))
    assert costs[1] == (costs[0] or 0) + 30_000


# Trade


def orders_of(economy: Economy, seller: Firm) -> list[int]:
    """The days on which this seller got orders."""
    keys = [f"e{edge.index}d" for edge in seller.outputs]
    ordered = (e for e in economy.log.events() if e.kind == "ordered")
    return sorted(
        (e.at_s - economy.start_s) // DAY_S
        for e in ordered
        if any(e.subject.startswith(key) for key in keys)
    )


def trade_with_a_failure(replacement_days: int) -> tuple[Economy, Firm]:
    economy = idle(f"parameters.replacement_days={replacement_days}")
    failed = supplier(economy)
    failed.failed_on_day = 0
    trade = Trade(economy)
    for day in range(100):
        economy.engine.run(economy.start_s + day * DAY_S)
        trade.step()
    return economy, failed


@pytest.mark.parametrize("replacement_days", [20, 60])
def test_buyers_keep_asking_a_failed_supplier_until_they_have_replaced_it(
    replacement_days: int,
) -> None:
    economy, failed = trade_with_a_failure(replacement_days)
    days = orders_of(economy, failed)
    assert replacement_days - 14 <= max(days) < replacement_days


def test_the_others_get_a_replaced_suppliers_orders() -> None:
    (late, failed), (early, _) = trade_with_a_failure(60), trade_with_a_failure(20)
    buyer = late.firms[failed.outputs[0].buyer]
    failed_ppm = sum(edge.weight_ppm for edge in buyer.inputs if edge.seller == failed.index)
    siblings = [edge for edge in buyer.inputs if edge.seller != failed.index]
    assert siblings
    for edge in siblings:
        for day in range(20, 60):
            before, after = (order_fen(e, edge.index, day) for e in (late, early))
            assert after == pytest.approx(before * PPM / (PPM - failed_ppm), rel=1e-4, abs=2)


def order_fen(economy: Economy, edge: int, day: int) -> int:
    subject = f"e{edge}d{day + 1000}"
    return sum(
        e.values[0] for e in economy.log.events() if (e.kind, e.subject) == ("ordered", subject)
    )


def test_the_season_moves_orders() -> None:
    steady, seasonal = (
        paper(
            *HONEST,
            "parameters.order_volume_cv=0",
            f"parameters.season_amplitude_share={amplitude}",
            "parameters.cash_buffer_days_p50=60",
            "parameters.overdraft_limit_days=45",
        )
        for amplitude in (0, 0.5)
    )
    ratios: dict[int, float] = {}
    core_edges = {f"e{e.index}" for core in steady.network.cores for e in core.inputs}
    usual = {e.subject: e.values[0] for e in steady.log.events() if e.kind == "ordered"}
    for event in seasonal.log.events():
        if event.kind == "ordered" and event.subject.partition("d")[0] in core_edges:
            day = (event.at_s - seasonal.start_s) // DAY_S
            ratios[day] = event.values[0] / usual[event.subject]
    assert len(ratios) > 20
    # From half of the mean on the first day, in a straight line to the mean after a quarter.
    for day, ratio in ratios.items():
        assert ratio == pytest.approx(0.5 + day / 182, abs=0.001)


# Fraud


def test_rings_sell_to_each_other_until_the_circle_is_closed() -> None:
    economy = idle("parameters.fraud_supplier_share=0.2", "parameters.fraud_interval_days=7")
    desk = FraudDesk(economy, Treasury(economy))
    for firm in economy.network.suppliers:
        firm.fraudulent = True
    for day in range(60):
        economy.engine.run(economy.start_s + day * DAY_S)
        desk.step()
    economy.engine.run(economy.start_s + 60 * DAY_S)
    circular = [one.claim.invoice for one in economy.tickets if one.fraud == "circular"]
    assert circular
    rings = [circular[start : start + 3] for start in range(0, len(circular), 3)]
    for ring in rings:
        assert len({invoice.seller for invoice in ring}) == 3
        assert [invoice.debtor for invoice in ring] == [
            ring[1].seller, ring[2].seller, ring[0].seller,
        ]  # fmt: skip
        assert not any(invoice.genuine for invoice in ring)


def test_honest_suppliers_run_no_rings() -> None:
    assert all(one.fraud == "" for one in paper(*HONEST, *SHORT).tickets)
