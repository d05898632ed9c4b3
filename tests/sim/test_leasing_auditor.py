"""The auditor of leases sees what is wrong: each breach is planted once."""

from dataclasses import replace

import numpy as np

from sim.checks.alert_evidence import audit_evidence
from sim.checks.leasing import CLAIMS, HELD, audit_claims, audit_once, rebuild
from sim.leasing.audit import audit_stage, journal_of
from system.leasing.records import AlertKind, AlertState
from system.ledger.records import TRANSFERS
from tests.sim.leasing_runs import finished


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


def test_the_auditor_holds_each_alert_against_what_arrived() -> None:
    stage = finished("usage")
    alerts, sent = stage.alerts(), stage.lessor.sent
    assert audit_stage(stage, journal_of(stage))["every_alert_has_evidence"] == HELD
    named, spoke = sent.named(alerts), sent.spoke()
    other = dict(named)
    key = next(key for key, values in other.items() if "engine_s" in values)
    alert = next(a for a in alerts if f'"boot":{key[1]},' in a.evidence and a.machine == key[0])
    del other[key]
    kinds = {int(kind): kind.name for kind in AlertKind}
    states = {int(state): state.name for state in AlertState}
    told = audit_evidence(alerts, kinds, states, other, spoke)
    assert "never sent" in told
    assert str(alert.machine) in told


def test_the_auditor_rebuilds_every_claim_of_every_lease() -> None:
    stage = finished("usage")
    service = stage.system.leases
    books = rebuild(journal_of(stage), service.leases)
    view = service.view(CLAIMS, slice(0, service.leases))
    assert all((books[name] == view[name]).all() for name in CLAIMS)
    assert np.sum(books["from_lessee"]) > 0
