"""Who may take part: enrolment, KYC expiry, suspension, and the deposits that only they hold."""

import pytest

from system.chain.wallets import OPERATOR
from system.errors import EvmReverted
from tests.contracts.cast import (
    BANK,
    CORRELATION,
    DAY_S,
    DEBTOR,
    DEPOSIT_FEN,
    GROUP,
    KYC_UNTIL_S,
    NOBODY,
    SUPPLIER,
    ZERO,
)
from tests.contracts.house import House, said


def active(house: House, name: str, role: int) -> bool:
    return bool(house.view("Participants", "isActive", house.address(name), role))


def test_an_enrolled_party_is_active_in_its_roles_only(house: House) -> None:
    logs = house.enrol(["both"], SUPPLIER | BANK, group=GROUP)
    assert said(logs, "Participants", "Enrolled") == {
        "account": house.address("both"),
        "group": GROUP,
        "sequence": house.view("Participants", "sequence"),
        "correlationId": CORRELATION,
        "roles": SUPPLIER | BANK,
        "kycExpiresAt": KYC_UNTIL_S,
    }
    held = [active(house, "both", role) for role in (0, SUPPLIER, BANK, SUPPLIER | BANK, DEBTOR)]
    assert held == [True, True, True, True, False]
    assert house.view("Participants", "groupOf", house.address("both")) == GROUP


def test_a_stranger_is_active_in_nothing(house: House) -> None:
    assert not active(house, "stranger", 0)
    assert not house.view("Participants", "isActive", NOBODY, 0)


def test_a_suspended_party_is_inactive_until_it_is_reinstated(house: House) -> None:
    alpha = house.address("alpha")
    logs = house.suspend("alpha")
    assert said(logs, "Participants", "Suspended")["account"] == alpha
    assert not active(house, "alpha", SUPPLIER)
    until_s = house.now_s + DAY_S
    arguments = (alpha, until_s, CORRELATION)
    logs = house.run(OPERATOR, "Participants", "reinstate", *arguments)
    assert said(logs, "Participants", "Reinstated")["kycExpiresAt"] == until_s
    assert active(house, "alpha", SUPPLIER)
    assert house.view("Participants", "participant", alpha) == (ZERO, SUPPLIER, until_s, False)


def test_a_party_falls_inactive_in_the_second_in_which_its_kyc_expires(house: House) -> None:
    alpha, until_s = house.address("alpha"), house.now_s + 10
    house.run(OPERATOR, "Participants", "reinstate", alpha, until_s, CORRELATION)
    house.now_s = until_s - 1
    house.pass_block()
    assert active(house, "alpha", SUPPLIER)
    house.pass_block()
    assert not active(house, "alpha", SUPPLIER)


def test_nobody_is_enrolled_twice(house: House) -> None:
    with house.refuses("Participants", "AlreadyEnrolled", account=house.address("alpha")):
        house.enrol(["new", "alpha"], BANK)
    assert not active(house, "new", BANK)


@pytest.mark.parametrize("roles", [0, 8])
def test_roles_that_do_not_exist_are_refused(house: House, roles: int) -> None:
    account = house.address("new")
    with house.refuses(
        "Participants",
        "InvalidParticipant",
        account=account,
        roles=roles,
        kycExpiresAt=KYC_UNTIL_S,
    ):
        house.enrol(["new"], roles)


def test_the_zero_account_is_never_enrolled(house: House) -> None:
    item = (NOBODY, ZERO, BANK, KYC_UNTIL_S)
    with house.refuses(
        "Participants", "InvalidParticipant", account=NOBODY, roles=BANK, kycExpiresAt=KYC_UNTIL_S
    ):
        house.run(OPERATOR, "Participants", "enrolMany", [item], CORRELATION)


def test_expired_kyc_enrols_and_reinstates_nobody(house: House) -> None:
    new, alpha, now_s = house.address("new"), house.address("alpha"), house.now_s
    values = {"roles": SUPPLIER, "kycExpiresAt": now_s}
    with house.refuses("Participants", "InvalidParticipant", account=new, **values):
        items = [(new, ZERO, SUPPLIER, now_s)]
        house.run(OPERATOR, "Participants", "enrolMany", items, CORRELATION)
    with house.refuses("Participants", "InvalidParticipant", account=alpha, **values):
        house.run(OPERATOR, "Participants", "reinstate", alpha, now_s, CORRELATION)


def test_only_the_enrolled_are_suspended_or_reinstated(house: House) -> None:
    stranger = house.address("stranger")
    with house.refuses("Participants", "NotEnrolled", account=stranger):
        house.suspend("stranger")
    with house.refuses("Participants", "NotEnrolled", account=stranger):
        house.run(OPERATOR, "Participants", "reinstate", stranger, KYC_UNTIL_S, CORRELATION)


def test_the_first_inactive_of_two_is_named(house: House) -> None:
    alpha, core = house.address("alpha"), house.address("core")
    house.view("Participants", "requireActive", alpha, SUPPLIER, core, DEBTOR)
    with house.refuses("Participants", "ParticipantInactive", account=alpha, role=BANK):
        house.view("Participants", "requireActive", alpha, BANK, core, BANK)
    with house.refuses("Participants", "ParticipantInactive", account=core, role=BANK):
        house.view("Participants", "requireActive", alpha, SUPPLIER, core, BANK)


def test_deposits_are_minted_and_burned_by_the_minter(house: House) -> None:
    alpha = house.address("alpha")
    minted = house.run(OPERATOR, "DepositToken", "mintMany", [(alpha, 500)], CORRELATION)
    assert said(minted, "DepositToken", "Minted")["amount"] == 500
    house.run("alpha", "DepositToken", "approve", house.address(OPERATOR), 200)
    burned = house.run(OPERATOR, "DepositToken", "burn", alpha, 200, CORRELATION)
    assert said(burned, "DepositToken", "Burned")["amount"] == 200
    assert house.cash("alpha") == DEPOSIT_FEN + 300
    assert house.view("DepositToken", "decimals") == 2


def test_the_minter_burns_nothing_without_its_owners_allowance(house: House) -> None:
    with pytest.raises(EvmReverted, match="ERC20InsufficientAllowance"):
        house.run(OPERATOR, "DepositToken", "burn", house.address("alpha"), 1, CORRELATION)
    assert house.cash("alpha") == DEPOSIT_FEN


def test_deposits_move_between_active_parties_only(house: House) -> None:
    alpha, beta, stranger = (house.address(name) for name in ("alpha", "beta", "stranger"))
    house.run("alpha", "DepositToken", "transfer", beta, 5)
    assert house.cash("beta") == DEPOSIT_FEN + 5
    with house.refuses("DepositToken", "ParticipantInactive", account=stranger, role=0):
        house.run("alpha", "DepositToken", "transfer", stranger, 5)
    house.suspend("alpha")
    with house.refuses("DepositToken", "ParticipantInactive", account=alpha, role=0):
        house.run("alpha", "DepositToken", "transfer", beta, 5)


def test_cash_that_a_suspended_party_hands_in_is_credited_and_a_strangers_is_not(
    house: House,
) -> None:
    alpha, stranger = house.address("alpha"), house.address("stranger")
    house.suspend("alpha")
    house.run(OPERATOR, "DepositToken", "mintMany", [(alpha, 5)], CORRELATION)
    assert house.cash("alpha") == DEPOSIT_FEN + 5
    with house.refuses("DepositToken", "NotEnrolled", account=stranger):
        house.run(OPERATOR, "DepositToken", "mintMany", [(stranger, 5)], CORRELATION)
