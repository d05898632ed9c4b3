"""Live monitoring: each rule fires on its pattern, with evidence, and stays quiet beside it."""

import dataclasses
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from system.chain.kernels.monitoring import MonitoringBounds
from system.chain.monitor import Finding, Flow, Monitor, Rule
from system.limits import DAY_S

BOUNDS = MonitoringBounds()
START_S = 1_767_225_600


def flow(number: int, day: float = 0, **changes: object) -> Flow:
    """A claim like no other, unless changed."""
    base = Flow(
        claim_id=f"claim-{number}",
        fingerprint=b"strict-%d" % number,
        loose_fingerprint=b"loose-%d" % number,
        supplier_id="supplier-1",
        debtor_id="debtor-1",
        bank_id="bank-1",
        supplier_group_id="",
        debtor_group_id="",
        amount_fen=10_000_000,
        issued_at_s=START_S,
        at_s=START_S + int(day * DAY_S),
    )
    return dataclasses.replace(base, **changes)


def findings(flows: Iterable[Flow], bounds: MonitoringBounds = BOUNDS) -> list[Finding]:
    return Monitor(bounds, START_S).observe(list(flows))


def of(rule: Rule, flows: Iterable[Flow], bounds: MonitoringBounds = BOUNDS) -> list[Finding]:
    return [finding for finding in findings(flows, bounds) if finding.rule is rule]


def test_one_document_shown_to_two_banks_is_a_duplicate() -> None:
    first = flow(1)
    copy = flow(2, fingerprint=first.fingerprint, bank_id="bank-2", day=30)
    assert of(Rule.DUPLICATE, [first, flow(3), copy]) == [
        Finding(Rule.DUPLICATE, copy, (first,), {"earlier": 1, "other_bank": 1})
    ]


def test_one_document_shown_twice_to_the_same_bank_is_a_duplicate() -> None:
    (finding,) = of(Rule.DUPLICATE, [flow(1), flow(2, fingerprint=flow(1).fingerprint)])
    assert finding.figures == {"earlier": 1, "other_bank": 0}


def test_two_lots_of_one_claim_at_two_banks_are_no_duplicate() -> None:
    assert findings([flow(1), flow(1, bank_id="bank-2")]) == []


def test_a_copy_with_another_amount_is_named_as_altered_and_not_as_duplicate() -> None:
    first = flow(1)
    copy = flow(2, fingerprint=first.fingerprint, amount_fen=12_000_000)
    (finding,) = findings([first, copy])
    assert finding.rule is Rule.ALTERED_AMOUNT
    assert finding.others == (first,)
    assert finding.figures == {
        "earlier": 1,
        "first_amount_fen": 10_000_000,
        "amount_fen": 12_000_000,
    }


def test_an_edited_number_is_found_by_digits_date_and_amount() -> None:
    first = flow(1, loose_fingerprint=b"same")
    edited = flow(2, loose_fingerprint=b"same", amount_fen=10_100_000)
    assert [f.others for f in of(Rule.RENUMBERED, [first, flow(3), edited])] == [(first,)]
    other_year = dataclasses.replace(edited, issued_at_s=START_S + 300 * DAY_S)
    assert of(Rule.RENUMBERED, [first, other_year]) == []


def circle(*amounts: int, days: int = 5) -> list[Flow]:
    parties = [f"firm-{i}" for i in range(len(amounts))]
    return [
        flow(
            i,
            day=i * days,
            supplier_id=parties[i],
            debtor_id=parties[(i + 1) % len(parties)],
            amount_fen=amount,
        )
        for i, amount in enumerate(amounts)
    ]


def test_the_claim_that_closes_a_circle_is_found_with_the_whole_circle() -> None:
    flows = circle(10_000_000, 10_100_000, 9_900_000)
    (finding,) = of(Rule.CIRCULAR_TRADE, [*flows[:2], flow(9, day=6), flows[2]])
    assert finding.flow == flows[2]
    assert finding.others == tuple(flows[:2])
    assert finding.figures == {"edges": 3, "sum_fen": 30_000_000}


@pytest.mark.parametrize(
    "flows",
    [
        circle(10_000_000, 10_000_000, 2_000_000),
        circle(*[10_000_000] * 6),
        circle(10_000_000, 10_000_000, 10_000_000, days=50),
    ],
    ids=["amounts differ", "too long", "too slow"],
)
def test_what_only_looks_like_a_circle_is_left_alone(flows: list[Flow]) -> None:
    assert of(Rule.CIRCULAR_TRADE, flows) == []


def test_supplier_and_debtor_of_one_group_are_related() -> None:
    related = flow(1, supplier_group_id="group-1", debtor_group_id="group-1")
    apart = flow(2, supplier_group_id="group-1", debtor_group_id="group-2")
    itself = flow(3, supplier_id="debtor-1")
    found = of(Rule.RELATED_PARTIES, [related, apart, itself])
    assert [(f.flow.claim_id, f.figures) for f in found] == [
        ("claim-1", {"same_party": 0}),
        ("claim-3", {"same_party": 1}),
    ]


def test_the_third_claim_just_below_the_limit_is_splitting() -> None:
    small = [flow(i, day=i, amount_fen=49_000_000) for i in range(3)]
    (finding,) = of(Rule.SPLITTING, small)
    assert finding.flow == small[2]
    assert finding.others == tuple(small[:2])
    assert finding.figures == {"count": 3, "sum_fen": 147_000_000, "limit_fen": 50_000_000}


@pytest.mark.parametrize(
    "flows",
    [
        [flow(i, day=i, amount_fen=50_000_000) for i in range(3)],
        [flow(i, day=i, amount_fen=40_000_000) for i in range(3)],
        [flow(i, day=4 * i, amount_fen=49_000_000) for i in range(3)],
        [flow(1, day=i, amount_fen=49_000_000) for i in range(3)],
    ],
    ids=["at the limit", "far below", "too slow", "one claim"],
)
def test_what_only_looks_like_splitting_is_left_alone(flows: list[Flow]) -> None:
    assert of(Rule.SPLITTING, flows) == []


def steady(days: int, every: int) -> list[Flow]:
    return [flow(day, day=day) for day in range(0, days, every)]


def test_a_burst_against_a_suppliers_own_history_is_velocity() -> None:
    burst = [flow(1_000 + i, day=120 + i / 10) for i in range(8)]
    found = of(Rule.VELOCITY, steady(120, 7) + burst)
    assert found
    assert found[-1].figures["count"] >= 4 * found[-1].figures["expected_count"]


def test_a_busy_but_steady_supplier_is_left_alone() -> None:
    assert of(Rule.VELOCITY, steady(200, 1)) == []


def test_velocity_waits_until_the_history_is_known() -> None:
    burst = [flow(1_000 + i, day=50 + i / 10) for i in range(20)]
    assert of(Rule.VELOCITY, steady(50, 7) + burst) == []


def spread_book() -> list[Flow]:
    return [
        flow(i, day=i, supplier_id=f"supplier-{i % 20}", debtor_id=f"debtor-{i % 20}")
        for i in range(100)
    ]


def test_a_debtor_that_suddenly_fills_a_banks_book_is_found() -> None:
    jump = [
        flow(500, day=101, supplier_id="s", debtor_id="debtor-3", amount_fen=600_000_000),
        flow(501, day=102, supplier_id="s", debtor_id="debtor-3", amount_fen=10_000_000),
    ]
    (first, _) = of(Rule.DEBTOR_CONCENTRATION, spread_book() + jump)
    assert first.flow == jump[0]
    assert first.figures == {"share_ppm": 406_250, "share_before_ppm": 56_818}
    assert of(Rule.SUPPLIER_CONCENTRATION, spread_book() + jump)


def test_another_banks_book_does_not_count() -> None:
    jump = flow(500, day=101, debtor_id="debtor-3", amount_fen=600_000_000, bank_id="bank-2")
    assert of(Rule.DEBTOR_CONCENTRATION, [*spread_book(), jump]) == []


@st.composite
def histories(draw: st.DrawFn) -> list[Flow]:
    """Small worlds, dense enough that every rule has something to say."""
    few = st.integers(0, 3)
    day = 0
    flows = []
    for i in range(draw(st.integers(1, 40))):
        day += draw(st.sampled_from([0, 0, 1, 3, 10]))
        flows.append(
            Flow(
                claim_id=f"claim-{draw(st.integers(0, i))}",
                fingerprint=b"strict-%d" % draw(st.integers(0, 12)),
                loose_fingerprint=b"loose-%d" % draw(st.integers(0, 6)),
                supplier_id=f"firm-{draw(few)}",
                debtor_id=f"firm-{draw(few)}",
                bank_id=draw(st.sampled_from(["", "bank-1", "bank-2"])),
                supplier_group_id=draw(st.sampled_from(["", "group-1"])),
                debtor_group_id=draw(st.sampled_from(["", "group-1"])),
                amount_fen=draw(st.sampled_from([100, 49_000_000, 49_500_000, 90_000_000])),
                issued_at_s=START_S + draw(few) * DAY_S,
                at_s=START_S + day * DAY_S,
            )
        )
    return flows


TIGHT = dataclasses.replace(
    BOUNDS,
    splitting_count_min=2,
    velocity_history_s=20 * DAY_S,
    velocity_count_min=2,
    velocity_history_count_min=1,
    velocity_ratio_percent_min=150,
    book_rows_min=3,
    book_window_s=30 * DAY_S,
    book_recent_s=5 * DAY_S,
)


@settings(max_examples=80, deadline=None)
@given(histories(), st.lists(st.integers(1, 7), min_size=1, max_size=8))
def test_any_batching_gives_the_findings_of_one_flow_at_a_time(
    flows: list[Flow], sizes: list[int]
) -> None:
    batched, single = Monitor(TIGHT, START_S), Monitor(TIGHT, START_S)
    expected = [finding for one in flows for finding in single.observe([one])]
    found, at, turn = [], 0, 0
    while at < len(flows):
        size = sizes[turn % len(sizes)]
        found += batched.observe(flows[at : at + size])
        at, turn = at + size, turn + 1
    assert found == expected
    assert found == Monitor(TIGHT, START_S).observe(flows)


def test_the_small_worlds_reach_every_rule() -> None:
    seen: set[Rule] = set()

    @settings(max_examples=150, deadline=None, derandomize=True, database=None)
    @given(histories())
    def collect(flows: list[Flow]) -> None:
        seen.update(finding.rule for finding in findings(flows, TIGHT))

    collect()
    assert seen == set(Rule)


def test_observing_nothing_finds_nothing() -> None:
    monitor = Monitor(BOUNDS, START_S)
    assert monitor.observe([]) == []
    monitor.observe([flow(1)])
    assert monitor.observe([]) == []


def test_a_flow_from_the_past_is_a_bug() -> None:
    with pytest.raises(AssertionError):
        findings([flow(1, day=1), flow(2)])
