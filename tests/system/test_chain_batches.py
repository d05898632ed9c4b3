"""A batch answers each of its commands as if it stood alone."""

from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from system.chain import commands as c
from system.chain import keyed
from system.chain.policy import DEFAULT_POLICY
from system.chain.records import ALERTS, LIMITS, LOTS, RECEIVABLES, REQUESTS
from system.chain.rules import Refusal
from system.chain.usable import problem_of
from system.limits import AMOUNT_FEN_MAX, TIME_S_MAX
from system.parties.records import KycStep
from tests.system.receivables_world import START_S, World

COMMANDS = {
    c.EnrolParty: c.EnrolParty("id", "party", "Party", 1, START_S),
    c.ChangeKyc: c.ChangeKyc("id", "party", KycStep.SUSPEND),
    c.RegisterReceivable: c.RegisterReceivable(
        "id", "seller", "debtor", "N-1", 1, "CNY", START_S, START_S, b"\x01" * 32
    ),
    c.AcceptReceivable: c.AcceptReceivable("id", "receivable", "debtor", 0, START_S, b""),
    c.RejectReceivable: c.RejectReceivable("id", "receivable", "debtor", "no"),
    c.ReportPledge: c.ReportPledge(
        "id", "bank", "claim", "seller", "debtor", "N-1", 1, "CNY", START_S
    ),
    c.ReleaseAlert: c.ReleaseAlert("id", "alert", "clerk", "chief"),
    c.RequestFinancing: c.RequestFinancing("id", 1, "supplier", "bank", 1, True),
    c.TakeQuote: c.TakeQuote("id", "request", "supplier"),
    c.DeclineQuote: c.DeclineQuote("id", "request", "supplier"),
    c.EndorseLot: c.EndorseLot("id", 1, "holder", "to", 1),
    c.PayReceivable: c.PayReceivable("id", "receivable", "debtor", 1),
    c.OpenDispute: c.OpenDispute("id", "receivable", "debtor", "short"),
    c.ResolveDispute: c.ResolveDispute("id", "receivable", "supplier", 0),
    c.CallRecourse: c.CallRecourse("id", 1, "bank"),
    c.WriteOff: c.WriteOff("id", "receivable", "bank", "clerk", "chief"),
    c.HoldPurchases: c.HoldPurchases("id", "bank", "supplier", "late elsewhere", "clerk"),
    c.LiftHold: c.LiftHold("id", "bank", "supplier", "clerk", "chief"),
    c.PauseNewRisk: c.PauseNewRisk("id", "incident", "clerk", "chief"),
    c.EndPayout: c.EndPayout("id", "payment", "supplier", 1, "settled"),
}
# Values that no state could make right, by the field's declared type.
UNUSABLE: dict[Any, tuple[Any, ...]] = {
    int: (-1, 2**256, 1.5, True, "1", None),
    int | None: (-1, 2**63, "1"),
    str: ("\0", "\ud800", "x" * 1_001, None, b"x"),
    bytes: ("text", None),
    bool: (1, None),
    KycStep: ("suspend it", None),
}


def test_every_command_of_the_service_is_checked() -> None:
    assert set(COMMANDS) == set(keyed.CLIENTS)
    assert [problem_of(command) for command in COMMANDS.values()] == [None] * len(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS.values(), ids=lambda command: type(command).__name__)
def test_an_unusable_field_is_named(command: Any) -> None:
    for field in fields(command):
        for value in UNUSABLE[field.type]:
            problem = problem_of(replace(command, **{field.name: value}))
            assert problem is not None, (field.name, value)
            assert problem.field == field.name


@pytest.mark.parametrize(
    "changes",
    [
        {"amount_fen": 0},
        {"amount_fen": AMOUNT_FEN_MAX + 1},
        {"currency": "USD"},
        {"document_hash": b"short"},
        {"invoice_number": "--"},
        {"invoice_number": "Инвойс 7"},
        {"issued_at_s": TIME_S_MAX + 1, "due_at_s": TIME_S_MAX + 2},
    ],
    ids=str,
)
def test_one_unusable_invoice_does_not_stop_its_batch(changes: dict[str, Any]) -> None:
    world = World.open()
    batch = [world.registration(), world.registration(**changes), world.registration()]
    first, bad, last = world.service.register(batch)
    assert (first.refusal, bad.refusal, last.refusal) == (None, Refusal.COMMAND_UNUSABLE, None)
    assert bad.command_id == batch[1].command_id
    [field, *_] = changes
    assert bad.detail.startswith(f"{field} = ")
    assert len(world.scan(RECEIVABLES)) == 2


def test_one_unusable_payment_does_not_stop_its_batch() -> None:
    world = World.open()
    receivable_id, _ = world.accepted()
    batch = [
        c.PayReceivable(f"payment-{n}", receivable_id, "core-1", amount_fen)
        for n, amount_fen in enumerate((5, -5, 7))
    ]
    refusals = [outcome.refusal for outcome in world.service.pay(batch)]
    assert refusals == [None, Refusal.COMMAND_UNUSABLE, None]
    assert world.receivable(receivable_id).claimed_fen == 12


def test_an_unusable_command_may_come_corrected_under_its_id() -> None:
    world = World.open()
    command = world.registration()
    [outcome] = world.service.register([replace(command, amount_fen=0)])
    assert outcome.refusal is Refusal.COMMAND_UNUSABLE
    [outcome] = world.service.register([command])
    assert outcome.refusal is None


def places() -> tuple[World, list[int]]:
    """Little room on every line, and four lots of three claims, of which two are one claim's."""
    policy = replace(
        DEFAULT_POLICY,
        debtor_limit_fen=10_000_000,
        supplier_limit_fen=8_000_000,
        bank_limit_fen=9_000_000,
        group_limit_fen=10_000_000,
    )
    world = World.open(policy=policy)
    _, first = world.accepted()
    _, second = world.accepted()
    _, third = world.accepted(seller_id="supplier-2", debtor_id="core-2")
    return world, [first, second, third, world.endorsed(second).lot_id]


asked = st.tuples(
    st.integers(0, 3),
    st.sampled_from(["supplier-1", "supplier-2"]),
    st.sampled_from(["bank-1", "bank-2"]),
    st.sampled_from([50_000, 2_000_000, 4_000_000, 6_000_000, 10_000_000, 11_000_000]),
)


@settings(max_examples=20, deadline=None)
@given(st.lists(asked, min_size=2, max_size=7))
# Alone the second is above its supplier's limit; after the first, above its debtor's, which ranks.
@example([(3, "supplier-2", "bank-1", 4_000_000), (0, "supplier-1", "bank-1", 10_000_000)])
# A refused request locks nothing.
@example(
    [
        (0, "supplier-1", "bank-1", 6_000_000),
        (1, "supplier-1", "bank-1", 6_000_000),
        (1, "supplier-1", "bank-1", 2_000_000),
    ]
)
# A granted one does, and that ranks above an amount that is too large.
@example([(0, "supplier-1", "bank-1", 2_000_000), (0, "supplier-1", "bank-1", 11_000_000)])
def test_requests_at_once_are_decided_as_one_by_one(items: list[tuple[int, str, str, int]]) -> None:
    (together, lots), (alone, _) = places(), places()
    batch = [
        c.RequestFinancing(f"ask-{n}", lots[lot], supplier_id, bank_id, amount_fen, True)
        for n, (lot, supplier_id, bank_id, amount_fen) in enumerate(items)
    ]
    at_once = together.service.request_financing(batch)
    assert at_once == [alone.service.request_financing([command])[0] for command in batch]
    for table in (REQUESTS, LOTS, LIMITS, ALERTS):
        assert together.scan(table) == alone.scan(table), table.name
