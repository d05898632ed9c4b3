"""The network, its trade and its money."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.receivables.lateness import debtor_late_ppm, late_days
from sim.receivables.network import Network
from sim.receivables.parameters import Parameters, parameters_of
from sim.receivables.purse import Purses
from sim.scenario import apply, load
from sim.streams import Luck
from system.errors import InputError
from tests.sim.receivables_builders import run, small

COUNTS = (3, 20, 30, 20)


def parameters(*overrides: str) -> Parameters:
    return parameters_of(small(*overrides), "paper")


def network(replication: int = 0) -> Network:
    return Network(Luck(7, replication), parameters(), COUNTS)


@given(
    st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("abcd"), st.integers(0, 10**12)))
)
def test_purses_always_add_up_to_zero(moves: list[tuple[str, str, int]]) -> None:
    purses = Purses()
    for payer, payee, amount_fen in moves:
        purses.move(0, payer, payee, amount_fen, "test")
    assert sum(purses.balances().values()) == 0


def test_a_negative_payment_is_a_bug() -> None:
    with pytest.raises(AssertionError):
        Purses().move(0, "a", "b", -1, "test")


def test_every_supplier_has_a_buyer_one_tier_up() -> None:
    net = network()
    for firm in net.suppliers:
        assert firm.outputs
        assert all(net.firms[edge.buyer].tier == firm.tier - 1 for edge in firm.outputs)


def test_a_buyers_purchases_are_shared_out_to_the_last_parts() -> None:
    for firm in network().firms:
        if firm.inputs:
            total_ppm = sum(edge.weight_ppm for edge in firm.inputs)
            assert 1_000_000 - len(firm.inputs) <= total_ppm <= 1_000_000


def test_sizes_have_a_heavy_tail() -> None:
    sales = sorted(firm.sales_fen_per_day for r in range(5) for firm in network(r).of_tier(1))
    largest_tenth = sum(sales[-len(sales) // 10 :])
    assert largest_tenth > sum(sales) * 0.25


def test_the_network_is_the_same_for_both_arms_and_differs_between_replications() -> None:
    sales = [[firm.sales_fen_per_day for firm in network(r).firms] for r in (0, 0, 1)]
    assert sales[0] == sales[1] != sales[2]


def test_late_shares_and_days_follow_their_parameters() -> None:
    p, luck = parameters(), Luck(3, 0)
    shares = [debtor_late_ppm(luck, p, f"d{i}") for i in range(400)]
    undisputed = p.debtor_late_share / (
        1 - p.dispute_share + p.dispute_share * p.late_given_dispute_ratio
    )
    assert sum(shares) / 400 / 1e6 == pytest.approx(undisputed, abs=0.06)
    days = [late_days(luck, p, f"i{i}", 1_000_000, False) for i in range(2000)]
    assert sum(days) / 2000 == pytest.approx(p.late_days_mean_days, rel=0.1)
    assert min(days) >= 1


def test_a_disputed_invoice_is_late_more_often() -> None:
    p, luck = parameters(), Luck(3, 0)
    late = [
        sum(late_days(luck, p, f"i{i}", 200_000, disputed) > 0 for i in range(2000))
        for disputed in (False, True)
    ]
    assert late[1] == pytest.approx(late[0] * p.late_given_dispute_ratio, rel=0.15)


def test_an_arm_overrides_a_parameter() -> None:
    scenario = apply(load("receivables"), ["arms.chain.term_extension_days=30"])
    assert parameters_of(scenario, "chain").term_extension_days == 30
    assert parameters_of(scenario, "paper").term_extension_days == 0


def test_a_parameter_of_the_wrong_kind_is_refused_by_name() -> None:
    with pytest.raises(InputError, match="lead_days_min"):
        parameters_of(small("parameters.lead_days_min=1.5"), "paper")


def test_lead_days_the_wrong_way_round_are_refused_by_name() -> None:
    turned = "parameters.lead_days_min.range=[1, 20]", "parameters.lead_days_min.value=20"
    with pytest.raises(InputError, match="lead_days_max"):
        parameters_of(small(*turned), "paper")


def test_a_tier_without_firms_is_refused() -> None:
    with pytest.raises(InputError, match="tier2"):
        run("paper", "populations.tier2.count=0")


def test_an_unknown_process_is_refused() -> None:
    with pytest.raises(InputError, match="process"):
        run("paper", "arms.paper.process=pigeon")


def test_a_start_in_the_middle_of_a_day_is_refused() -> None:
    with pytest.raises(InputError, match="midnight"):
        parameters_of(small("parameters.start_s=1767542401"), "paper")
