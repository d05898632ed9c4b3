"""A dishonest supplier: sees which of its own claims it could misuse, and picks a scheme.

It decides, never acts. Which schemes succeed depends on the arm alone.
"""

from dataclasses import dataclass
from enum import StrEnum

from sim.streams import Luck


class Scheme(StrEnum):
    """double_*: the same invoice again, at the same bank or at the other one."""

    DOUBLE_SAME = "double_same"
    DOUBLE_OTHER = "double_other"
    FABRICATED = "fabricated"
    ALTERED = "altered"
    SPLIT = "split"
    CIRCULAR = "circular"


@dataclass(frozen=True, slots=True)
class FraudView:
    """pledged, held: how many own claims are financed or applied for, and how many are free."""

    supplier: str
    day: int
    pledged: int
    held: int


def plan(luck: Luck, view: FraudView) -> tuple[Scheme, int] | None:
    """A scheme and the position of the claim that it misuses, or None when it lacks a claim."""
    schemes = tuple(Scheme)
    scheme = schemes[luck.choice_index("scheme", view.supplier, view.day, n=len(schemes))]
    if scheme in (Scheme.DOUBLE_SAME, Scheme.DOUBLE_OTHER):
        available = view.pledged
    else:
        available = view.held if scheme is Scheme.ALTERED else 1
    if available == 0:
        return None
    return scheme, luck.choice_index("victim_claim", view.supplier, view.day, n=available)
