"""The auditor of leased machines: rents add up, nothing is paid twice, alerts rest on readings.

Own arithmetic throughout: it shares no code with what it audits. Each check answers "held" or with
one sentence on what broke first.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Protocol

HELD: Final = "held"
CONSERVED, ONCE, EVIDENCE = "money_is_conserved", "nothing_paid_twice", "every_alert_has_evidence"
# Silence is told by what was not read: its evidence is the last reading before it.
_READINGS_MIN: Final = 1


class RaisedAlert(Protocol):
    """What an alert has to show."""

    @property
    def alert_id(self) -> str: ...
    @property
    def machine(self) -> int: ...
    @property
    def start_ms(self) -> int: ...
    @property
    def found_ms(self) -> int: ...
    @property
    def raised_at_s(self) -> int: ...
    @property
    def evidence(self) -> str: ...


def audit_purses(
    start_fen: int, flows_fen: Mapping[str, int], end_fen: int, book_fen: Mapping[str, int]
) -> str:
    """money_is_conserved: contractors' cash moves by named flows alone, and rent reaches the book.

    flows_fen: into contractors' purses, out of them where negative.  book_fen: what the lessor's
    book says of ``rent``, invoiced, paid and still open.
    """
    moved_fen = start_fen + sum(flows_fen.values())
    if moved_fen != end_fen:
        return f"purses hold {end_fen} fen where flows leave {moved_fen}"
    if book_fen["paid"] != -flows_fen["rent"]:
        return f"the book shows {book_fen['paid']} fen paid, purses gave {-flows_fen['rent']}"
    if book_fen["invoiced"] != book_fen["paid"] + book_fen["open"]:
        return f"invoices of {book_fen['invoiced']} fen are {book_fen} paid or open"
    return HELD


def audit_payments(invoices_fen: Sequence[int], payments: Iterable[tuple[int, int, int]]) -> str:
    """nothing_paid_twice: of an invoice at most once a day, and never more than its amount.

    payments: (invoice, day, fen).
    """
    paid_fen = [0] * len(invoices_fen)
    days: Counter[tuple[int, int]] = Counter()
    for invoice, day, amount_fen in payments:
        if amount_fen <= 0:
            return f"invoice {invoice}: a payment of {amount_fen} fen"
        paid_fen[invoice] += amount_fen
        days[invoice, day] += 1
        if days[invoice, day] > 1:
            return f"invoice {invoice} was paid twice on day {day}"
        if paid_fen[invoice] > invoices_fen[invoice]:
            return f"invoice {invoice} of {invoices_fen[invoice]} fen was paid {paid_fen[invoice]}"
    return HELD


def audit_alerts(alerts: Iterable[RaisedAlert], written: Mapping[tuple[int, int], int]) -> str:
    """every_alert_has_evidence: figures, and readings that the machine's terminal wrote down.

    written: readings of each machine's each boot, which are numbered from 0.
    """
    for alert in alerts:
        found = json.loads(alert.evidence)
        readings = found["readings"]
        if len(readings) < _READINGS_MIN or not {"measure", "bound"} <= found.keys():
            return f"alert {alert.alert_id} names no reading or no figure"
        for reading in readings:
            count = written.get((alert.machine, reading["boot"]), 0)
            if not 0 <= reading["sequence"] < count:
                return f"alert {alert.alert_id} rests on a reading that was never written"
        if not alert.start_ms <= alert.found_ms:
            return f"alert {alert.alert_id} was found before it began"
    return HELD


def first_breach(*sentences: str) -> str:
    """The first sentence that is not "held"."""
    return next((sentence for sentence in sentences if sentence != HELD), HELD)
