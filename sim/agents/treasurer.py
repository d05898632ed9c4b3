"""The supplier's treasurer: sees its own books, decides for which claims to seek cash.

It never acts: a view goes in, the positions of the chosen claims come out.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Offer:
    """A claim that could be turned into cash. cash_fen: expected advance."""

    value_fen: int
    cash_fen: int
    days_left: int
    apr_ppm: int


@dataclass(frozen=True, slots=True)
class Books:
    """Money in fen over the planning horizon. inflow_fen: expected from claims and applications."""

    cash_fen: int
    inflow_fen: int
    outflow_fen: int
    buffer_fen: int
    overdraft_limit_fen: int
    overdraft_rate_ppm: int

    @property
    def short_fen(self) -> int:
        """What is missing to keep the buffer without touching the overdraft."""
        return self.buffer_fen + self.outflow_fen - self.cash_fen - self.inflow_fen


def choose(books: Books, offers: Sequence[Offer]) -> list[int]:
    """Positions of the offers to take up, cheapest first, until the shortage is covered.

    An offer dearer than the overdraft is used only for what the overdraft cannot carry.
    """
    short_fen = books.short_fen
    chosen = []
    for position in sorted(range(len(offers)), key=lambda at: _preference(offers, at)):
        offer = offers[position]
        is_cheap = offer.apr_ppm < books.overdraft_rate_ppm
        if short_fen > (0 if is_cheap else books.overdraft_limit_fen):
            chosen.append(position)
            short_fen -= offer.cash_fen
    return chosen


def _preference(offers: Sequence[Offer], position: int) -> tuple[int, int, int]:
    """Cheap before dear, then large before small (fewer papers), then the books' order."""
    offer = offers[position]
    return offer.apr_ppm, -offer.value_fen, position
