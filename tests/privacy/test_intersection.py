"""Set intersection against Python's own sets, over one link between two processes."""

import unicodedata
from typing import Any

import numpy as np

from system.errors import InputError
from system.privacy.intersection import intersect
from system.privacy.link import Link
from system.privacy.records import Role
from tests.privacy.parties import House, direct_ports

Case = tuple[tuple[str, ...], tuple[str, ...]]


def cases() -> list[Case]:
    """Sizes far apart, all, none and one in common, ids that are nearly equal, many alphabets."""
    luck = np.random.Generator(np.random.Philox(8))
    alphabet = [*"abAB01 -_'\",;\t", "é", "ß", "商", "户", "𠮷", "🏪", "\u200b", "\u0301"]
    drawn: list[Case] = [
        (("one",), ("one",)),
        (("one",), ("two",)),
        (("x", "y"), (*tuple(f"m{k}" for k in range(999)), "y")),
        (tuple(f"m{k}" for k in range(500)), tuple(f"m{k}" for k in reversed(range(500)))),
        (("a", "A", " a", "a ", "ａ"), ("a", "а", "A ")),
        ((unicodedata.normalize("NFC", "café"),), (unicodedata.normalize("NFD", "café"),)),
    ]
    for _ in range(12):
        pool = ["".join(luck.choice(alphabet, luck.integers(1, 6))) for _ in range(60)]
        sides = [tuple(dict.fromkeys(luck.choice(pool, luck.integers(1, 60)))) for _ in range(2)]
        drawn.append((tuple(map(str, sides[0])), tuple(map(str, sides[1]))))
    return drawn


def intersect_all(link: Link, all_ids: list[tuple[str, ...]]) -> list[Any]:
    found: list[Any] = []
    for ids in all_ids:
        try:
            found.append([ids[row] for row in intersect(link, ids)])
        except InputError as error:
            found.append(error.field)
    return found


def test_both_sides_find_the_common_ids_in_the_same_order(house: House) -> None:
    drawn = cases()
    given = {Role.BANK: [one for one, _ in drawn], Role.PLATFORM: [two for _, two in drawn]}
    found = house.both(intersect_all, given, direct_ports())
    expected = [
        sorted(set(one) & set(two), key=lambda name: name.encode()) or "ids" for one, two in drawn
    ]
    assert found == {Role.BANK: expected, Role.PLATFORM: expected}
