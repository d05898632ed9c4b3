"""One arm's numbers, and what follows from them alone: its model, and what becomes of everybody."""

from dataclasses import dataclass

from sim.credit.legacy import Legacy, legacy_of
from sim.credit.parameters import Parameters
from sim.credit.reference import Reference, reference_of
from sim.credit.stage import Span
from sim.credit.world_parameters import WorldParameters
from sim.faults import Window


@dataclass(frozen=True, slots=True)
class Setting:
    """One arm's numbers. merchants, legacy: population sizes.  taught: a model that was learned
    elsewhere, in place of this replication's own.  windows: what breaks when."""

    process: str
    seed: int
    replication: int
    parameters: Parameters
    world: WorldParameters
    merchants: int
    legacy: int
    span: Span
    windows: tuple[Window, ...] = ()
    taught: Legacy | None = None

    def learned(self) -> Legacy:
        """The model of this replication."""
        if self.taught is not None:
            return self.taught
        quiet_days = self.span.lend_after_days
        return legacy_of(
            self.seed, self.replication, self.parameters, self.world, self.legacy, quiet_days
        )

    def reference(self) -> Reference:
        """What would have become of everybody, in this replication."""
        return reference_of(
            self.seed, self.replication, self.parameters, self.world, self.merchants, self.span
        )
