"""The books after the load, held against what clients were told: nothing lost, nothing twice.

The auditor of the simulation rebuilds the lines from the journal with arithmetic of its own.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Final

import numpy as np

from sim.checks.auditor import HELD
from sim.checks.credit import REBUILT, audit_ledger, audit_lines, audit_merchants, rebuild
from sim.stress.bank import Bank
from sim.stress.financing import Financing
from sim.stress.streams import Money
from sim.stress.telemetry import Voice
from system.adapters.sql_book import SqlBook
from system.api.rail import CREDIT, OVERPAID
from system.api.start import open_store
from system.bootstrap_credit import CREDIT_FRAMES
from system.chain.records import REQUESTS
from system.compliance import audit as chain_of_audit
from system.credit.policy import DEFAULT_POLICY
from system.credit.records import JOURNAL, LINES
from system.leasing import history
from system.ledger.records import TRANSFERS
from system.payments.records import PAYMENTS
from system.ports.store import Store, Unit

READINGS: Final = "every_acknowledged_reading_is_kept"
DISBURSED: Final = "every_disbursement_shown_is_in_the_books_once"
LOG: Final = "the_audit_log_is_whole"
PAID_OUT: Final = "every_draw_is_paid_out_once"


def audit(
    store_url: str,
    bank: Bank,
    today: int,
    money: Money | None,
    financing: Financing | None,
    voice: Voice | None,
) -> dict[str, str]:
    """invariant -> "held", or the first thing that broke it. Call it when the server is down."""
    with closing(open_store(store_url)) as store:
        found = _lines(store, bank, today, money)
        with store.transaction() as unit:
            altered = chain_of_audit.verify(unit)
            found[LOG] = HELD if altered is None else f"link {altered} was altered or is missing"
            if money is not None:
                found[PAID_OUT] = paid_out(unit, money.received_fen)
            if financing is not None:
                found[DISBURSED] = disbursed(unit, financing.disbursed)
            if voice is not None:
                found[READINGS] = readings_kept(unit, voice.kept)
    return found


def _lines(store: Store, bank: Bank, today: int, money: Money | None) -> dict[str, str]:
    book = SqlBook(store, CREDIT_FRAMES)
    with book.transaction() as unit:
        journal, transfers = unit.rows.scan(JOURNAL), unit.rows.scan(TRANSFERS)
        lines = unit.read(LINES, (*REBUILT, "accrued_raw", "life"), slice(None))
    year_days = DEFAULT_POLICY.billing.year_days
    books = rebuild(journal, bank.merchants, year_days, range(bank.first_day, today))
    audit_lines(books, lines)
    if money is not None:
        received, paid = (
            np.array([told[account] for account in range(bank.merchants)], np.int64)
            for told in (money.received_fen, money.paid_fen)
        )
        audit_merchants(books, received, paid)
    audit_ledger(books, transfers)
    return dict(books.verdicts)


def paid_out(unit: Unit, drawn_fen: Mapping[int, int]) -> str:
    """What merchants were told they drew is what payments to them are about."""
    asked_fen: Counter[str] = Counter()
    for payment in unit.scan(PAYMENTS):
        if payment.product == CREDIT and not payment.cause.startswith(OVERPAID):
            asked_fen[payment.owner] += payment.amount_fen
    told_fen = {f"merchant/{account}": fen for account, fen in drawn_fen.items() if fen}
    for owner in sorted(told_fen.keys() | asked_fen.keys()):
        told, asked = told_fen.get(owner, 0), asked_fen[owner]
        if told != asked:
            return f"{owner} drew {told} fen, and is paid {asked} fen"
    return HELD


def disbursed(unit: Unit, shown_fen: Mapping[str, int]) -> str:
    """What suppliers saw paid is paid, and each request has one posting of its advance."""
    posted: dict[str, list[int]] = {}
    for transfer in unit.scan(TRANSFERS):
        if transfer.kind == "post_hold" and transfer.refers_to is not None:
            posted.setdefault(transfer.refers_to, []).append(transfer.amount_fen)
    by_id = {row.request_id: row for row in unit.scan(REQUESTS)}
    for request_id, fen in shown_fen.items():
        row = by_id.get(request_id)
        if row is None or row.state != "disbursed":
            return f"request {request_id} was shown as paid and is {row.state if row else 'gone'}"
        if posted.get(f"{request_id}/advance") != [fen]:
            return f"request {request_id}: {posted.get(f'{request_id}/advance')} fen, not {fen}"
    unpaid = [row.request_id for row in by_id.values() if row.state in ("signing", "disbursing")]
    return HELD if not unpaid else f"request {unpaid[0]} is still under way"


def readings_kept(unit: Unit, kept: Sequence[int]) -> str:
    """Of each machine as many readings as the broker answered for, or more."""
    for machine, count in enumerate(kept):
        found = history.since(unit, machine, 0).sequence.size
        if found < count:
            return f"machine {machine}: {found} readings kept, {count} were acknowledged"
    return HELD
