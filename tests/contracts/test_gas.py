"""Gas of each operation on the chain that is authoritative for it, against a committed snapshot.

A difference is a fact to look at: SHAPAN_UPDATE_GAS=1 writes the new figures to gas.json.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path

from system.chain.wallets import OPERATOR
from tests.contracts.cast import (
    CORRELATION,
    DEFAULT_AFTER_S,
    FACE_FEN,
    OVERDUE_AFTER_S,
    SUPPLIER,
    TERM_S,
)
from tests.contracts.house import House

SNAPSHOT = Path(__file__).with_name("gas.json")
MANY = 10


def measured() -> dict[str, int]:
    """Gas units by operation, each on a house whose accounts are already in use."""
    house = House("embedded")
    house.claim("first of all")
    found = {}
    for name in _life(house):
        assert house.receipt is not None
        found[name] = house.receipt.gas_used
    return found


def _life(house: House) -> Iterator[str]:
    """Does one operation, then names it."""
    house.enrol([f"party {i}" for i in range(MANY)], SUPPLIER)
    yield "enrol 10"
    yield from _one_receivable(house)
    yield from _ten_receivables(house)
    yield from _recourse_and_write_off(house)


def _one_receivable(house: House) -> Iterator[str]:
    claim = house.register()
    yield "register 1"
    house.accept(claim)
    yield "accept 1"
    root = house.view("LotLedger", "lotCount")
    sold, rest = house.split(root, [300_000, 200_000])
    yield "split into 3"
    down = house.endorse(root, "beta", 100_000)
    yield "endorse"
    house.lock(rest)
    yield "lock"
    house.run("north", "FinancingDesk", "unlock", rest, CORRELATION)
    yield "unlock"
    house.finance(sold)
    yield "disburse"
    house.dispute(claim)
    yield "dispute"
    house.resolve(claim)
    yield "resolve a dispute"
    house.credit(claim, [down], [1], by="beta")
    yield "credit note on 1 lot"
    house.wait(TERM_S)
    house.mark("markDueMany", claim)
    yield "mark due 1"
    house.pay(claim, 500_000)
    yield "pay a part, 4 lots"
    house.pay(claim, FACE_FEN - 500_001)
    yield "pay the rest, 4 lots"


def _ten_receivables(house: House) -> Iterator[str]:
    names = [f"of many {i}" for i in range(MANY)]
    items = [house.registration(name) for name in names]
    house.run(OPERATOR, "Registry", "registerMany", items, CORRELATION)
    yield "register 10"
    claims = [item[0] for item in items]
    acceptances = [house.acceptance(claim) for claim in claims]
    house.run("relay", "Registry", "acceptMany", acceptances, CORRELATION)
    yield "accept 10"
    count = house.view("LotLedger", "lotCount")
    lots = range(count - MANY + 1, count + 1)
    sales = [house.disbursement(house.quote(lot)) for lot in lots]
    house.run("alpha", "FinancingDesk", "disburseMany", sales, CORRELATION)
    yield "disburse 10"
    payments = [(claim, FACE_FEN, house.fresh().to_bytes(32)) for claim in claims]
    house.run("core", "Settlement", "settleMany", payments, CORRELATION)
    yield "pay 10 financed"


def _recourse_and_write_off(house: House) -> Iterator[str]:
    claim, root = house.claim("bad")
    [other] = house.split(root, [400_000])
    house.finance(root)
    house.finance(other)
    house.wait(TERM_S + OVERDUE_AFTER_S)
    house.mark("markOverdueMany", claim)
    yield "mark overdue 1"
    house.recourse(root)
    yield "recourse"
    house.wait(DEFAULT_AFTER_S)
    house.mark("markDefaultMany", claim)
    yield "mark default 1"
    house.write_off(claim)
    yield "write off, 2 lots"
    house.pay(claim, 500_000)
    yield "recover, 2 lots"


def test_gas_is_what_it_was() -> None:
    found = measured()
    if os.environ.get("SHAPAN_UPDATE_GAS"):
        SNAPSHOT.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    expected = json.loads(SNAPSHOT.read_text(encoding="utf-8"))
    changed = {
        name: (expected.get(name), found.get(name))
        for name in {**expected, **found}
        if expected.get(name) != found.get(name)
    }
    assert not changed, f"(was, is) gas: {changed}; if intended, run with SHAPAN_UPDATE_GAS=1"


def test_no_operation_comes_near_a_block_of_thirty_million_gas() -> None:
    largest = max(json.loads(SNAPSHOT.read_text(encoding="utf-8")).values())
    assert largest < 5_000_000
