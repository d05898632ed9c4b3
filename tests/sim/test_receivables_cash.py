"""The auditor ties every application's cash to records made apart from the purses."""

from copy import copy, deepcopy
from dataclasses import replace

import pytest

from sim.checks.auditor import HELD, rebuild
from sim.checks.cash import Financed, audit_chain_cash, audit_paper_terms
from sim.checks.chain_log import entries
from sim.receivables.cash_audit import audit_economy, disbursed
from sim.receivables.chain_audit import audit_platform
from sim.receivables.chain_platform import Platform
from sim.receivables.economy import Economy
from sim.receivables.model import run_chain
from sim.receivables.records import Ticket
from sim.world import Task
from system.chain.records import STANDINGS
from tests.sim.receivables_builders import small
from tests.sim.receivables_worlds import paper

SHORT = ("parameters.cash_buffer_days_p50=10", "parameters.treasurer_buffer_days=20")
CONSERVED, ONCE = "money_is_conserved", "nothing_paid_twice"


Run = tuple[Economy, Platform]


@pytest.fixture(scope="module")
def on_paper() -> Economy:
    return paper(*SHORT)


@pytest.fixture(scope="module")
def on_chain() -> Run:
    return run_chain(Task(small(*SHORT), "chain", 0, "columns", "revm", "memory"))


@pytest.fixture(params=["paper", "chain"])
def economy(request: pytest.FixtureRequest, on_paper: Economy, on_chain: Run) -> Economy:
    return own(on_paper if request.param == "paper" else on_chain[0])


def own(economy: Economy) -> Economy:
    """The same economy with purses and tickets that a test may falsify."""
    twin = copy(economy)
    twin.purses = deepcopy(economy.purses)
    twin.tickets = [replace(ticket) for ticket in economy.tickets]
    return twin


def first_funded(economy: Economy) -> Ticket:
    return next(ticket for ticket in economy.tickets if ticket.funded_at_s is not None)


def pay_again(economy: Economy, reason: str) -> None:
    """Repeat the first payment of this kind, at the same second, in journal and balances alike."""
    line = next(t for t in economy.purses.journal if t.reason == reason)
    economy.purses.move(line.at_s, line.payer, line.payee, line.amount_fen, reason)


def test_an_honest_economy_passes(economy: Economy) -> None:
    assert audit_economy(economy) == {CONSERVED: HELD, ONCE: HELD}


def test_an_advance_paid_twice_is_named_with_its_application(economy: Economy) -> None:
    pay_again(economy, "advance")
    assert "was paid 2 times" in audit_economy(economy)[ONCE]
    assert "application k" in audit_economy(economy)[ONCE]


def test_an_advance_that_is_never_paid_is_named_with_its_application(economy: Economy) -> None:
    journal = economy.purses.journal
    at = next(n for n, line in enumerate(journal) if line.reason == "advance")
    journal[at] = replace(journal[at], reason="gift")
    found = audit_economy(economy)[CONSERVED]
    assert "application k" in found
    assert "was not paid" in found


def test_an_advance_of_another_amount_is_found(economy: Economy) -> None:
    first_funded(economy).advance_fen += 1
    assert audit_economy(economy)[CONSERVED] != HELD


def test_a_fee_that_is_taken_twice_is_found(economy: Economy) -> None:
    pay_again(economy, "fee" if first_funded(economy).channel == "paper" else "platform_fee")
    assert "fee" in audit_economy(economy)[ONCE]


def test_an_invoice_that_is_paid_twice_is_named(on_paper: Economy) -> None:
    economy = own(on_paper)
    pay_again(economy, "invoice")
    found = audit_economy(economy)[ONCE]
    assert found.startswith("e")
    assert "its payment" in found


def test_paper_terms_that_lose_a_fen_are_named() -> None:
    whole = Financed("k1", "bank-a", "t1-000", 100, 80, 10, 10, 5, 0)
    assert audit_paper_terms([whole]) == HELD
    assert "k1: 99 fen of 100" in audit_paper_terms([replace(whole, holdback_fen=9)])


def test_every_disbursement_on_chain_reaches_one_supplier_once(on_chain: Run) -> None:
    economy, platform = on_chain
    system = platform.system
    state = rebuild(entries(system.evm), system.parts.contracts.addresses["DepositToken"])
    with system.store.transaction() as unit:
        party_of = {row.address: row.party_id for row in unit.scan(STANDINGS)}
    paid, journal = disbursed(economy), economy.purses.journal
    assert len(paid) > 3
    assert audit_chain_cash(state, journal, paid, party_of) == {CONSERVED: HELD, ONCE: HELD}
    twice = audit_chain_cash(state, journal, [*paid, paid[0]], party_of)
    assert "lot" in twice[ONCE]
    lost = audit_chain_cash(state, journal, paid[1:], party_of)
    assert "lot" in lost[CONSERVED]
    dearer = [replace(paid[0], discount_fen=paid[0].discount_fen + 1), *paid[1:]]
    assert audit_chain_cash(state, journal, dearer, party_of)[CONSERVED] != HELD


def test_a_payout_that_reaches_its_holder_twice_is_found(on_chain: Run) -> None:
    economy, platform = own(on_chain[0]), on_chain[1]
    assert audit_platform(platform.system, economy)[ONCE] == HELD
    pay_again(economy, "payout")
    assert "payout" in audit_platform(platform.system, economy)[ONCE]
