"""A payment rail behind two folders, as banks' host-to-host links have them.

``to-rail`` takes one file per pain.001; the link's own program carries it on and removes nothing
before it did. ``from-rail`` holds what came; files are taken in the order of their names.
A file is written under another name first, so that nobody reads half of one.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from system.adapters.whole_files import write_whole
from system.errors import RailUnavailable
from system.limits import DOCUMENT_BYTES_MAX
from system.ports.rail import Delivery

TO_RAIL: Final = "to-rail"
FROM_RAIL: Final = "from-rail"
_SENT: Final = "sent"
_TAKEN: Final = "taken"


class FolderRail:
    """folder: made where it is missing; on the same machine or a shared file system."""

    def __init__(self, folder: Path) -> None:
        self._out, self._in = folder / TO_RAIL, folder / FROM_RAIL
        try:
            for place in (self._out / _SENT, self._in / _TAKEN):
                place.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RailUnavailable("open its folders", str(error)) from error

    def submit(self, message_id: str, raw: bytes) -> None:
        """As the port has it: the file lies there, on disk, or was carried on already."""
        name = f"{message_id}.xml"
        if (self._out / name).exists() or (self._out / _SENT / name).exists():
            return
        try:
            write_whole(self._out / name, raw)
        except OSError as error:
            raise RailUnavailable("take a message", str(error)) from error

    def collect(self) -> Sequence[Delivery]:
        """As the port has it. A file that is too large is handed over as far as it may go."""
        try:
            files = sorted(path for path in self._in.iterdir() if path.suffix == ".xml")
            return [Delivery(path.name, _head(path)) for path in files]
        except OSError as error:
            raise RailUnavailable("hand its messages over", str(error)) from error

    def acknowledge(self, delivery_ids: Sequence[str]) -> None:
        """As the port has it: what was taken moves aside."""
        try:
            for name in delivery_ids:
                path = self._in / name
                if path.exists():
                    path.rename(self._in / _TAKEN / name)
        except OSError as error:
            raise RailUnavailable("let go of a message", str(error)) from error


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(DOCUMENT_BYTES_MAX + 1)
