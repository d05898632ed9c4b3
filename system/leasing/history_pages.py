"""How a full page of readings is packed: as differences, since neighbours differ little."""

import zlib

import numpy as np

from system.kernels.columns import I64

# The fastest level: differences are mostly zeros, which every level finds.
_LEVEL = 1


def pack(rows: I64) -> bytes:
    """int64 (n, width) as bytes. Differences wrap around within 64 bits, and wrap back."""
    steps = np.diff(rows, axis=0, prepend=np.zeros((1, rows.shape[1]), np.int64))
    return zlib.compress(np.ascontiguousarray(steps.T).astype("<i8", copy=False).tobytes(), _LEVEL)


def unpack(body: bytes, width: int) -> I64:
    """The rows of a packed page; none of an empty body."""
    if not body:
        return np.zeros((0, width), np.int64)
    steps = np.frombuffer(zlib.decompress(body), "<i8").reshape(width, -1)
    return np.cumsum(steps.T, axis=0)
