"""Merkle trees over hashes, as in RFC 6962: one root for many records, a short proof for each."""

from collections.abc import Sequence
from hashlib import sha256

_LEAF, _NODE = b"\0", b"\1"


def root_of(leaves: Sequence[bytes]) -> bytes:
    """32 bytes that stand for all leaves in their order. One leaf or more."""
    level = [sha256(_LEAF + leaf).digest() for leaf in leaves]
    while len(level) > 1:
        level = _above(level)
    return level[0]


def path_of(leaves: Sequence[bytes], place: int) -> list[bytes]:
    """What proves the leaf at this place, from its neighbour up to the root's children."""
    level = [sha256(_LEAF + leaf).digest() for leaf in leaves]
    path = []
    while len(level) > 1:
        if place ^ 1 < len(level):
            path.append(level[place ^ 1])
        level, place = _above(level), place // 2
    return path


def root_from(leaf: bytes, place: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """The root that the path leads to; None for a path that no tree of this size has."""
    found, steps = sha256(_LEAF + leaf).digest(), iter(path)
    if not 0 <= place < size:
        return None
    while size > 1:
        if place ^ 1 < size:
            step = next(steps, None)
            if step is None:
                return None
            found = sha256(_NODE + (step + found if place & 1 else found + step)).digest()
        place, size = place // 2, (size + 1) // 2
    return found if next(steps, None) is None else None


def _above(level: Sequence[bytes]) -> list[bytes]:
    """Pairs joined; a last one without a neighbour goes up as it is."""
    joined = [
        sha256(_NODE + left + right).digest()
        for left, right in zip(level[::2], level[1::2], strict=False)
    ]
    return joined + list(level[len(joined) * 2 :])
