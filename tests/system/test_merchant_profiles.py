"""Personal fields: encrypted at rest, found by blind index, masked wherever they could be seen."""

import traceback

import pytest

from system.adapters.field_cipher import AesGcmCipher
from system.errors import DuplicateRow, InputError, IntegrityError, MissingRow
from system.parties.profiles import (
    MERCHANT_PROFILES,
    Profile,
    SealedProfile,
    accounts_of,
    forget_profile,
    keep_profiles,
    masked,
    profile_of,
    rotate_keys,
)
from system.ports.cipher import FieldCipher
from system.ports.store import Store
from tests.ports.store_box import StoreBox

WANG = Profile(0, "王小明", "11010519491231002X", "13812345678")
LI = Profile(7, "李丽", "440524188001010014", "13987654321")
SECRETS = [WANG.name, WANG.id_number, WANG.phone, LI.name, LI.id_number, LI.phone]


def cipher(*versions: int) -> FieldCipher:
    return AesGcmCipher({version: bytes([version]) * 32 for version in versions}, b"i" * 32)


@pytest.fixture
def store() -> Store:
    store = StoreBox(None).open(MERCHANT_PROFILES)
    with store.transaction() as unit:
        keep_profiles(unit, cipher(1), [WANG, LI])
    return store


def stored(store: Store) -> list[SealedProfile]:
    with store.transaction() as unit:
        return unit.scan(MERCHANT_PROFILES)


def profile(store: Store, account: int, *versions: int) -> Profile | None:
    with store.transaction() as unit:
        return profile_of(unit, cipher(*versions), account)


def test_a_profile_comes_back_and_an_unknown_one_does_not(store: Store) -> None:
    assert profile(store, 0, 1) == WANG
    assert profile(store, 3, 1) is None


def test_nothing_that_is_stored_shows_a_personal_text(store: Store) -> None:
    for row in stored(store):
        for part in (row.name, row.id_number, row.phone, row.id_number_index):
            assert not any(text.encode() in part for text in SECRETS)


def test_no_repr_error_or_traceback_shows_a_personal_text(store: Store) -> None:
    shown = [repr(WANG), str(LI), f"{WANG!s}", repr([WANG]), repr(stored(store))]
    with pytest.raises(InputError) as refused, store.transaction() as unit:
        keep_profiles(unit, cipher(1), [Profile(9, "", WANG.id_number, WANG.phone)])
    with pytest.raises(DuplicateRow) as twice, store.transaction() as unit:
        keep_profiles(unit, cipher(1), [WANG])
    shown += ["".join(traceback.format_exception(e.value)) for e in (refused, twice)]
    parts = [text[at : at + 6] for text in SECRETS for at in range(max(1, len(text) - 5))]
    assert not [(part, one) for part in parts for one in shown if part in one]


@pytest.mark.parametrize(
    ("text", "seen"), [("", "***"), ("王小明", "***"), ("1234567", "***"), ("13812345678", "***78")]
)
def test_a_mask_shows_two_characters_at_most(text: str, seen: str) -> None:
    assert masked(text) == seen


def test_shops_of_one_owner_are_found_without_opening_them(store: Store) -> None:
    with store.transaction() as unit:
        keep_profiles(unit, cipher(1), [Profile(2, "王小明", "110105 19491231 002x", "1")])
        assert accounts_of(unit, cipher(2), WANG.id_number) == [0, 2]
        assert accounts_of(unit, cipher(2), "330102199001011234") == []


def test_a_row_copied_to_another_merchant_does_not_open(store: Store) -> None:
    with store.transaction() as unit:
        (row,) = unit.get(MERCHANT_PROFILES, [(0,)])
        assert row is not None
        moved = SealedProfile(7, row.key_version, row.name, row.id_number, row.phone, b"")
        unit.replace(MERCHANT_PROFILES, [moved])
    with pytest.raises(IntegrityError, match="merchant/7"):
        profile(store, 7, 1)


def test_rotation_seals_all_again_once_and_the_old_key_is_needed_no_more(store: Store) -> None:
    before = stored(store)
    with store.transaction() as unit:
        forget_profile(unit, 7)
        assert rotate_keys(unit, cipher(1, 2)) == 1
        assert rotate_keys(unit, cipher(1, 2)) == 0
    assert profile(store, 0, 2) == WANG
    after = stored(store)
    assert after[0].id_number_index == before[0].id_number_index
    assert after[0].name != before[0].name


def test_a_forgotten_profile_leaves_nothing(store: Store) -> None:
    with store.transaction() as unit:
        forget_profile(unit, 0)
        assert accounts_of(unit, cipher(1), WANG.id_number) == []
    assert profile(store, 0, 1) is None
    assert stored(store)[0] == SealedProfile(0, 0, b"", b"", b"", b"")
    with pytest.raises(MissingRow), store.transaction() as unit:
        forget_profile(unit, 99)


@pytest.mark.parametrize("text", ["", "x" * 1_001])
def test_an_empty_or_endless_text_is_refused_by_name(store: Store, text: str) -> None:
    with pytest.raises(InputError, match="phone"), store.transaction() as unit:
        keep_profiles(unit, cipher(1), [Profile(9, "王", "1", text)])
