"""Approval policy: every check of a financing request, over columns, in order of precedence."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from system.kernels.columns import I64, Mask
from system.limits import TERM_DAYS_MAX, TERM_DAYS_USUAL_MAX, TIER_MAX

# The order of the masks that financing_failures returns.
FINANCING_CHECKS: Final = (
    "SUPPLIER_NOT_VERIFIED",
    "DEBTOR_NOT_VERIFIED",
    "BANK_NOT_VERIFIED",
    "NOT_ACCEPTED",
    "DISPUTED",
    "LOT_NOT_FREE",
    "ALREADY_DUE",
    "TERM_TOO_LONG",
    "TERM_UNUSUAL",
    "TIER_TOO_DEEP",
    "AMOUNT_TOO_SMALL",
    "AMOUNT_TOO_LARGE",
    "VERDICT_NOT_CLEAR",
    "DEBTOR_LIMIT",
    "SUPPLIER_LIMIT",
    "BANK_LIMIT",
    "GROUP_LIMIT",
)


@dataclass(frozen=True, slots=True)
class FinancingColumns:
    """One row per request. Masks are bool (n,); the rest int64 (n,)."""

    supplier_verified: Mask
    debtor_verified: Mask
    bank_verified: Mask
    accepted: Mask
    disputed: Mask
    lot_free: Mask
    days_to_due: I64
    term_days: I64  # issue of the document to due date
    long_term_approved: Mask  # a person allowed a term above the usual six months
    tier: I64
    tier_max: I64  # the bank's own, at most TIER_MAX
    value_fen: I64
    value_fen_min: I64
    value_fen_max: I64
    verdict_clear: Mask
    debtor_room_fen: I64  # limit less live use
    supplier_room_fen: I64
    bank_room_fen: I64
    group_room_fen: I64


def financing_failures(columns: FinancingColumns) -> tuple[Mask, ...]:
    """One bool (n,) per member of FINANCING_CHECKS, true where the check fails.

    Rooms are as they stood before the batch; the rows that pass must still share them
    (reserve_in_order).
    """
    c = columns
    return (
        ~c.supplier_verified,
        ~c.debtor_verified,
        ~c.bank_verified,
        ~c.accepted,
        c.disputed,
        ~c.lot_free,
        c.days_to_due < 1,
        (c.term_days > TERM_DAYS_MAX) | (c.days_to_due > TERM_DAYS_MAX),
        (c.term_days > TERM_DAYS_USUAL_MAX) & ~c.long_term_approved,
        c.tier > np.minimum(c.tier_max, TIER_MAX),
        c.value_fen < c.value_fen_min,
        c.value_fen > c.value_fen_max,
        ~c.verdict_clear,
        c.value_fen > c.debtor_room_fen,
        c.value_fen > c.supplier_room_fen,
        c.value_fen > c.bank_room_fen,
        c.value_fen > c.group_room_fen,
    )


def reserve_in_order(value_fen: I64, subjects: I64, room_fen: I64) -> I64:
    """Let each row in turn take its value from the rooms of all its subjects, or from none.

    value_fen: int64 (n,).  subjects: int64 (k, n), the room that each row uses of each of the k
    kinds, in order of precedence; a row never uses one room twice.  room_fen: int64 (m,).
    Returns int64 (n,): -1 where the row is reserved, else the first kind whose room was short.
    """
    short = np.full(value_fen.shape, -1, dtype=np.int64)
    demand = np.zeros_like(room_fen)
    for kind in subjects:
        np.add.at(demand, kind, value_fen)
    # Only rows on a room that cannot serve everyone can interact; the others all pass.
    contended = np.flatnonzero((demand > room_fen)[subjects].any(axis=0))
    left = room_fen.copy()
    for row in contended.tolist():
        rooms = subjects[:, row]
        lacking = left[rooms] < value_fen[row]
        if lacking.any():
            short[row] = int(lacking.argmax())
        else:
            left[rooms] -= value_fen[row]
    return short
