"""How alike two names are, whatever script, order, accents and legal form they are written in.

Chinese characters are compared as characters and by their sound (pinyin without tones), so that
王小明, 王晓明, "Wang Xiaoming" and "Xiao Ming WANG" meet; characters that only sound alike are a
weaker match than the same characters.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from pypinyin import lazy_pinyin
from rapidfuzz import fuzz, process

from system.kernels.columns import I64

# Forms of companies say nothing about whose name it is.
_FORMS: Final = re.compile(
    "co|company|corp|corporation|inc|incorporated|ltd|limited|llc|llp|plc|gmbh|ag|sa|srl|bv|pte|"
    "group|holding|holdings|the|and"
)
_CHINESE_FORMS: Final = re.compile("股份有限公司|有限责任公司|有限公司|集团|公司|控股")
_CHINESE: Final = re.compile("[\u3400-\u9fff]")
_WORD: Final = re.compile("[0-9a-z]+|[\u3400-\u9fff]+")
# Same sound, other characters: one in a few dozen people has a namesake by sound.
_SOUND_MAX: Final = 88
_SCORE_MAX: Final = 100
_NAMES_KEPT: Final = 2**17


@dataclass(frozen=True, slots=True)
class Key:
    """A name as it is compared. characters: of Chinese ones, else empty.  spellings: in Latin
    letters without spaces, as written and with the last word first.  words: sorted."""

    characters: str
    spellings: tuple[str, str]
    words: str


@lru_cache(maxsize=_NAMES_KEPT)
def key_of(name: str) -> Key:
    """The name without what does not tell people apart."""
    plain = unicodedata.normalize("NFKD", name.casefold())
    plain = "".join(mark for mark in plain if not unicodedata.combining(mark))
    plain = _CHINESE_FORMS.sub(" ", plain)
    parts = [part for part in _WORD.findall(plain) if not _FORMS.fullmatch(part)]
    characters = "".join(part for part in parts if _CHINESE.match(part))
    words = [word for part in parts for word in _latin(part)]
    turned = [*words[-1:], *words[:-1]]
    return Key(characters, ("".join(words), "".join(turned)), " ".join(sorted(words)))


def _latin(part: str) -> list[str]:
    if not _CHINESE.match(part):
        return [part]
    return [sound for sound in lazy_pinyin(part) if sound.isascii()]


def likeness(names: Sequence[str], listed: Sequence[str]) -> I64:
    """0 (nothing in common) to 100 (the same) for each name and each listed one.

    Returns int64 (len(names), len(listed)).
    """
    if not names or not listed:
        return np.zeros((len(names), len(listed)), np.int64)
    ours, theirs = [key_of(name) for name in names], [key_of(name) for name in listed]
    score = _compared([key.words for key in ours], [key.words for key in theirs])
    for turn in (0, 1):
        straight = [key.spellings[0] for key in theirs]
        score = np.maximum(score, _compared([key.spellings[turn] for key in ours], straight))
    by_sound = np.outer(
        [bool(key.characters) for key in ours], [bool(k.characters) for k in theirs]
    )
    same = _compared([key.characters for key in ours], [key.characters for key in theirs])
    heard = np.minimum(score, _SOUND_MAX)
    found: I64 = np.where(by_sound, np.maximum(same, heard), score)
    return found


def _compared(names: Sequence[str], listed: Sequence[str]) -> I64:
    scores = process.cdist(names, listed, scorer=fuzz.ratio, dtype=np.uint8)
    empty = np.outer([not name for name in names], [not name for name in listed])
    # Two empty names are alike in nothing.
    return np.where(empty, 0, scores).astype(np.int64).clip(0, _SCORE_MAX)
