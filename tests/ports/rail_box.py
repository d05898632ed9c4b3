"""Every implementation of the rail port, for the shared suite."""

from dataclasses import dataclass
from pathlib import Path

from system.adapters.memory_store import MemoryStore
from system.adapters.rail_embedded import RAIL_TABLES, EmbeddedRail, RailTerms
from system.adapters.rail_folder import FROM_RAIL, TO_RAIL, FolderRail
from system.ports.rail import PaymentRail

# 1 January 2026, noon in China.
NOON_S = 1_767_240_000


@dataclass
class HandClock:
    time_s: int = NOON_S

    def now_s(self) -> int:
        return self.time_s


class RailBox:
    """``rail`` is what is tested; ``far`` decides at the other end of it."""

    def __init__(self, folder: Path | None, terms: RailTerms) -> None:
        self.clock = HandClock()
        self.far = EmbeddedRail(MemoryStore(RAIL_TABLES), self.clock, terms)
        self._folder = folder
        self.rail: PaymentRail = self.far if folder is None else FolderRail(folder)

    def reopen(self) -> PaymentRail:
        """The same rail as a new process sees it."""
        if self._folder is not None:
            self.rail = FolderRail(self._folder)
        return self.rail

    def carry(self) -> None:
        """What the link's own program does between the folders and the rail."""
        if self._folder is None:
            return
        out, back = self._folder / TO_RAIL, self._folder / FROM_RAIL
        for file in sorted(out.glob("*.xml")):
            self.far.submit(file.stem, file.read_bytes())
            file.rename(out / "sent" / file.name)
        for one in self.far.collect():
            (back / f"{int(one.delivery_id):08}.xml").write_bytes(one.raw)
            self.far.acknowledge([one.delivery_id])
