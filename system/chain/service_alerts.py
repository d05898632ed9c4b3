"""People's answers to alerts: one that was looked into and found harmless stops gating."""

from collections.abc import Sequence
from dataclasses import replace

from system.chain.commands import ReleaseAlert
from system.chain.outcome import Outcome, refused, taken
from system.chain.records import ALERTS
from system.chain.rules import Refusal, first_refusal
from system.chain.session import Session


def release_alerts(session: Session, batch: Sequence[ReleaseAlert]) -> list[Outcome]:
    """Let claims be financed again; the alerts and their evidence stay. The reference is the alert.

    The same facts raise no second alert; other facts do.
    """
    return [_release_one(session, command) for command in batch]


def _release_one(session: Session, command: ReleaseAlert) -> Outcome:
    alert = session.sheet.get(ALERTS, command.alert_id)
    if alert is None:
        return refused(command.command_id, Refusal.ALERT_UNKNOWN, command.alert_id)
    refusal = first_refusal(
        (not alert.blocks, Refusal.ALERT_NOT_BLOCKING),
        (alert.released_at_s is not None, Refusal.ALERT_ALREADY_RELEASED),
        (command.asked_by == command.approved_by, Refusal.ALERT_NEEDS_FOUR_EYES),
    )
    if refusal:
        return refused(command.command_id, refusal, alert.alert_id)
    session.sheet.put(ALERTS, replace(alert, released_at_s=session.now_s))
    approvals = [alert.alert_id, command.asked_by, command.approved_by]
    session.note(command.approved_by, f"release {alert.rule}", alert.receivable_id, approvals)
    return taken(command.command_id, alert.alert_id)
