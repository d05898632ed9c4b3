"""Every plausible way in which an id or a value could stand on a wire."""

from collections.abc import Iterator
from hashlib import md5, sha1, sha256

import numpy as np

from system.privacy.records import F64
from system.privacy.shares import FRACTION_BITS


def id_patterns(ids: list[str]) -> dict[str, list[bytes]]:
    """The ids themselves, and plain hashes of them, which a list of candidates would undo."""
    texts = [own.encode() for own in ids]
    return {
        "ids, utf-8": texts,
        "ids, utf-16": [own.encode("utf-16-le") for own in ids],
        "ids, sha256": [sha256(text).digest() for text in texts],
        "ids, sha256 hex": [sha256(text).hexdigest().encode() for text in texts],
        "ids, sha1": [sha1(text).digest() for text in texts],
        "ids, md5": [md5(text).digest() for text in texts],
    }


def value_patterns(name: str, table: F64) -> dict[str, list[bytes]]:
    """Neighbours in a column and in a row, in each number format; 8-byte floats also alone.

    A single short number would be found by chance, or in a header; two neighbours are not.
    """
    fixed = np.floor(table * 2.0**FRACTION_BITS)
    formats: dict[str, np.ndarray] = {}
    for order, word in (("<", "LE"), (">", "BE")):
        formats[f"float32 {word}"] = table.astype(f"{order}f4")
        formats[f"float64 {word}"] = table.astype(f"{order}f8")
        formats[f"int64 {word}"] = np.rint(table).astype(f"{order}i8")
        formats[f"ring {word}"] = fixed.astype(f"{order}i8")
        formats[f"ring, rounded up {word}"] = (fixed + 1).astype(f"{order}i8")
    found = {f"{name}, {key}": list(_neighbours(value)) for key, value in formats.items()}
    found[f"{name}, text"] = [f"{left!r},{right!r}".encode() for left, right in _pairs(table)]
    return found


def target_patterns(target: F64) -> dict[str, list[bytes]]:
    """Runs of 64 outcomes as bytes, bits, texts and numbers."""
    runs = [target[start : start + 64] for start in range(0, len(target) - 63, 64)]
    bits = [run.astype(np.uint8) for run in runs]
    return {
        "target, bytes": [run.tobytes() for run in bits],
        "target, text": [b"".join(b"%d" % bit for bit in run) for run in bits],
        "target, bits": [np.packbits(run).tobytes() for run in bits],
        "target, bits LE": [np.packbits(run, bitorder="little").tobytes() for run in bits],
        "target, float32": [run.astype("<f4").tobytes() for run in runs],
        "target, ring": [(run * 2.0**FRACTION_BITS).astype("<i8").tobytes() for run in runs],
    }


def _pairs(table: F64) -> Iterator[tuple[float, float]]:
    for column in table.T:
        yield from zip(column[:-1].tolist(), column[1:].tolist(), strict=True)


def _neighbours(table: np.ndarray) -> Iterator[bytes]:
    for lines in (table, table.T):
        for line in np.ascontiguousarray(lines):
            data, size = line.tobytes(), line.itemsize
            for start in range(0, len(data) - size, size):
                pattern = data[start : start + 2 * size]
                if len(set(pattern)) >= 4:
                    yield pattern
