"""A bank's core behind two folders, as nightly batch interfaces have them.

``to-core`` takes one file per voucher; the core's own program takes it and moves it to ``taken``,
where it stays until the day's balances are told: one that lies nowhere is handed over again.
``from-core`` holds what it tells: ``balances-YYYY-MM-DD.json`` once it has closed that day.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from system.adapters.core_documents import checked, read_balances, voucher_document
from system.adapters.whole_files import write_whole
from system.canonical import iso_day
from system.errors import CoreUnavailable, InputError
from system.limits import DOCUMENT_BYTES_MAX
from system.ports.core import Entries

TO_CORE: Final = "to-core"
FROM_CORE: Final = "from-core"
TAKEN: Final = "taken"


class FolderCore:
    """folder: made where it is missing; on the same machine or a shared file system."""

    def __init__(self, folder: Path) -> None:
        self._out, self._in = folder / TO_CORE, folder / FROM_CORE
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._make_folders()
        except OSError as error:
            raise CoreUnavailable("open its folders", str(error)) from error

    def _make_folders(self) -> None:
        """In the folder that is there now: a disk may have been put in its place."""
        for place in (self._out, self._out / TAKEN, self._in):
            place.mkdir(exist_ok=True)

    def book(self, entries: Entries) -> None:
        """As the port has it: the file lies there, on disk, or was taken already."""
        document = voucher_document(checked(entries)).encode()
        name = f"{entries.voucher_id}.json"
        try:
            self._make_folders()
            for path in (self._out / name, self._out / TAKEN / name):
                if path.exists():
                    _same(path, document)
                    return
            write_whole(self._out / name, document)
        except OSError as error:
            raise CoreUnavailable("take a voucher", str(error)) from error

    def balances_fen(self, day: int) -> Mapping[str, int] | None:
        """As the port has it."""
        path = self._in / f"balances-{iso_day(day)}.json"
        try:
            with path.open("rb") as file:
                document = file.read(DOCUMENT_BYTES_MAX + 1)
        except FileNotFoundError:
            if not self._in.is_dir():
                raise CoreUnavailable("tell its balances", f"{self._in} is gone") from None
            return None
        except OSError as error:
            raise CoreUnavailable("tell its balances", str(error)) from error
        if len(document) > DOCUMENT_BYTES_MAX:
            raise InputError(path.name, "size", f"at most {DOCUMENT_BYTES_MAX} bytes")
        return read_balances(path.name, document, day)


def _same(path: Path, document: bytes) -> None:
    if path.read_bytes() != document:
        raise InputError("voucher_id", path.stem, "it was handed over with other lines")
