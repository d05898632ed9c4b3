"""Hands the auditor what it needs of a running system: the chain, and rows of the store."""

from sim.checks.auditor import (
    HELD,
    audit_alerts,
    audit_deposits,
    chain_verdicts,
    ledger_balances,
    rebuild,
)
from sim.checks.cash import audit_chain_cash, first_breach
from sim.checks.chain_limits import LIMITS, audit_limits
from sim.checks.chain_log import entries
from sim.receivables.cash_audit import disbursed
from sim.receivables.economy import Economy
from system.bootstrap import System
from system.chain import records
from system.chain.cash import deposit
from system.chain.records import ALERTS, REQUESTS, STANDINGS
from system.ledger.records import TRANSFERS
from system.limits import DAY_S

_UNDER_WAY = ("splitting", "signing", "disbursing")


def audit_platform(system: System, economy: Economy) -> dict[str, str]:
    """The verdict of every invariant that concerns the platform."""
    state = rebuild(entries(system.evm), system.parts.contracts.addresses["DepositToken"])
    verdicts = chain_verdicts(state)
    with system.store.transaction() as unit:
        transfers = unit.scan(TRANSFERS)
        party_of = {row.address: row.party_id for row in unit.scan(STANDINGS)}
        alerts, requests = unit.scan(ALERTS), unit.scan(REQUESTS)
        lines, receivables = unit.scan(records.LIMITS), unit.scan(records.RECEIVABLES)
    balances_fen = ledger_balances(transfers)
    address_of = {deposit(party_id): address for address, party_id in party_of.items()}
    verdicts["ledger_equals_chain"] = audit_deposits(state, balances_fen, address_of)
    verdicts["every_alert_has_evidence"] = audit_alerts(alerts)
    debtor_of = {row.receivable_id: row.debtor_id for row in receivables}
    addresses = {party_id: address for address, party_id in party_of.items()}
    verdicts[LIMITS] = audit_limits(lines, requests, state.used_fen, addresses, debtor_of)
    stuck = [row.request_id for row in requests if row.state in _UNDER_WAY]
    verdicts["every_accepted_request_completes"] = _completeness(economy, stuck)
    cash = audit_chain_cash(state, economy.purses.journal, disbursed(economy), party_of)
    return first_breach((verdicts, cash))


def _completeness(economy: Economy, stuck: list[str]) -> str:
    """Liveness: a taken quote ends in cash or failure, and nobody waits for ever for an answer."""
    if stuck:
        return f"request {stuck[0]} is still under way when all is sent"
    last_s = economy.engine.now_s - 60 * DAY_S
    for ticket in economy.tickets:
        if ticket.state == "open" and ticket.last_at_s < last_s:
            return f"application {ticket.key} has waited for more than 60 days"
    return HELD
