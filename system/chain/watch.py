"""Monitoring as the service uses it: flows in, stored alerts out, and whether a claim is clear."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Final

from system.canonical import canonical_json, sha256_hex
from system.chain.events import AlertRaised
from system.chain.fingerprint import fingerprint, loose_fingerprint
from system.chain.kernels.monitoring import MonitoringBounds
from system.chain.monitor import Finding, Flow, Monitor, Rule
from system.chain.records import ALERTS, Alert, Receivable
from system.chain.session import Session
from system.ports.store import Table

# Figures that only inform: an honest business grows and buys more from one customer too.
INFORMING: Final = (Rule.VELOCITY, Rule.DEBTOR_CONCENTRATION, Rule.SUPPLIER_CONCENTRATION)


@dataclass(frozen=True, slots=True)
class FlowRow:
    """A flow as it was shown to the monitor, so that a restart can show it again."""

    sequence: int
    claim_id: str
    fingerprint: bytes
    loose_fingerprint: bytes
    supplier_id: str
    debtor_id: str
    bank_id: str
    supplier_group_id: str
    debtor_group_id: str
    amount_fen: int
    issued_at_s: int
    at_s: int


FLOWS = Table("monitored_flow", FlowRow, key=("sequence",), append_only=True)
_FLOW_FIELDS = tuple(field.name for field in fields(Flow))


class Watch:
    """Follows the flows of the store. ``forget`` after a transaction that did not commit."""

    def __init__(self, bounds: MonitoringBounds) -> None:
        self._bounds = bounds
        self._monitor: Monitor | None = None
        self._sequence = 0

    def forget(self) -> None:
        """Show the stored flows again before the next look."""
        self._monitor = None

    def observe(self, session: Session, flows: Sequence[Flow]) -> None:
        """Judge new flows, in order, and store an alert with evidence for each finding."""
        if not flows:
            return
        monitor = self._caught_up(session)
        for flow in flows:
            self._sequence += 1
            values = (getattr(flow, name) for name in _FLOW_FIELDS)
            session.sheet.add(FLOWS, FlowRow(self._sequence, *values))
        for finding in monitor.observe(flows):
            _raise_alert(session, finding)

    def _caught_up(self, session: Session) -> Monitor:
        if self._monitor is None:
            rows = session.unit.scan(FLOWS)
            since_s = rows[0].at_s if rows else session.now_s
            self._monitor = Monitor(self._bounds, since_s)
            self._monitor.observe([_flow_of(row) for row in rows])
            self._sequence = rows[-1].sequence if rows else 0
        return self._monitor


def clear(session: Session, receivable_id: str) -> bool:
    """False while an alert that gates disbursement stands against the claim."""
    alerts = session.sheet.find(ALERTS, {"receivable_id": receivable_id})
    return not any(alert.blocks for alert in alerts)


def flow(session: Session, row: Receivable, claim_id: str, bank_id: str, amount_fen: int) -> Flow:
    """One showing of a claim, to the platform (bank_id empty) or to a bank."""
    key = session.parts.fingerprint_key
    terms = (row.seller_id, row.debtor_id, row.invoice_number, row.currency)
    seller, debtor = session.party(row.seller_id), session.party(row.debtor_id)
    return Flow(
        claim_id=claim_id,
        fingerprint=fingerprint(key, *terms),
        loose_fingerprint=loose_fingerprint(key, *terms),
        supplier_id=row.seller_id,
        debtor_id=row.debtor_id,
        bank_id=bank_id,
        supplier_group_id=(seller.group_id if seller else None) or "",
        debtor_group_id=(debtor.group_id if debtor else None) or "",
        amount_fen=amount_fen,
        issued_at_s=row.issued_at_s,
        at_s=session.now_s,
    )


def _flow_of(row: FlowRow) -> Flow:
    return Flow(*(getattr(row, name) for name in _FLOW_FIELDS))


def _raise_alert(session: Session, finding: Finding) -> None:
    judged = finding.flow
    evidence = canonical_json(
        {
            "claim": judged.claim_id,
            "figures": finding.figures,
            "supplier": judged.supplier_id,
            "debtor": judged.debtor_id,
            "bank": judged.bank_id,
            "amount_fen": judged.amount_fen,
            "others": [
                [other.claim_id, other.bank_id, other.amount_fen] for other in finding.others
            ],
        }
    )
    alert_id = sha256_hex(f"{finding.rule}|{judged.at_s}|{evidence}")[:32]
    if session.sheet.get(ALERTS, alert_id) is not None:
        return
    receivable_id = judged.fingerprint.hex()
    # A second try to hand the same document in is refused; it does not taint the first.
    blocks = finding.rule not in INFORMING and judged.claim_id == receivable_id
    row = Alert(alert_id, finding.rule.value, receivable_id, evidence, session.now_s, blocks)
    session.sheet.add(ALERTS, row)
    session.note("monitor", f"alert {finding.rule}", receivable_id, alert_id)
    session.emit(AlertRaised(alert_id, finding.rule.value, receivable_id, evidence, session.now_s))
