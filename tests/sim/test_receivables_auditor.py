"""The auditor finds what is wrong: every planted fault breaks the invariant that it should."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from sim.checks.auditor import (
    HELD,
    audit_alerts,
    audit_deposits,
    audit_purses,
    chain_verdicts,
    ledger_balances,
    rebuild,
)
from sim.checks.chain_log import Entry, entries
from sim.receivables.chain_audit import audit_platform
from sim.receivables.chain_platform import Platform
from sim.receivables.economy import Economy
from sim.receivables.model import run_chain
from sim.receivables.purse import Purses, Transfer
from sim.world import Task
from system.chain.records import ALERTS, Alert
from tests.sim.receivables_builders import small

Run = tuple[Economy, Platform, list[Entry]]


@pytest.fixture(scope="module")
def run() -> Run:
    scenario = small("parameters.key_collusion_share=0.1")
    economy, platform = run_chain(Task(scenario, "chain", 0, "columns", "revm", "memory"))
    return economy, platform, list(entries(platform.system.evm))


def verdicts(run: Run, tamper: Callable[[list[Entry]], list[Entry]]) -> dict[str, str]:
    token = run[1].system.parts.contracts.addresses["DepositToken"]
    return chain_verdicts(rebuild(tamper(list(run[2])), token))


def first(log: list[Entry], name: str) -> int:
    return next(at for at, entry in enumerate(log) if entry.name == name)


def words(entry: Entry, position: int, change: int) -> Entry:
    changed = list(entry.words)
    changed[position] += change
    return replace(entry, words=tuple(changed))


def test_an_honest_chain_passes(run: Run) -> None:
    assert set(verdicts(run, lambda log: log).values()) == {HELD}
    assert {entry.name for entry in run[2]} >= {
        "Transfer", "Registered", "Accepted", "Endorsed", "Disbursed", "Paid", "LimitChanged",
    }  # fmt: skip


def test_a_second_disbursement_of_a_lot_is_found(run: Run) -> None:
    def twice(log: list[Entry]) -> list[Entry]:
        at = first(log, "Disbursed")
        return [*log[: at + 1], log[at], *log[at + 1 :]]

    assert "financed twice" in verdicts(run, twice)["no_receivable_financed_twice"]


def test_a_payment_that_settles_twice_is_found(run: Run) -> None:
    def twice(log: list[Entry]) -> list[Entry]:
        at = first(log, "Paid")
        return [*log[: at + 1], log[at], *log[at + 1 :]]

    assert "twice" in verdicts(run, twice)["nothing_paid_twice"]


def test_a_disbursement_without_cash_is_found(run: Run) -> None:
    def unpaid(log: list[Entry]) -> list[Entry]:
        tx = log[first(log, "Disbursed")].tx
        return [entry for entry in log if entry.tx != tx or entry.name != "Transfer"]

    assert verdicts(run, unpaid)["money_is_conserved"] != HELD


def test_tokens_from_nowhere_are_found(run: Run) -> None:
    def overspent(log: list[Entry]) -> list[Entry]:
        at = next(i for i, e in enumerate(log) if e.name == "Transfer" and e.topics[0])
        return [*log[:at], words(log[at], 0, 10**15), *log[at + 1 :]]

    assert verdicts(run, overspent)["money_is_conserved"] != HELD


def test_an_endorsement_that_makes_value_is_found(run: Run) -> None:
    def inflated(log: list[Entry]) -> list[Entry]:
        at = first(log, "Accepted")
        return [*log[:at], words(log[at], 3, 1), *log[at + 1 :]]

    assert verdicts(run, inflated)["lots_conserve_face"] != HELD


def test_an_exceeded_limit_is_found(run: Run) -> None:
    def tight(log: list[Entry]) -> list[Entry]:
        return [replace(e, words=(*e.words[:2], 1)) if e.name == "LimitChanged" else e for e in log]

    assert "used" in verdicts(run, tight)["limits_hold"]


def test_a_ledger_that_differs_by_one_fen_is_found(run: Run) -> None:
    system = run[1].system
    token = system.parts.contracts.addresses["DepositToken"]
    state = rebuild(run[2], token)
    address, on_chain_fen = next(item for item in state.balances_fen.items() if item[1] > 0)
    books = {"deposit": on_chain_fen}
    assert audit_deposits(state, books, {"deposit": address}) == HELD
    assert audit_deposits(state, {"deposit": on_chain_fen + 1}, {"deposit": address}) != HELD


def test_held_transfers_do_not_count_as_balances() -> None:
    class Row:
        transfer_id, debit_account_id, credit_account_id, amount_fen = "t", "a", "b", 5

        def __init__(self, kind: str) -> None:
            self.kind = kind

    assert ledger_balances([Row("hold"), Row("void_hold")]) == {}
    assert ledger_balances([Row("hold"), Row("post_hold")]) == {"a": -5, "b": 5}


def test_a_purse_that_the_journal_does_not_explain_is_found() -> None:
    purses = Purses()
    purses.move(0, "a", "b", 7, "test")
    assert audit_purses(purses.journal, purses.balances()) == HELD
    assert audit_purses(purses.journal, {"a": -7, "b": 8}) != HELD
    assert audit_purses([*purses.journal, Transfer(0, "a", "b", -1, "x")], {}) != HELD


def test_an_alert_without_evidence_is_found() -> None:
    assert audit_alerts([Alert("1", "rule", "r", '{"figures": {"count": 2}}', 0)]) == HELD
    assert audit_alerts([Alert("1", "rule", "r", "{}", 0)]) != HELD
    assert audit_alerts([Alert("1", "rule", "r", "not json", 0)]) != HELD


def test_every_stored_alert_of_a_run_has_evidence(run: Run) -> None:
    with run[1].system.store.transaction() as unit:
        assert audit_alerts(unit.scan(ALERTS)) == HELD


def test_the_whole_platform_passes(run: Run) -> None:
    assert set(audit_platform(run[1].system, run[0]).values()) == {HELD}


def test_an_application_that_nobody_answers_is_found(run: Run) -> None:
    economy, platform, _ = run
    ticket = economy.tickets[0]
    state, last_at_s = ticket.state, ticket.last_at_s
    ticket.state, ticket.last_at_s = "open", economy.engine.now_s - 61 * 86_400
    found = audit_platform(platform.system, economy)["every_accepted_request_completes"]
    ticket.state, ticket.last_at_s = state, last_at_s
    assert ticket.key in found
