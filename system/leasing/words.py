"""Words that readings say again and again: firmware, lists of fault codes. Readings hold numbers.

A word's number is that of its first mention. A fleet has few of them; what comes after the last
free number is kept as OTHER, so that a terminal that invents words fills no disk.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from system.kernels.columns import I64, MISSING, Mask
from system.limits import (
    FAULT_CODE_CHARS_MAX,
    FAULTS_MAX,
    FIRMWARE_CHARS_MAX,
    FMI_MAX,
    SPN_MAX,
    WORDS_MAX,
)
from system.ports.store import Table, Unit


@dataclass(frozen=True, slots=True)
class Word:
    number: int
    text: str


WORDS: Final = Table("leasing_word", Word, key=("number",), index=(("text",),))
WORD_TABLES: Final = (WORDS,)
OTHER: Final = 0
# The columns of readings that hold words.
WORD_COLUMNS: Final = ("faults", "firmware")
_OTHER_TEXT: Final = "other"
# As makers write J1939 codes: "SPN 100 FMI 3", "100-3", "100/3".
_J1939: Final = re.compile(r"(?:SPN\W*)?(\d{1,6})\W+(?:FMI\W*)?(\d{1,2})", re.IGNORECASE)


def numbers_of(unit: Unit, texts: Sequence[str | None]) -> I64:
    """Each text's number, MISSING for None; new words get theirs in the caller's transaction."""
    known: dict[str | None, int] = {None: MISSING}
    for text in dict.fromkeys(texts):
        if text is not None:
            known[text] = _number_of(unit, text)
    return np.array([known[text] for text in texts], np.int64)


def _number_of(unit: Unit, text: str) -> int:
    held = unit.find(WORDS, {"text": text})
    if held:
        return held[0].number
    last = unit.last(WORDS)
    if last is None:
        unit.insert(WORDS, [Word(OTHER, _OTHER_TEXT)])
    number = last.number + 1 if last is not None else OTHER + 1
    if number >= WORDS_MAX:
        return OTHER
    unit.insert(WORDS, [Word(number, text)])
    return number


def texts_of(unit: Unit, numbers: I64) -> list[str | None]:
    """The texts of these numbers, None for MISSING."""
    asked = [number for number in np.unique(numbers).tolist() if number != MISSING]
    held = unit.get(WORDS, [(number,) for number in asked])
    known: dict[int, str | None] = {MISSING: None}
    for number, word in zip(asked, held, strict=True):
        assert word is not None, f"a reading holds word {number}, which nobody said"
        known[number] = word.text
    return [known[number] for number in numbers.tolist()]


def firmware_of(texts: Sequence[str]) -> tuple[list[str | None], Mask]:
    """Names of firmware, None where empty; and which texts are none: too long, unprintable."""
    wrong = [len(text) > FIRMWARE_CHARS_MAX or not text.isprintable() for text in texts]
    return [text or None for text in texts], np.array(wrong, np.bool_)


def codes_of(value: Any) -> str | None:
    """A list of {spn, fmi} (SAE J1939-73) as a word, "" for an empty list; None for no such list.

    The same codes in another order, or twice, are the same word.
    """
    if type(value) is not list or len(value) > FAULTS_MAX:
        return None
    codes: list[tuple[int, int]] = []
    for item in value:
        pair = (item.get("spn"), item.get("fmi")) if type(item) is dict else (None, None)
        spn, fmi = pair
        if type(spn) is not int or type(fmi) is not int:
            return None
        if not (0 <= spn <= SPN_MAX and 0 <= fmi <= FMI_MAX):
            return None
        codes.append((spn, fmi))
    return word_of(codes)


def word_of(codes: Iterable[tuple[int, int]]) -> str:
    """Codes as a word: each once, in order."""
    return " ".join(f"{spn}/{fmi}" for spn, fmi in sorted(set(codes)))


def code_of(identifier: str) -> str | None:
    """A feed's name of a fault: SPN/FMI where it is one, else its maker's own without blanks."""
    text = identifier.strip()
    found = _J1939.fullmatch(text)
    if found and int(found[1]) <= SPN_MAX and int(found[2]) <= FMI_MAX:
        return f"{int(found[1])}/{int(found[2])}"
    code = "_".join(text.split())
    return code if 0 < len(code) <= FAULT_CODE_CHARS_MAX and code.isprintable() else None
