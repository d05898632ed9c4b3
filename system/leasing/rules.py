"""Why the leasing product refuses, in precedence order: the lowest number that applies is given.

Alerts and actions: below 100.
"""

from collections.abc import Sequence
from enum import IntEnum


class Refusal(IntEnum):
    NONE = 0
    COMMAND_ID_REUSED = 1  # the same command id came before with other content
    ALERT_UNKNOWN = 10
    ALERT_CLOSED = 11  # cleared or corrected
    ALERT_TAKEN = 12  # acknowledged before
    ALERT_ALREADY_ESCALATED = 13
    NEEDS_FOUR_EYES = 20  # from LIMIT_CUT on: maker and checker are two people
    ACTION_UNKNOWN = 21
    ACTION_SETTLED = 22
    ALREADY_IMMOBILISED = 23  # or ordered to be
    NOT_IMMOBILISED = 24  # nothing to release
    SETTLED_BY_MACHINE = 25  # a machine's order is settled by the machine
    NOT_LEASED = 26  # nobody has the machine, so no limit can be cut


def first_refusal(*checks: tuple[bool, Refusal]) -> Refusal:
    """The first whose check failed (True), or NONE."""
    codes = [int(refusal) for _, refusal in checks]
    assert codes == sorted(codes), "checks must follow precedence"
    return next((refusal for failed, refusal in checks if failed), Refusal.NONE)


def as_codes(refusals: Sequence[Refusal]) -> str:
    """What the idempotency table keeps of one answer."""
    return ",".join(str(int(refusal)) for refusal in refusals)


def from_codes(text: str) -> list[Refusal]:
    """The stored answer again."""
    return [Refusal(int(code)) for code in text.split(",")] if text else []
