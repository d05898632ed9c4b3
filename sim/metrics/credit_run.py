"""A finished arm of merchant credit, as its metrics look at it."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from sim.credit.appraisal import DeskReason
from sim.credit.legacy import Legacy
from sim.credit.reference import Reference
from sim.credit.setting import Setting
from sim.credit.stage import Stage

Mask = NDArray[np.bool_]
I64 = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Run:
    """A finished arm. desk_reason: int64 (n,) DeskReason, what the collateral lender's rules say to
    each first application, NEVER where there is no answer.

    reasons: of declining.  learned: None where no model decides.
    """

    setting: Setting
    stage: Stage
    reference: Reference
    desk_reason: I64
    reasons: type[IntEnum]
    learned: Legacy | None

    @property
    def desk_approved(self) -> Mask:
        """Whom the collateral lender's rules approve: bool (n,)."""
        approved: Mask = self.desk_reason == DeskReason.NONE
        return approved
