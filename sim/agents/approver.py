"""The person at the core enterprise who acknowledges debts, in sessions, from a list on a screen.

Decides, never acts: sees one entry, answers whether to sign, leave or refuse it.
"""

from dataclasses import dataclass

from sim.streams import Luck


@dataclass(frozen=True, slots=True)
class Entry:
    """is_matched: the enterprise's own books know the delivery behind the invoice."""

    key: str
    is_matched: bool


@dataclass(frozen=True, slots=True)
class Approver:
    """miss_share: unmatched entries signed unread. insider_share: signed by an accomplice."""

    luck: Luck
    miss_share: float
    insider_share: float

    def signs(self, entry: Entry) -> bool:
        """Matched entries are signed; others only by mistake or by an insider."""
        if entry.is_matched:
            return True
        missed = self.luck.chance("approver_miss", entry.key, share=self.miss_share)
        return missed or self.luck.chance("insider_signs", entry.key, share=self.insider_share)
