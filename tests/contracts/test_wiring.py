"""Who may call what: roles, peers that are connected once, and the pause."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from system.chain.deploy import BUILD_FOLDER, HOLDERS
from system.chain.wallets import ADMIN, GUARDIAN
from system.errors import EvmReverted
from system.ports.evm import Address, Call
from tests.contracts.cast import CORRELATION, FACE_FEN, NOBODY, ZERO, fingerprint
from tests.contracts.house import House, said

PLAN = json.loads((BUILD_FOLDER / "deployment.json").read_text(encoding="utf-8"))


def guarded() -> Iterator[tuple[str, str, str]]:
    """Every (role, contract, function) of the deployment plan."""
    by_role = {**PLAN["functions"], "ADMIN": PLAN["admin"]["functions"]}
    for role, contracts in by_role.items():
        for contract, functions in contracts.items():
            yield from ((role, contract, function) for function in functions)


# Bare arguments: the right to call is checked before anything else.
ARGUMENTS: dict[str, tuple[Any, ...]] = {
    "enrolMany": ([], CORRELATION),
    "suspend": (NOBODY, CORRELATION),
    "reinstate": (NOBODY, 0, CORRELATION),
    "registerMany": ([], CORRELATION),
    "markDefaultMany": ([], CORRELATION),
    "writeOff": (ZERO, CORRELATION),
    "pause": (CORRELATION,),
    "unpause": (CORRELATION,),
    "mintMany": ([], CORRELATION),
    "burn": (NOBODY, 0, CORRELATION),
    "setLimitMany": ([], CORRELATION),
}
# These ask for the role only when the caller is not the debtor.
OWN_TESTS = {"resolveDispute", "settleMany"}


@pytest.mark.parametrize(
    ("role", "contract", "function"), [row for row in guarded() if row[2] not in OWN_TESTS]
)
def test_a_guarded_function_is_closed_to_all_but_its_role(
    house: House, role: str, contract: str, function: str
) -> None:
    holder = ADMIN if role == "ADMIN" else HOLDERS[role]
    others = {"core", "alpha", "north", "stranger", ADMIN, *HOLDERS.values()} - {holder}
    for caller in sorted(others):
        with pytest.raises(EvmReverted, match=r"AccessManaged(Unauthorized|RequiredDelay)"):
            house.run(caller, contract, function, *ARGUMENTS[function])


def test_the_administrator_acts_only_after_its_delay(house: House) -> None:
    house.run(GUARDIAN, "Registry", "pause", CORRELATION)
    with pytest.raises(EvmReverted, match="AccessManagerNotScheduled"):
        house.run(ADMIN, "Registry", "unpause", CORRELATION)
    logs = house.as_admin("Registry", "unpause", CORRELATION)
    assert said(logs, "Registry", "PauseChanged")["paused"] is False
    assert not house.view("Registry", "paused")


def test_the_deployer_keeps_no_right(house: House) -> None:
    with pytest.raises(EvmReverted, match="AccessManagerUnauthorizedAccount"):
        house.run("deployer", "AccessManager", "grantRole", 1, house.address("deployer"), 0)


def test_a_peers_functions_are_closed_to_everyone_else(house: House) -> None:
    claim, lot = house.claim()
    operator = {"caller": house.address("operator")}
    with house.refuses("Registry", "NotPeer", **operator):
        house.run("operator", "Registry", "advance", claim, 8)
    with house.refuses("FinancingDesk", "NotPeer", **operator):
        house.run("operator", "FinancingDesk", "release", house.address("core"), [])
    account = house.address("alpha")
    for function, arguments in {
        "mintRoot": (fingerprint("other"), account, 5),
        "lock": (lot, account),
        "unlock": (lot,),
        "finance": (lot, account, house.address("north"), FACE_FEN, 0, False),
        "redeem": (claim, 1),
        "cut": (claim, lot, account, 1),
        "putBack": (lot,),
    }.items():
        with house.refuses("LotLedger", "NotPeer", **operator):
            house.run("operator", "LotLedger", function, *arguments)


def test_peers_are_connected_once(house: House) -> None:
    new = house.address("alpha")
    with house.refuses("Registry", "AlreadyConnected"):
        house.as_admin("Registry", "connect", new, new)
    with house.refuses("LotLedger", "AlreadyConnected"):
        house.as_admin("LotLedger", "connect", new, new)
    with house.refuses("FinancingDesk", "AlreadyConnected"):
        house.as_admin("FinancingDesk", "connect", new)
    with house.refuses("DepositToken", "AlreadyConnected"):
        house.as_admin("DepositToken", "connect", new, new)


def unconnected(house: House, contract: str, *arguments: Any) -> Address:
    """A second, bare copy of a contract under an access manager of alpha's."""
    alpha = house.address("alpha")
    manager = deployed(house, "AccessManager", alpha)
    return deployed(house, contract, manager, *arguments)


def deployed(house: House, contract: str, *arguments: Any) -> Address:
    abi = house.abis[contract]
    data = abi.bytecode + abi.constructor.encode(arguments)
    house.transact(contract, Call(house.address("alpha"), None, data, 10_000_000))
    assert house.receipt is not None
    assert house.receipt.contract_address is not None
    return house.receipt.contract_address


def connect(house: House, contract: str, address: Address, *peers: Address) -> None:
    data = house.abis[contract].encode("connect", *peers)
    house.transact(contract, Call(house.address("alpha"), address, data, 1_000_000))


def test_no_peer_is_the_zero_account(house: House) -> None:
    some = house.address("beta")
    parties, registry, lots = (house.at(name) for name in ("Participants", "Registry", "LotLedger"))
    token = house.at("DepositToken")
    bare = unconnected(house, "Registry", parties, b"CNY")
    for peers in ((NOBODY, some), (some, NOBODY)):
        with house.refuses("Registry", "ZeroPeer"):
            connect(house, "Registry", bare, *peers)
    bare = unconnected(house, "LotLedger", parties, registry)
    for peers in ((NOBODY, some), (some, NOBODY)):
        with house.refuses("LotLedger", "ZeroPeer"):
            connect(house, "LotLedger", bare, *peers)
    bare = unconnected(house, "DepositToken", parties)
    for peers in ((NOBODY, some), (some, NOBODY)):
        with house.refuses("DepositToken", "ZeroPeer"):
            connect(house, "DepositToken", bare, *peers)
    bare = unconnected(house, "FinancingDesk", parties, registry, lots, token)
    with house.refuses("FinancingDesk", "ZeroPeer"):
        connect(house, "FinancingDesk", bare, NOBODY)


def test_a_pause_stops_every_kind_of_new_risk(house: House) -> None:
    _claim, lot = house.claim()
    waiting = house.register("waiting")
    sale = house.disbursement(house.quote(lot))
    logs = house.run(GUARDIAN, "Registry", "pause", CORRELATION)
    assert said(logs, "Registry", "PauseChanged")["paused"] is True
    for new_risk in (
        lambda: house.register("new"),
        lambda: house.accept(waiting),
        lambda: house.split(lot, [1]),
        lambda: house.endorse(lot, "beta", 1),
        lambda: house.lock(lot),
        lambda: house.disburse(*sale),
    ):
        with house.refuses("Registry", "Paused"):
            new_risk()
    assert house.lot(lot)["owner"] == house.address("alpha")


def test_a_pause_never_stops_payment_recourse_or_release(house: House) -> None:
    claim, root = house.claim()
    sold, locked = house.split(root, [300_000, 200_000])
    house.finance(sold)
    house.lock(locked)
    house.run(GUARDIAN, "Registry", "pause", CORRELATION)
    house.run("north", "FinancingDesk", "unlock", locked, CORRELATION)
    house.pay(claim, 100_000)
    house.dispute(claim)
    house.recourse(sold)
    house.credit(claim, [root], [1_000], by="alpha")
    house.pay(claim, FACE_FEN - 101_000)
    assert house.view("LotLedger", "accountOf", claim) == (0, FACE_FEN - 1_000, 1_000, 3)
