from collections.abc import Iterator

import pytest

from system.adapters.memory_store import MemoryStore
from system.errors import DuplicateRow, InputError, MissingRow
from system.parties import service
from system.parties.records import (
    PARTIES_TABLES,
    KycChange,
    KycRefusal,
    KycState,
    KycStep,
    Party,
    Role,
)
from system.parties.rules import STEPS
from system.ports.store import Unit

NOW_S = 1_767_225_600
LATER_S = NOW_S + 1_000


@pytest.fixture
def unit() -> Iterator[Unit]:
    with MemoryStore(PARTIES_TABLES).transaction() as unit:
        service.enrol(
            unit,
            [
                Party("mill", "Mill", Role.SUPPLIER, "steel", "0x01"),
                Party("yard", "Yard", Role.DEBTOR | Role.SUPPLIER, "steel"),
                Party("bank", "Bank", Role.BANK),
            ],
        )
        yield unit


def step(unit: Unit, kind: KycStep, expires_at_s: int | None = None) -> KycRefusal | None:
    return service.change_kyc(unit, [KycChange("mill", kind, expires_at_s)], NOW_S)[0]


def verify(unit: Unit, *party_ids: str) -> None:
    changes = [KycChange(p, KycStep.SUBMIT) for p in party_ids]
    changes += [KycChange(p, KycStep.APPROVE, LATER_S) for p in party_ids]
    assert service.change_kyc(unit, changes, NOW_S) == [None] * len(changes)


def mill(unit: Unit) -> Party:
    (party,) = service.parties(unit, ["mill"])
    assert party is not None
    return party


PATHS: dict[KycState, list[tuple[KycStep, int | None]]] = {
    "unknown": [],
    "pending": [(KycStep.SUBMIT, None)],
    "verified": [(KycStep.SUBMIT, None), (KycStep.APPROVE, NOW_S + 1)],
    "suspended": [(KycStep.SUBMIT, None), (KycStep.SUSPEND, None)],
}


@pytest.mark.parametrize("state", [*PATHS, "expired"])
@pytest.mark.parametrize("kind", list(KycStep))
def test_only_the_listed_steps_are_possible(unit: Unit, state: KycState, kind: KycStep) -> None:
    for path_kind, expires_at_s in PATHS["verified" if state == "expired" else state]:
        assert step(unit, path_kind, expires_at_s) is None
    if state == "expired":
        assert service.expire_kyc(unit, NOW_S + 1) == ["mill"]
    assert mill(unit).kyc_state == state
    expires_at_s = LATER_S if kind in (KycStep.APPROVE, KycStep.REINSTATE) else None
    (refusal,) = service.change_kyc(unit, [KycChange("mill", kind, expires_at_s)], NOW_S + 1)
    if (state, kind) in STEPS:
        assert (refusal, mill(unit).kyc_state) == (None, STEPS[state, kind])
    else:
        assert (refusal, mill(unit).kyc_state) == (KycRefusal.STEP_NOT_ALLOWED, state)


def test_each_refusal_is_reached(unit: Unit) -> None:
    verify(unit, "mill")
    unknown = service.change_kyc(unit, [KycChange("nobody", KycStep.SUBMIT)], NOW_S)
    assert unknown == [KycRefusal.PARTY_UNKNOWN]
    assert step(unit, KycStep.SUBMIT) == KycRefusal.STEP_NOT_ALLOWED
    assert step(unit, KycStep.SUSPEND, LATER_S) == KycRefusal.EXPIRY_NOT_EXPECTED
    assert step(unit, KycStep.APPROVE, NOW_S) == KycRefusal.EXPIRY_NOT_AHEAD
    assert step(unit, KycStep.APPROVE) == KycRefusal.EXPIRY_NOT_AHEAD
    assert step(unit, KycStep.EXPIRE) == KycRefusal.NOT_YET_EXPIRED


def test_a_party_may_act_in_its_roles_while_its_verification_lasts(unit: Unit) -> None:
    verify(unit, "mill", "yard")
    everyone = ["mill", "yard", "bank", "nobody"]
    assert service.may_act(unit, everyone, Role.SUPPLIER, NOW_S) == [True, True, False, False]
    assert service.may_act(unit, everyone, Role.DEBTOR, NOW_S) == [False, True, False, False]
    assert service.may_act(unit, everyone, Role.SUPPLIER, LATER_S) == [False] * 4


def test_verification_expires_for_those_whose_time_has_come(unit: Unit) -> None:
    verify(unit, "mill", "yard")
    assert service.expire_kyc(unit, LATER_S - 1) == []
    assert service.expire_kyc(unit, LATER_S) == ["mill", "yard"]
    assert service.expire_kyc(unit, LATER_S) == []


def test_exposure_is_summed_by_group_and_loners_stand_for_themselves(unit: Unit) -> None:
    exposure_fen = {"yard": 5, "bank": 1, "mill": 2}
    assert service.exposure_by_group(unit, exposure_fen) == {"bank": 1, "steel": 7}
    service.assign_group(unit, None, ["mill"])
    assert service.exposure_by_group(unit, exposure_fen) == {"bank": 1, "mill": 2, "steel": 5}
    assert [p.party_id for p in service.members(unit, "steel")] == ["yard"]
    with pytest.raises(MissingRow):
        service.exposure_by_group(unit, {"nobody": 1})
    with pytest.raises(MissingRow):
        service.assign_group(unit, "steel", ["mill", "nobody"])


def test_enrolment_refuses_what_it_cannot_know(unit: Unit) -> None:
    with pytest.raises(InputError, match="roles"):
        service.enrol(unit, [Party("x", "X", 8)])
    with pytest.raises(InputError, match="kyc_state"):
        service.enrol(unit, [Party("x", "X", 1, kyc_state="verified")])
    with pytest.raises(DuplicateRow):
        service.enrol(unit, [Party("mill", "X", 1)])
    with pytest.raises(DuplicateRow):
        service.enrol(unit, [Party("x", "X", 1, address="0x01")])
