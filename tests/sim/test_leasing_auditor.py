"""The auditor of leases sees what is wrong: each breach is planted once."""

from dataclasses import dataclass, replace

import numpy as np

from sim.checks.leasing import CLAIMS, HELD, audit_alerts, audit_claims, audit_once, rebuild
from sim.leasing.audit import audit_stage, journal_of
from system.ledger.records import TRANSFERS
from tests.sim.leasing_runs import finished


@dataclass(frozen=True, slots=True)
class Alert:
    evidence: str
    alert_id: str = "3/IDLE/1000"
    machine: int = 3
    start_ms: int = 1_000
    found_ms: int = 2_000


GOOD = '{"bound":1,"measure":2,"readings":[{"at_ms":2000,"boot":2,"sequence":4}]}'


def test_a_bill_that_the_books_forgot_breaks_conservation() -> None:
    stage = finished("fixed")
    journal, service = journal_of(stage), stage.system.leases
    with stage.system.book.transaction() as unit:
        transfers = unit.rows.scan(TRANSFERS)
    view = service.view(CLAIMS, slice(0, service.leases))
    at = next(i for i, fact in enumerate(journal) if fact.kind == "rent_billed")
    whole, missing = (
        audit_claims(rebuild(facts, service.leases), view, transfers)
        for facts in (journal, [*journal[:at], *journal[at + 1 :]])
    )
    assert whole == HELD
    assert "rent_due_fen" in missing


def test_a_payment_that_counts_twice_is_seen() -> None:
    stage = finished("fixed")
    journal = journal_of(stage)
    paid = next(fact for fact in journal if fact.kind == "rent_paid")
    assert audit_once(journal, stage.desk.paid_fen) == HELD
    assert "twice" in audit_once([*journal, paid], stage.desk.paid_fen)
    other = replace(paid, cause="pay/again")
    assert "pay/again" in audit_once([*journal, other], stage.desk.paid_fen)


def test_cash_that_leaves_a_purse_by_no_name_is_seen() -> None:
    stage = finished("fixed")
    purses = stage.world.economy.purses
    purses.cash_fen[0] += 1
    try:
        assert "flows leave" in audit_stage(stage, journal_of(stage))["money_is_conserved"]
    finally:
        purses.cash_fen[0] -= 1


def test_an_alert_rests_on_readings_that_were_written_down() -> None:
    written = {(3, 2): 5}
    assert audit_alerts([Alert(GOOD)], written) == HELD
    assert "never written" in audit_alerts([Alert(GOOD)], {(3, 2): 4})
    assert "never written" in audit_alerts([Alert(GOOD)], {(2, 2): 9})
    empty = '{"bound":1,"measure":2,"readings":[]}'
    assert "names no reading" in audit_alerts([Alert(empty)], written)
    assert "before it began" in audit_alerts([Alert(GOOD, start_ms=3_000)], written)


def test_the_auditor_rebuilds_every_claim_of_every_lease() -> None:
    stage = finished("usage")
    service = stage.system.leases
    books = rebuild(journal_of(stage), service.leases)
    view = service.view(CLAIMS, slice(0, service.leases))
    assert all((books[name] == view[name]).all() for name in CLAIMS)
    assert np.sum(books["from_lessee"]) > 0
