"""Hands the auditor what lines, leases and the joint desk left behind."""

from sim.checks import consent
from sim.checks.auditor import HELD
from sim.checks.auditor import rebuild as rebuild_chain
from sim.checks.chain_log import entries
from sim.checks.credit import REBUILT, audit_ledger, audit_lines, audit_merchants
from sim.checks.credit import rebuild as rebuild_lines
from sim.checks.joint import (
    ADDS_UP,
    UNBOUGHT,
    Owed,
    Purchase,
    audit_holds,
    audit_positions,
    audit_shared_purses,
)
from sim.checks.leasing import CLAIMS, CONSERVED, ONCE, audit_claims, audit_once
from sim.checks.leasing import first_breach as first_sentence
from sim.checks.leasing import rebuild as rebuild_leases
from sim.joint.bank import JointBank
from sim.joint.economy import BANK, JointEconomy
from sim.joint.lines import OFFICERS
from system.chain.records import HOLDS, RECEIVABLES, REQUESTS
from system.credit.access import ACCESS_LOG
from system.credit.policy import DEFAULT_POLICY
from system.credit.records import JOURNAL as LINES_JOURNAL
from system.leasing.leases.records import JOURNAL as LEASES_JOURNAL
from system.leasing.leases.records import LeaseLife
from system.ledger.records import TRANSFERS
from system.parties.consent import CONSENT_JOURNAL
from system.parties.group_records import GROUP_POSITIONS

CONSENTED = "no_data_without_consent"


def audit_joint(economy: JointEconomy, bank: JointBank) -> dict[str, str]:
    """Every invariant that lines, leases and the desk can show, and that purses share."""
    lines, leases = bank.lines, bank.leases
    days = range(
        lines.service.today - (economy.engine.now_s - economy.start_s) // 86_400,
        lines.service.today,
    )
    with lines.system.book.transaction() as unit:
        journal, transfers = unit.rows.scan(LINES_JOURNAL), unit.rows.scan(TRANSFERS)
        changes, accesses = unit.rows.scan(CONSENT_JOURNAL), unit.rows.scan(ACCESS_LOG)
    books = rebuild_lines(journal, lines.n, DEFAULT_POLICY.billing.year_days, days)
    names = (*REBUILT, "accrued_raw", "life")
    audit_lines(books, lines.service.view(names, slice(0, lines.n)))
    audit_merchants(books, lines.received_fen, lines.paid_fen)
    audit_ledger(books, transfers)
    with leases.system.book.transaction() as unit:
        facts, moved = unit.rows.scan(LEASES_JOURNAL), unit.rows.scan(TRANSFERS)
    lease_books = rebuild_leases(facts, leases.n)
    view = leases.service.view((*CLAIMS, "life"), slice(0, leases.n))
    shared = audit_shared_purses(
        economy.purses.journal,
        BANK,
        drawn_fen=int(books.columns["to_merchant"].sum()),
        paid_fen=int(books.columns["from_merchant"].sum()),
        rent_fen=int(lease_books["from_lessee"].sum()),
    )
    live = view["life"] == LeaseLife.LIVE
    owed = Owed(
        receivables_fen=_financed_fen(bank),
        lines_fen=sum(int(books.columns[name].sum()) for name in REBUILT[:4]),
        leases_fen=sum(int(lease_books[name].sum()) for name in CLAIMS)
        + int(leases.value_fen[live].sum()),
    )
    own = {
        CONSERVED: first_sentence(
            books.verdicts[CONSERVED], audit_claims(lease_books, view, moved), shared
        ),
        ONCE: first_sentence(books.verdicts[ONCE], audit_once(facts, leases.paid_fen)),
        ADDS_UP: _positions(bank, owed),
        CONSENTED: consent.no_data_without_consent(changes, accesses),
        UNBOUGHT: _holds(bank),
    }
    return {**books.verdicts, **own}


def _holds(bank: JointBank) -> str:
    """Whether the platform's banks have bought what their desk holds."""
    with bank.platform.system.store.transaction() as unit:
        holds, requests = unit.scan(HOLDS), unit.scan(REQUESTS)
        debtor_of = {row.receivable_id: row.debtor_id for row in unit.scan(RECEIVABLES)}
    purchases = [
        Purchase(row.bank_id, debtor_of[row.receivable_id], row.supplier_id, row.disbursed_at_s)
        for row in requests
        if row.disbursed_at_s is not None
    ]
    return audit_holds(holds, purchases, bank.platform.system.parts.policy.verdict_valid_s)


def _financed_fen(bank: JointBank) -> int:
    """What banks hold on debtors, from the contracts' logs alone; written-off debts aside."""
    system = bank.platform.system
    state = rebuild_chain(entries(system.evm), system.parts.contracts.addresses["DepositToken"])
    return sum(
        lot.value_fen
        for lot in state.lots.values()
        if lot.financed_by is not None and lot.receivable not in state.written_off
    )


def _positions(bank: JointBank, owed: Owed) -> str:
    """The desk looks once more, now, and its positions are held against the three books."""
    day = bank.lines.service.today
    bank.desk.review(bank.party_ids, OFFICERS)
    with bank.store.transaction() as unit:
        rows = unit.scan(GROUP_POSITIONS)
    return audit_positions(rows, day, owed) if rows else HELD
