"""The guardian's key stops new risk in the contracts, on the word of two officers."""

from collections.abc import Sequence

from system.chain.commands import PauseNewRisk
from system.chain.outcome import Outcome, taken
from system.chain.session import Session
from system.chain.wallets import GUARDIAN


def pause(session: Session, batch: Sequence[PauseNewRisk]) -> list[Outcome]:
    """Stop new risk. The reference is the command."""
    return [_pause_one(session, command) for command in batch]


def _pause_one(session: Session, command: PauseNewRisk) -> Outcome:
    session.queue.add("pause", GUARDIAN, command.command_id, command.command_id)
    session.note(command.asked_by, "pause", command.approved_by, command.reason)
    return taken(command.command_id, command.command_id)
