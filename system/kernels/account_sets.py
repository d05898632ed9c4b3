"""Sets of account numbers as bytes: what journals keep instead of a row per account.

The first byte says how the rest reads. ``R``: a range, first and count. ``L``: a list of numbers.
``B``: a bitmap, its first number and then one bit each, the lowest bit first. Numbers are int64,
little-endian.
"""

from typing import Final

import numpy as np

from system.kernels.columns import I64, Mask

RANGE: Final = b"R"
LIST: Final = b"L"
BITMAP: Final = b"B"
_NUMBER_BYTES: Final = 8
# Accounts that lie closer than one in so many have few gaps.
_SPAN_RATIO_MAX: Final = 2


def is_ascending(accounts: I64) -> bool:
    """Whether each number lies above the one before it."""
    return bool((accounts[1:] > accounts[:-1]).all())


def each_once(accounts: I64) -> tuple[I64, I64 | slice]:
    """The accounts ascending and each once, and how to spread values of those over all rows."""
    if is_ascending(accounts):
        return accounts, slice(None)
    merchants, spread = np.unique(accounts, return_inverse=True)
    return merchants, spread


def as_rows(accounts: I64) -> I64 | slice:
    """Ascending accounts as rows of a book: a range where they are one, which is read uncopied."""
    if accounts.size and accounts[-1] - accounts[0] + 1 == accounts.size:
        return slice(int(accounts[0]), int(accounts[-1]) + 1)
    return accounts


def span_of(accounts: I64) -> tuple[I64 | slice, I64]:
    """Ascending accounts as rows that are cheap to read, and where among those they stand.

    Of accounts with few gaps the range that they span is read uncopied, gaps and all.
    """
    if not accounts.size or accounts[-1] - accounts[0] >= _SPAN_RATIO_MAX * accounts.size:
        return accounts, np.arange(accounts.size)
    return slice(int(accounts[0]), int(accounts[-1]) + 1), accounts - accounts[0]


def pack_set(members: Mask) -> bytes:
    """The numbers at which the mask is True, in the shortest of the three forms.

    members: bool (n,), one per account number from 0.  Equal sets give equal bytes.
    """
    found = np.flatnonzero(members).astype(np.int64)
    if not found.size:
        return LIST
    first, last = int(found[0]), int(found[-1])
    if last - first + 1 == found.size:
        return RANGE + _numbers(np.array((first, found.size), np.int64))
    bits = np.packbits(members[first : last + 1], bitorder="little").tobytes()
    if _NUMBER_BYTES * found.size <= _NUMBER_BYTES + len(bits):
        return LIST + _numbers(found)
    return BITMAP + _numbers(found[:1]) + bits


def pack_accounts(accounts: I64) -> bytes:
    """As pack_set, from numbers in any order, each at least 0; repeated ones count once."""
    members = np.zeros(int(accounts.max(initial=-1)) + 1, np.bool_)
    members[accounts] = True
    return pack_set(members)


def unpack_set(packed: bytes) -> I64:
    """The numbers of a packed set, ascending. A first byte of no form asserts."""
    form, rest = packed[:1], packed[1:]
    if form == BITMAP:
        bits = np.frombuffer(rest, np.uint8, offset=_NUMBER_BYTES)
        offsets: I64 = np.flatnonzero(np.unpackbits(bits, bitorder="little")).astype(np.int64)
        return offsets + int(np.frombuffer(rest, "<i8", 1)[0])
    numbers: I64 = np.frombuffer(rest, "<i8").astype(np.int64)
    if form == RANGE:
        return np.arange(numbers[0], numbers[0] + numbers[1], dtype=np.int64)
    assert form == LIST, "not a packed set"
    return numbers


def _numbers(values: I64) -> bytes:
    return values.astype("<i8").tobytes()
