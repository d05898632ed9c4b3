"""Alerts about the relay: what a person must know, with the operations behind it."""

from system.canonical import canonical_json, sha256_hex
from system.chain.events import AlertRaised
from system.chain.operations import OPERATIONS
from system.chain.records import ALERTS, Alert
from system.chain.relay_records import Trouble
from system.chain.session import Session


def raise_trouble(session: Session, trouble: Trouble) -> None:
    """Store an alert with cause, messages and their operations as evidence; once for each."""
    operations = [
        [operation.kind, operation.subject]
        for message_id in trouble.message_ids
        for operation in session.sheet.find(OPERATIONS, {"message_id": message_id})
    ]
    evidence = canonical_json([trouble.cause, list(trouble.message_ids), operations])
    alert_id = sha256_hex(f"relay|{session.now_s}|{trouble.rule}|{evidence}")[:32]
    if session.sheet.get(ALERTS, alert_id) is not None:
        return
    subject = operations[0][1] if operations else trouble.message_ids[0]
    row = Alert(alert_id, trouble.rule, subject, evidence, session.now_s, blocks=False)
    session.sheet.add(ALERTS, row)
    session.note("relay", trouble.rule, subject, evidence)
    session.emit(AlertRaised(alert_id, trouble.rule, subject, evidence, session.now_s))
