"""Fingerprints: the same claim always collides, different claims never do by accident."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from system.chain.fingerprint import fingerprint, loose_fingerprint
from system.errors import InputError

KEY = b"a key that the banks share, here!"
SELLER, DEBTOR = "91350200SAMPLE001X", "91310000SAMPLE002Y"
numbers = st.from_regex(r"[A-Z]{1,3}[0-9]{1,8}[A-Z]?", fullmatch=True)


def of(number: str, seller: str = SELLER, debtor: str = DEBTOR, currency: str = "CNY") -> bytes:
    return fingerprint(KEY, seller, debtor, number, currency)


@st.composite
def disguised(draw: st.DrawFn, text: str) -> str:
    """The same characters with other case, width, spacing and punctuation."""
    noise = st.text("-/_.# \t\u200b\u3000·—（）", max_size=3)
    wide = draw(st.booleans())
    out = draw(noise)
    for c in text:
        c = draw(st.sampled_from([c.lower(), c.upper()]))
        out += (chr(ord(c) + 0xFEE0) if wide and c.isascii() else c) + draw(noise)
    return out


@given(numbers, st.data())
def test_case_width_spacing_and_punctuation_do_not_make_a_new_claim(
    number: str, data: st.DataObject
) -> None:
    copy = of(
        data.draw(disguised(number)),
        data.draw(disguised(SELLER)),
        data.draw(disguised(DEBTOR)),
        data.draw(disguised("CNY")),
    )
    assert copy == of(number)


@given(st.lists(numbers, min_size=2, max_size=2))
def test_numbers_that_differ_by_more_than_writing_stay_apart(pair: list[str]) -> None:
    def unpadded(number: str) -> str:
        letters = number.rstrip("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")
        assert letters == ""
        head = number.rstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ") or number
        prefix = head.rstrip("0123456789")
        return prefix + str(int(head[len(prefix) :] or 0)) + number[len(head) :]

    assert (of(pair[0]) == of(pair[1])) == (unpadded(pair[0]) == unpadded(pair[1]))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("INV-0012", "inv12"),
        ("0012", "12"),
        ("2024-0012", "20240012"),
        ("发票０１２", "发票12"),
        ("INV-١٢", "INV-12"),
        ("0", "000"),
    ],
)
def test_spellings_that_are_the_same_number(one: str, other: str) -> None:
    assert of(one) == of(other)


@pytest.mark.parametrize(("one", "other"), [("2024-0012", "2024-12"), ("INV-10", "INV-1")])
def test_spellings_that_are_different_numbers(one: str, other: str) -> None:
    assert of(one) != of(other)


def test_each_part_and_the_key_count() -> None:
    prints = {
        of("A1"),
        of("A2"),
        of("A1", seller="S2"),
        of("A1", debtor="D2"),
        of("A1", currency="USD"),
        of("A1", seller=DEBTOR, debtor=SELLER),
        fingerprint(KEY[::-1], SELLER, DEBTOR, "A1", "CNY"),
        loose_fingerprint(KEY, SELLER, DEBTOR, "A1", "CNY"),
    }
    assert len(prints) == 8
    assert {len(p) for p in prints} == {32}


def test_text_cannot_move_from_one_part_to_the_next() -> None:
    assert fingerprint(KEY, "AB", "C", "1", "CNY") != fingerprint(KEY, "A", "BC", "1", "CNY")


def test_look_alike_letters_of_another_script_are_refused() -> None:
    with pytest.raises(InputError, match="Latin or Chinese"):
        of("IN" + unicodedata.lookup("CYRILLIC CAPITAL LETTER VE") + "-12")


def test_a_number_without_letters_or_digits_is_refused() -> None:
    with pytest.raises(InputError, match="invoice_number"):
        of(" -- ")


def test_a_short_key_is_a_bug() -> None:
    with pytest.raises(AssertionError):
        fingerprint(b"short", SELLER, DEBTOR, "1", "CNY")


def test_the_loose_fingerprint_sees_through_an_edited_prefix() -> None:
    def loose(number: str) -> bytes:
        return loose_fingerprint(KEY, SELLER, DEBTOR, number, "CNY")

    assert loose("INV-0042") == loose("FP42-B")
    assert loose("INV-0042") != loose("INV-0043")
    assert loose("甲") != loose("乙")
