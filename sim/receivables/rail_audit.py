"""Hands the auditor the books of bank and rail, and what suppliers took for arrived."""

from sim.checks.cash import first_breach
from sim.checks.chain_log import entries
from sim.checks.rail import Credit, UnderWay, audit_delays, audit_rail, audit_receipts, burned
from sim.faults import RECOVERY_S
from sim.receivables.chain_platform import Platform
from sim.receivables.chain_rail import RailLink
from sim.receivables.economy import Economy
from system.adapters.rail_embedded import TRANSFERS as RAIL_TRANSFERS
from system.chain.cash import IN_TRANSIT
from system.chain.records import STANDINGS
from system.ledger.records import TRANSFERS
from system.payments.records import PAYMENTS, UNDER_WAY

_CREDITED = ("settled", "confirmed", "paid")


def audit_payments(platform: Platform, economy: Economy) -> dict[str, str]:
    """The verdicts on what left over the rail; none where no rail is played."""
    rail = platform.rail
    if rail is None:
        return {}
    with platform.system.store.transaction() as unit:
        transfers = unit.scan(TRANSFERS)
        party_of = {row.address: row.party_id for row in unit.scan(STANDINGS)}
        waiting = [row for state in UNDER_WAY for row in unit.find(PAYMENTS, {"state": state})]
    credited = _credits(rail)
    token = platform.system.parts.contracts.addresses["DepositToken"]
    burned_fen = burned(entries(platform.system.evm), token, party_of)
    known = rail.party_of_account
    under_way = [UnderWay(row.payment_id, row.asked_at_s) for row in waiting]
    now_s, healed_s = economy.engine.now_s, economy.faults.healed_s()
    return first_breach(
        (
            audit_rail(transfers, IN_TRANSIT, credited, burned_fen, known, at_rest=rail.is_at_rest),
            audit_receipts(_taken_fen(economy), credited, known),
            audit_delays(under_way, now_s, healed_s, RECOVERY_S),
        )
    )


def _credits(rail: RailLink) -> list[Credit]:
    """What the rail has settled and not sent back, by its own books."""
    with rail.books.transaction() as unit:
        rows = unit.scan(RAIL_TRANSFERS)
    return [
        Credit(row.end_to_end_id, row.account, row.amount_fen)
        for row in rows
        if row.state in _CREDITED
    ]


def _taken_fen(economy: Economy) -> dict[str, int]:
    """By supplier: payouts that its clerk took for arrived, and advances that it has used."""
    taken_fen: dict[str, int] = {}
    for line in economy.purses.journal:
        if line.reason == "by_rail":
            taken_fen[line.payee] = taken_fen.get(line.payee, 0) + line.amount_fen
    for ticket in economy.tickets:
        if ticket.channel == "chain" and "payment_rail" in ticket.stage_s:
            supplier = economy.firms[ticket.firm].key
            taken_fen[supplier] = taken_fen.get(supplier, 0) + ticket.advance_fen
    return taken_fen
