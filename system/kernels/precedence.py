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


def refusals(*checks: tuple[Mask, int]) -> I64:
    """The first refusal of each row whose check failed (True), or 0. Returns int64 (n,).

    Checks come in order of precedence, which is that of their numbers; else it asserts.
    """
    codes = [int(refusal) for _, refusal in checks]
    assert codes == sorted(codes), "checks must follow precedence"
    return first_code([np.asarray(failed) for failed, _ in checks], codes)
