"""What happened. Past tense; alerts' events leave through the outbox, each under an id of its own.

Machines and alerts.
"""

from enum import StrEnum
from typing import Final

# Where the bank's own systems listen, and where machines get their orders.
BANK: Final = "bank/alerts"
MACHINE: Final = "machine/commands"


class AlertEvent(StrEnum):
    """What the bank is told of an alert."""

    RAISED = "raised"
    ACKNOWLEDGED = "acknowledged"
    ESCALATED = "escalated"
    CLEARED = "cleared"
    CORRECTED = "corrected"
    REOPENED = "reopened"  # late readings showed that it was, after all
    ACTED = "acted"
    SETTLED = "settled"  # an action was carried out, or failed
