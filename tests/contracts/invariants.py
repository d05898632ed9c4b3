"""The money invariants of contracts/README.md, checked on what the chain says."""

from collections.abc import Iterable

from tests.contracts.books import Books, Claim, Lot
from tests.contracts.cast import (
    BANK,
    DEBTOR,
    EXPIRED,
    GROUP,
    GROUP_LINE,
    REGISTERED,
    REJECTED,
    SUPPLIER,
    party_key,
)
from tests.contracts.house import House

UNACCEPTED = (REGISTERED, REJECTED, EXPIRED)
_NO_SELLER = "0x" + "00" * 20


def books_on_chain(house: House, claims: Iterable[bytes], accounts: Iterable[str]) -> Books:
    """Everything that the views say."""
    count = house.view("LotLedger", "lotCount")
    return Books(
        {claim: _claim(house, claim) for claim in claims},
        {number: _lot(house, number) for number in range(1, count + 1)},
        {one: house.view("DepositToken", "balanceOf", one) for one in accounts},
    )


def _claim(house: House, claim: bytes) -> Claim:
    one = house.receivable(claim)
    _, redeemed, credited, _ = house.view("LotLedger", "accountOf", claim)
    face = 0 if one["state"] in UNACCEPTED else one["face"]
    parties = one["debtor"], one["supplier"]
    return Claim(*parties, one["dueAt"], one["state"], face, one["disputed"], redeemed, credited)


def _lot(house: House, number: int) -> Lot:
    one = house.lot(number)
    seller = "" if one["seller"] == _NO_SELLER else one["seller"]
    return Lot(
        one["fingerprint"],
        one["owner"],
        one["value"],
        one["parent"],
        one["tier"],
        one["state"],
        seller,
        one["holdback"],
        one["recourse"],
    )


def check(house: House, books: Books, issued_fen: int) -> None:
    """Raises AssertionError naming what is broken. books: as read from this house."""
    for key, claim in books.claims.items():
        _value_is_conserved(house, books, key, claim)
    for number, lot in books.lots.items():
        _lineage_holds(books, number, lot)
        assert 0 <= lot.holdback <= lot.value, f"lot {number}: holdback above value"
    assert sum(books.cash.values()) == issued_fen, "cash appeared or vanished"
    for holder in ("Settlement", "FinancingDesk", "LotLedger", "Registry"):
        assert house.view("DepositToken", "balanceOf", house.at(holder)) == 0, f"{holder} has cash"
    _usage_is_the_sum_of_financed_lots(house, books)


def _value_is_conserved(house: House, books: Books, key: bytes, claim: Claim) -> None:
    outstanding, redeemed, credited, lots = house.view("LotLedger", "accountOf", key)
    assert outstanding + redeemed + credited == claim.face, "face is not accounted for"
    assert outstanding == books.outstanding(key), "lots do not add up to what is outstanding"
    own = books.lots_of(key)
    assert tuple(own) == house.view("LotLedger", "lotsOf", key), "lots are listed wrongly"
    assert len(own) == lots


def _lineage_holds(books: Books, number: int, lot: Lot) -> None:
    if lot.parent == 0:
        assert lot.tier == 1
        return
    parent = books.lots[lot.parent]
    assert parent.claim == lot.claim, f"lot {number} left its receivable"
    assert lot.tier in (parent.tier, parent.tier + 1), f"lot {number} jumped a tier"


def _usage_is_the_sum_of_financed_lots(house: House, books: Books) -> None:
    for role, kind in (("debtor", DEBTOR), ("seller", SUPPLIER), ("owner", BANK)):
        usage = books.usage(role)
        for account in books.cash:
            used = house.used(kind, party_key(account))
            assert used == usage.get(account, 0), f"usage of {role} {account}"
    assert house.used(GROUP_LINE, GROUP) == sum(books.usage("debtor").values())
