"""What several files of contract tests ask of a house, or do to it."""

from tests.contracts.cast import (
    BANK,
    DEBTOR,
    DEFAULT_AFTER_S,
    DEFAULTED,
    DUE,
    FACE_FEN,
    GROUP,
    GROUP_LINE,
    OVERDUE,
    OVERDUE_AFTER_S,
    SUPPLIER,
    TERM_S,
    WRITTEN_OFF,
)
from tests.contracts.house import House

HOLDBACK_FEN = FACE_FEN * 8 // 100
CLAIM_FEN = FACE_FEN - HOLDBACK_FEN


def account(house: House, claim: bytes) -> tuple[int, int, int]:
    """Outstanding, redeemed, credited."""
    return tuple(house.view("LotLedger", "accountOf", claim)[:3])


def usage(house: House) -> set[int]:
    lines = [(DEBTOR, house.party("core")), (SUPPLIER, house.party("alpha"))]
    lines += [(BANK, house.party("north")), (GROUP_LINE, GROUP)]
    return {house.used(kind, party) for kind, party in lines}


def bring_to(house: House, claim: bytes, target: int) -> None:
    """Lets time pass and marks the receivable until it is in this state."""
    house.wait(TERM_S)
    if target == DUE:
        house.mark("markDueMany", claim)
    if target >= OVERDUE:
        house.wait(OVERDUE_AFTER_S)
        house.mark("markOverdueMany", claim)
    if target in (DEFAULTED, WRITTEN_OFF):
        house.wait(DEFAULT_AFTER_S)
        house.mark("markDefaultMany", claim)
    if target == WRITTEN_OFF:
        house.write_off(claim)


def state(house: House, claim: bytes) -> int:
    """Of a receivable."""
    return int(house.receivable(claim)["state"])
