"""What would have happened to every applicant: the same economy, in which all get one loan.

Serves metrics only. One loan on the same terms for all who ask is the yardstick by which the
choices of two lenders can be compared, since each lender sees only those whom it has chosen.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from sim.credit.bank import Bank
from sim.credit.economy import Feed
from sim.credit.facts import NEVER, PERFORMANCE_DAYS
from sim.credit.feed_channel import Space
from sim.credit.parameters import Parameters
from sim.credit.stage import Span, Stage
from sim.credit.world_parameters import WorldParameters
from sim.streams import Luck
from system.credit.feed_records import FeedBatch
from system.credit.policy import DEFAULT_POLICY

I64 = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Reference:
    """Per merchant. known: asked for credit early enough for a full performance window.

    bad: went over 90 days past due within the window. Of others, False.
    """

    known: Mask
    bad: Mask


class _LendsToAll:
    """Grants what is asked for, on the same terms."""

    def __init__(self, bank: Bank, parameters: Parameters) -> None:
        self._bank, self._parameters = bank, parameters

    def start(self, day: int) -> None:
        """Nothing to prepare."""

    def open_day(self, day: int, view: dict[str, I64]) -> None:
        """Nothing falls due."""

    def ship(self, feed: Feed, space: Space) -> None:
        """Needs no data."""

    def hear(self, batch: FeedBatch) -> None:
        """Nothing comes."""

    def apply(self, day: int, rows: I64, requested_fen: I64) -> None:
        """Everybody gets a line, once."""
        new = self._bank.facts.granted_day[rows] == NEVER
        limit_fen = np.minimum(requested_fen[new], DEFAULT_POLICY.limit.sandbox_fen_max)
        self._bank.grant(day, rows[new], limit_fen, self._parameters.reference_rate_ppm)


# Both arms and both wirings of a replication ask for the same run, one after the other.
@lru_cache(maxsize=1)
def reference_of(
    seed: int, replication: int, parameters: Parameters, world: WorldParameters, n: int, span: Span
) -> Reference:
    """Run it, on columns. A function of its arguments."""
    stage = Stage(Luck(seed, replication), world, n, span)
    stage.run(_LendsToAll(stage.bank, parameters))
    stage.system.close()
    facts = stage.facts
    granted = facts.granted_day != NEVER
    known = granted & (facts.granted_day + PERFORMANCE_DAYS < stage.end_day)
    days_to_bad = facts.bad_day - facts.granted_day
    bad = known & (facts.bad_day != NEVER) & (days_to_bad <= PERFORMANCE_DAYS)
    return Reference(known, bad)
