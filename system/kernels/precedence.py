"""Which of several failed checks is reported: the first in order."""

from collections.abc import Sequence

import numpy as np

from system.kernels.columns import I64, Mask


def first_code(failed: Sequence[Mask], codes: Sequence[int]) -> I64:
    """The code of each column's first failed check, or 0 where none failed.

    failed: one bool (n,) per check, in order of precedence.  codes: one per check, never 0.
    Returns int64 (n,).
    """
    assert len(failed) == len(codes) > 0
    assert 0 not in codes
    stacked = np.stack(failed)
    first = np.asarray(codes, dtype=np.int64)[stacked.argmax(axis=0)]
    return np.where(stacked.any(axis=0), first, 0)
