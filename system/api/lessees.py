"""The names of lessees, as registered. Leases and their books know numbers alone."""

from dataclasses import dataclass
from typing import Final

from system.ports.store import Table


@dataclass(frozen=True, slots=True)
class LesseeName:
    """lessee: its number."""

    lessee: int
    name: str


LESSEE_NAMES: Final = Table("lessee_name", LesseeName, key=("lessee",), sealed=("name",))
