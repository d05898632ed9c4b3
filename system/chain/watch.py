"""Monitoring as the service uses it: flows in, stored alerts out, and whether a claim is clear."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Final

from system.canonical import canonical_json, sha256_hex
from system.chain.events import AlertRaised
from system.chain.fingerprint import fingerprint, loose_fingerprint
from system.chain.kernels.monitoring import MonitoringBounds
from system.chain.monitor import Finding, Flow, Monitor, Rule
from system.chain.records import ALERTS, Alert, Receivable
from system.chain.session import Session
from system.ports.store import Table

# Names of claims that banks financed outside the platform start with this.
PLEDGED: Final = "pledge/"
# Figures that only inform: an honest business grows and buys more from one customer too.
INFORMING: Final = (Rule.VELOCITY, Rule.DEBTOR_CONCENTRATION, Rule.SUPPLIER_CONCENTRATION)


@dataclass(frozen=True, slots=True)
class FlowRow(Flow):
    """A flow as it was shown to the monitor, so that a restart can show it again."""

    sequence: int


FLOWS = Table(
    "monitored_flow", FlowRow, key=("sequence",), index=(("claim_id",),), append_only=True
)
_FLOW_FIELDS = tuple(field.name for field in fields(Flow))


class Watch:
    """Follows the flows of the store, whoever showed them: other processes do, too.

    ``forget`` after a transaction that did not commit.
    """

    def __init__(self, bounds: MonitoringBounds) -> None:
        self._bounds = bounds
        self._monitor: Monitor | None = None
        self._sequence = self._last_at_s = 0

    def forget(self) -> None:
        """Show the stored flows again before the next look."""
        self._monitor = None

    def observe(self, session: Session, flows: Sequence[Flow]) -> None:
        """Judge new flows, in order, and store an alert with evidence for each finding."""
        if not flows:
            return
        monitor = self._caught_up(session)
        # A clock that was put back at a restart must not stop intake: until it has caught up,
        # flows arrive together with the last one. Their order, which rules go by, stays.
        shown = [replace(flow, at_s=max(flow.at_s, self._last_at_s)) for flow in flows]
        for flow in shown:
            self._sequence += 1
            values = [*(getattr(flow, name) for name in _FLOW_FIELDS), self._sequence]
            session.sheet.add(FLOWS, FlowRow(*values))
        self._last_at_s = shown[-1].at_s
        for finding in monitor.observe(shown):
            for one in _of_each_claim(finding):
                _raise_alert(session, one)

    def _caught_up(self, session: Session) -> Monitor:
        if self._monitor is None:
            self._sequence = self._last_at_s = 0
        rows = session.unit.scan(FLOWS, after=(self._sequence,))
        if self._monitor is None:
            self._last_at_s = rows[0].at_s if rows else session.now_s
            self._monitor = Monitor(self._bounds, self._last_at_s)
        if rows:
            # Whoever showed them has told what they mean.
            self._monitor.observe(rows)
            self._sequence, self._last_at_s = rows[-1].sequence, rows[-1].at_s
        return self._monitor


def clear(session: Session, receivable_id: str) -> bool:
    """False while an alert that gates disbursement stands against the claim."""
    alerts = session.sheet.find(ALERTS, {"receivable_id": receivable_id})
    return not any(alert.blocks and alert.released_at_s is None for alert in alerts)


def flow(session: Session, row: Receivable, claim_id: str, bank_id: str, amount_fen: int) -> Flow:
    """One showing of a claim, to the platform (bank_id empty) or to a bank."""
    terms = (row.seller_id, row.debtor_id, row.invoice_number, row.currency)
    seller, debtor = session.party(row.seller_id), session.party(row.debtor_id)
    return Flow(
        claim_id=claim_id,
        fingerprint=fingerprint(session.parts.fingerprint_key, *terms),
        loose_fingerprint=loose_fingerprint(session.parts.fingerprint_key, *terms),
        supplier_id=row.seller_id,
        debtor_id=row.debtor_id,
        bank_id=bank_id,
        supplier_group_id=(seller.group_id if seller else None) or "",
        debtor_group_id=(debtor.group_id if debtor else None) or "",
        amount_fen=amount_fen,
        issued_at_s=row.issued_at_s,
        at_s=session.now_s,
    )


def _of_each_claim(finding: Finding) -> Iterator[Finding]:
    """A circle accuses every claim on it: which one happened to close it says nothing."""
    yield finding
    if finding.rule is Rule.CIRCULAR_TRADE:
        circle = (finding.flow, *finding.others)
        for flow in finding.others:
            others = tuple(other for other in circle if other is not flow)
            yield replace(finding, flow=flow, others=others)


def _accused(finding: Finding) -> str:
    """The receivable in doubt. A pledge elsewhere accuses the claim here that it repeats."""
    here = (other.claim_id for other in finding.others if other.claim_id == other.fingerprint.hex())
    own = finding.flow.fingerprint.hex()
    return next(here, own) if finding.flow.claim_id.startswith(PLEDGED) else own


def _released(session: Session, rule: Rule, receivable_id: str, others: list[Any]) -> bool:
    """True when people have judged these facts: showing the claim again is no new one."""
    alerts = session.sheet.find(ALERTS, {"receivable_id": receivable_id})
    return any(
        alert.rule == rule
        and alert.released_at_s is not None
        and json.loads(alert.evidence)["others"] == others
        for alert in alerts
    )


def _raise_alert(session: Session, finding: Finding) -> None:
    judged = finding.flow
    others = [[other.claim_id, other.bank_id, other.amount_fen] for other in finding.others]
    evidence = canonical_json(
        {
            "claim": judged.claim_id,
            "figures": finding.figures,
            "supplier": judged.supplier_id,
            "debtor": judged.debtor_id,
            "bank": judged.bank_id,
            "amount_fen": judged.amount_fen,
            "others": others,
        }
    )
    alert_id = sha256_hex(f"{finding.rule}|{judged.at_s}|{evidence}")[:32]
    receivable_id = _accused(finding)
    if session.sheet.get(ALERTS, alert_id) is not None or _released(
        session, finding.rule, receivable_id, others
    ):
        return
    # A second try to hand the same document in is refused; it does not taint the first.
    blocks = finding.rule not in INFORMING and not judged.claim_id.startswith(f"{receivable_id}/")
    row = Alert(alert_id, finding.rule.value, receivable_id, evidence, session.now_s, blocks)
    session.sheet.add(ALERTS, row)
    session.note("monitor", f"alert {finding.rule}", receivable_id, alert_id)
    session.emit(AlertRaised(alert_id, finding.rule.value, receivable_id, evidence, session.now_s))
