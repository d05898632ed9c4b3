"""Lots: splitting and endorsing with lineage, and the approvals that do not exist."""

from itertools import pairwise

import pytest

from system.chain.abi import selector
from system.limits import TIER_MAX
from tests.contracts.cast import (
    BANK,
    CORRELATION,
    FACE_FEN,
    FINANCED,
    FREE,
    LOTS_MAX,
    NOBODY,
    SPENT,
    SUPPLIER,
)
from tests.contracts.house import House, said


def test_a_split_shares_value_out_and_the_parent_keeps_the_rest(house: House) -> None:
    claim, root = house.claim()
    values = [100_000, 250_000]
    logs = house.run("alpha", "LotLedger", "split", root, values, CORRELATION)
    children = [root + 1, root + 2]
    assert said(logs, "LotLedger", "Split") == {
        "fingerprint": claim,
        "lot": root,
        "sequence": house.view("LotLedger", "sequence"),
        "correlationId": CORRELATION,
        "owner": house.address("alpha"),
        "tier": 1,
        "children": tuple(children),
        "values": tuple(values),
    }
    assert [house.lot(lot)["value"] for lot in (root, *children)] == [650_000, *values]
    for child in children:
        assert house.lot(child) == {
            "fingerprint": claim,
            "owner": house.address("alpha"),
            "value": house.view("LotLedger", "balanceOf", child),
            "parent": root,
            "tier": 1,
            "state": FREE,
            "endorser": NOBODY,
            "seller": NOBODY,
            "holdback": 0,
            "recourse": False,
        }
    assert house.view("LotLedger", "lotsOf", claim) == (root, *children)
    assert house.view("LotLedger", "accountOf", claim) == (FACE_FEN, 0, 0, 3)


def test_lots_read_as_erc_3525(house: House) -> None:
    claim, root = house.claim()
    assert house.view("LotLedger", "balanceOf", root) == FACE_FEN
    assert house.view("LotLedger", "slotOf", root) == int.from_bytes(claim)
    assert house.view("LotLedger", "ownerOf", root) == house.address("alpha")
    assert house.view("LotLedger", "valueDecimals") == 2


@pytest.mark.parametrize(
    "values", [[], [0], [FACE_FEN], [1, 0], [FACE_FEN - 1, 1], [2**128 - 1] * 3]
)
def test_a_split_that_leaves_the_parent_nothing_is_refused(house: House, values: list[int]) -> None:
    _, root = house.claim()
    asked = 0 if 0 in values else sum(values)
    with house.refuses("LotLedger", "InvalidSplit", lot=root, value=FACE_FEN, asked=asked):
        house.split(root, values)


def test_an_endorsement_hands_value_one_tier_down(house: House) -> None:
    claim, root = house.claim()
    beta = house.address("beta")
    logs = house.run("alpha", "LotLedger", "endorse", root, beta, 400_000, CORRELATION)
    child = root + 1
    assert said(logs, "LotLedger", "Endorsed") == {
        "fingerprint": claim,
        "lot": root,
        "sequence": house.view("LotLedger", "sequence"),
        "correlationId": CORRELATION,
        "child": child,
        "from": house.address("alpha"),
        "to": beta,
        "value": 400_000,
        "tier": 2,
    }
    lot = house.lot(child)
    assert (lot["owner"], lot["value"], lot["tier"], lot["parent"]) == (beta, 400_000, 2, root)
    assert lot["endorser"] == house.address("alpha")
    assert (house.lot(root)["value"], house.lot(root)["state"]) == (600_000, FREE)


def test_a_lot_endorsed_away_whole_is_spent(house: House) -> None:
    _, root = house.claim()
    house.endorse(root, "beta", FACE_FEN)
    assert (house.lot(root)["value"], house.lot(root)["state"]) == (0, SPENT)
    with house.refuses("LotLedger", "WrongLotState", lot=root, state=SPENT):
        house.split(root, [1])
    with house.refuses("LotLedger", "WrongLotState", lot=root, state=SPENT):
        house.endorse(root, "beta", 1)


def test_the_endorser_stays_known_through_splits_and_sales(house: House) -> None:
    _, root = house.claim()
    second = house.endorse(root, "beta", 500_000)
    [part] = house.split(second, [200_000], by="beta")
    third = house.endorse(part, "gamma", 100_000, by="beta")
    house.finance(part, by="beta")
    endorsers = [house.lot(lot)["endorser"] for lot in (root, second, part, third)]
    alpha, beta = house.address("alpha"), house.address("beta")
    assert endorsers == [NOBODY, alpha, alpha, beta]


@pytest.mark.parametrize("value", [0, FACE_FEN + 1])
def test_an_endorsement_of_nothing_or_too_much_is_refused(house: House, value: int) -> None:
    _, root = house.claim()
    with house.refuses("LotLedger", "InvalidSplit", lot=root, value=FACE_FEN, asked=value):
        house.endorse(root, "beta", value)


def test_a_lot_is_endorsed_neither_to_its_holder_nor_to_the_debtor(house: House) -> None:
    _claim, root = house.claim()
    for to in ("alpha", "core"):
        with house.refuses("LotLedger", "InvalidEndorsee", lot=root, to=house.address(to)):
            house.endorse(root, to, 1)


def test_both_sides_of_an_endorsement_are_active_suppliers(house: House) -> None:
    _, root = house.claim()
    north, beta = house.address("north"), house.address("beta")
    with house.refuses("Participants", "ParticipantInactive", account=north, role=SUPPLIER):
        house.endorse(root, "north", 1)
    house.suspend("beta")
    with house.refuses("Participants", "ParticipantInactive", account=beta, role=SUPPLIER):
        house.endorse(root, "beta", 1)
    house.suspend("alpha")
    alpha = house.address("alpha")
    with house.refuses("Participants", "ParticipantInactive", account=alpha, role=SUPPLIER):
        house.endorse(root, "gamma", 1)


def test_endorsement_ends_at_the_deepest_tier(house: House) -> None:
    _, lot = house.claim()
    holders = ["alpha", "beta"] * (TIER_MAX // 2)
    for by, to in pairwise(holders):
        lot = house.endorse(lot, to, FACE_FEN, by=by)
    assert house.lot(lot)["tier"] == TIER_MAX == house.view("LotLedger", "TIER_MAX")
    with house.refuses("LotLedger", "TierTooDeep", lot=lot, tier=TIER_MAX + 1):
        house.endorse(lot, "gamma", 1, by=holders[-1])


def test_a_receivable_has_a_bounded_number_of_lots(house: House) -> None:
    claim, root = house.claim()
    house.split(root, [1] * (LOTS_MAX - 1))
    with house.refuses("LotLedger", "TooManyLots", fingerprint=claim, count=LOTS_MAX + 1):
        house.split(root, [1])
    with house.refuses("LotLedger", "TooManyLots", fingerprint=claim, count=LOTS_MAX + 1):
        house.endorse(root, "beta", 1)


@pytest.mark.parametrize("by", ["beta", "core", "north", "operator"])
def test_only_the_holder_moves_a_lot(house: House, by: str) -> None:
    _, root = house.claim()
    caller, holder = house.address(by), house.address("alpha")
    with house.refuses("LotLedger", "NotHolder", lot=root, caller=caller, holder=holder):
        house.split(root, [1], by=by)
    with house.refuses("LotLedger", "NotHolder", lot=root, caller=caller, holder=holder):
        house.endorse(root, "gamma", 1, by=by)


def test_only_the_holder_locks_a_lot(house: House) -> None:
    _, root = house.claim()
    beta, alpha = house.address("beta"), house.address("alpha")
    with house.refuses("LotLedger", "NotHolder", lot=root, caller=beta, holder=alpha):
        house.lock(root, by="beta")


def test_a_lot_that_does_not_exist_is_unknown_to_every_function(house: House) -> None:
    house.claim()
    for lot in (0, 99):
        with house.refuses("LotLedger", "UnknownLot", lot=lot):
            house.split(lot, [1])
        with house.refuses("LotLedger", "UnknownLot", lot=lot):
            house.lot(lot)
        with house.refuses("LotLedger", "UnknownLot", lot=lot):
            house.view("LotLedger", "ownerOf", lot)


def test_a_financed_lot_is_neither_split_nor_endorsed(house: House) -> None:
    _, root = house.claim()
    house.finance(root)
    with house.refuses("LotLedger", "WrongLotState", lot=root, state=FINANCED):
        house.split(root, [1], by="north")
    with house.refuses("LotLedger", "WrongLotState", lot=root, state=FINANCED):
        house.endorse(root, "beta", 1, by="north")


def test_lineages_stay_apart_for_one_holder(house: House) -> None:
    """Two lots of one receivable and holder, one by endorsement and one by split, never merge."""
    _, root = house.claim()
    down = house.endorse(root, "beta", 100_000)
    back = house.endorse(down, "alpha", 100_000, by="beta")
    [part] = house.split(root, [100_000])
    assert house.lot(back)["owner"] == house.lot(part)["owner"] == house.address("alpha")
    assert (house.lot(back)["tier"], house.lot(part)["tier"]) == (3, 1)
    assert house.lot(back)["endorser"] == house.address("beta")
    assert [house.lot(lot)["value"] for lot in (root, back, part)] == [800_000, 100_000, 100_000]


def test_lots_of_two_receivables_walk_apart(house: House) -> None:
    (first, root), (second, other) = house.claim("first"), house.claim("second")
    child = house.split(root, [5])[0]
    stray = house.split(other, [7])[0]
    assert house.view("LotLedger", "lotsOf", first) == (root, child)
    assert house.view("LotLedger", "lotsOf", second) == (other, stray)


def test_nobody_can_be_approved_over_anothers_lot(house: House) -> None:
    _, root = house.claim()
    beta = house.address("beta")
    lots = house.abis["LotLedger"]
    for kinds, values in (
        (("uint256", "address", "uint256"), (root, beta, 1)),
        (("address", "uint256"), (beta, root)),
    ):
        inputs = [{"type": kind} for kind in kinds]
        head = selector({"name": "approve", "inputs": inputs})
        words = b"".join(_word(value) for value in values)
        with house.refuses("LotLedger", "ApprovalsDisabled"):
            house.run_data("alpha", "LotLedger", head + words)
    with house.refuses("LotLedger", "ApprovalsDisabled"):
        house.run_data("alpha", "LotLedger", lots.encode("setApprovalForAll", beta, True))


def _word(value: int | str) -> bytes:
    return (int(value, 16) if isinstance(value, str) else value).to_bytes(32)


def test_a_bank_that_also_supplies_cannot_buy_from_itself(house: House) -> None:
    house.enrol(["both"], SUPPLIER | BANK)
    both = house.address("both")
    _, root = house.claim(supplier=both)
    with house.refuses("LotLedger", "InvalidEndorsee", lot=root, to=both):
        house.finance(root, by="both", bank="both")
