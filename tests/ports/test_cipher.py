"""The guarantees of the cipher port."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from system.adapters.field_cipher import AesGcmCipher
from system.errors import InputError, IntegrityError
from system.ports.cipher import FieldCipher

KEYS = {1: b"\x01" * 32, 2: b"\x02" * 32}
INDEX = b"\x09" * 32
texts = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=80)


def cipher(*versions: int) -> FieldCipher:
    return AesGcmCipher({version: KEYS[version] for version in versions or (1, 2)}, INDEX)


@given(texts, texts, texts)
def test_a_text_comes_back_for_its_own_record_and_field(record: str, field: str, text: str) -> None:
    sealed = cipher().seal(record, field, text)
    assert cipher().open(record, field, sealed) == text
    assert cipher().seal(record, field, text) == sealed


@given(texts, st.integers(0, 500), st.integers(1, 255))
def test_any_changed_byte_is_noticed(text: str, at: int, flip: int) -> None:
    sealed = bytearray(cipher().seal("r", "f", text))
    sealed[at % len(sealed)] ^= flip
    with pytest.raises((IntegrityError, InputError)):
        cipher().open("r", "f", bytes(sealed))


@pytest.mark.parametrize("sealed", [b"", b"\0\0\0\2", b"\0\0\0\2" + b"x" * 12, b"\0\0\0\2" * 8])
def test_a_stump_is_noticed(sealed: bytes) -> None:
    with pytest.raises((IntegrityError, InputError)):
        cipher().open("r", "f", sealed)


def test_bytes_moved_to_another_record_or_field_do_not_open() -> None:
    sealed = cipher().seal("merchant/1", "phone", "13800000000")
    for record, field in (("merchant/2", "phone"), ("merchant/1", "name")):
        with pytest.raises(IntegrityError, match=field):
            cipher().open(record, field, sealed)


def test_sealed_bytes_show_neither_the_text_nor_its_exact_length() -> None:
    sealed = [cipher().seal("r", "name", text) for text in ("王", "欧阳娜娜", "李小龙")]
    assert len({len(one) for one in sealed}) == 1
    assert len({one[16:] for one in sealed}) == 3
    assert "王".encode() not in sealed[0]


def test_the_newest_key_seals_and_older_ones_still_open() -> None:
    old = cipher(1).seal("r", "f", "text")
    assert cipher(1, 2).key_version == 2
    assert cipher(1, 2).open("r", "f", old) == "text"
    assert cipher(1, 2).seal("r", "f", "text") != old
    with pytest.raises(InputError, match="key_version = 1"):
        cipher(2).open("r", "f", old)


def test_the_blind_index_is_equal_for_equal_texts_whatever_the_key_version() -> None:
    assert cipher(1).blind_index("id", "x") == cipher(2).blind_index("id", "x")
    assert cipher().blind_index("id", "x") != cipher().blind_index("phone", "x")
    other = AesGcmCipher(KEYS, b"\x08" * 32)
    assert other.blind_index("id", "x") != cipher().blind_index("id", "x")


@pytest.mark.parametrize(
    ("keys", "index"),
    [({}, INDEX), ({0: KEYS[1]}, INDEX), ({1: b"short"}, INDEX), ({1: KEYS[1]}, b"short")],
)
def test_unusable_keys_are_refused_without_showing_them(
    keys: dict[int, bytes], index: bytes
) -> None:
    with pytest.raises(InputError) as refused:
        AesGcmCipher(keys, index)
    assert "short" not in str(refused.value)


def test_a_text_with_nul_is_refused_without_showing_it() -> None:
    with pytest.raises(InputError) as refused:
        cipher().seal("r", "phone", "138\x000000")
    assert "138" not in str(refused.value)
