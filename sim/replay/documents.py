"""Recorded invoices from files and folders. All are read and checked before any is used."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from system.chain.fingerprint import FINGERPRINT_KEY_BYTES_MIN, fingerprint
from system.chain.intake import read_json
from system.chain.invoice import InvoiceDocument
from system.chain.ubl import read_ubl
from system.errors import InputError
from system.limits import BATCH_ITEMS_MAX, DOCUMENT_BYTES_MAX

# Only whether a fingerprint can be taken is asked here, so any key will do.
_ANY_KEY: Final = bytes(FINGERPRINT_KEY_BYTES_MIN)


@dataclass(frozen=True, slots=True)
class Recorded:
    """One invoice and where it stands. line: in a JSON Lines file; else None."""

    file: str
    line: int | None
    invoice: InvoiceDocument

    @property
    def place(self) -> str:
        """The same for no other invoice of a recording."""
        return self.file if self.line is None else f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Recording:
    """Invoices in the order of paths, then file names, then lines; passed_over: files in folders
    whose suffix is not that of an invoice."""

    invoices: tuple[Recorded, ...]
    passed_over: int


def read_recording(paths: Sequence[Path]) -> Recording:
    """Every invoice of files and folders; a file that is named twice is read once.

    Raises InputError with file, line, field, value and remedy for the first that cannot be used.
    """
    files, passed_over = _files(paths)
    invoices: list[Recorded] = []
    for file in files:
        for recorded in _READERS[file.suffix.lower()](file):
            _check_fingerprint(recorded)
            invoices.append(recorded)
            if len(invoices) > BATCH_ITEMS_MAX:
                remedy = f"replay at most {BATCH_ITEMS_MAX} invoices at a time"
                raise InputError("PATH", f"{len(invoices)} invoices", remedy, file=str(file))
    if not invoices:
        raise InputError("PATH", ", ".join(map(str, paths)), f"no invoice there; {_KINDS}")
    return Recording(tuple(invoices), passed_over)


def _files(paths: Sequence[Path]) -> tuple[list[Path], int]:
    found: dict[Path, Path] = {}
    passed_over = 0
    for path in paths:
        inside = sorted(one for one in path.rglob("*") if one.is_file()) if path.is_dir() else []
        fitting = [one for one in inside if one.suffix.lower() in _READERS]
        passed_over += len(inside) - len(fitting)
        for file in fitting if path.is_dir() else [_named(path)]:
            found.setdefault(file.resolve(), file)
    return list(found.values()), passed_over


def _named(path: Path) -> Path:
    if not path.is_file():
        raise InputError("PATH", str(path), "there is no such file or folder")
    if path.suffix.lower() not in _READERS:
        raise InputError("PATH", str(path), _KINDS)
    return path


def _check_fingerprint(recorded: Recorded) -> None:
    one = recorded.invoice
    try:
        fingerprint(_ANY_KEY, one.seller_id, one.debtor_id, one.invoice_number, one.currency)
    except InputError as error:
        raise _placed(error, recorded.file, recorded.line) from None


def _placed(error: InputError, file: str, line: int | None) -> InputError:
    return InputError(error.field, error.value, error.remedy, file=file, line=line)


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    try:
        with path.open("rb") as source:
            yield source
    except OSError as error:
        raise InputError("file", str(path), f"cannot be read: {error.strerror}") from None


# One byte more than a document may have is enough for its reader to refuse it.
def _document(path: Path) -> bytes:
    with _opened(path) as source:
        return source.read(DOCUMENT_BYTES_MAX + 1)


def _ubl(path: Path) -> Iterator[Recorded]:
    yield Recorded(str(path), None, read_ubl(_document(path), str(path)))


def _json(path: Path) -> Iterator[Recorded]:
    yield Recorded(str(path), None, read_json(_document(path), str(path)))


def _json_lines(path: Path) -> Iterator[Recorded]:
    """One invoice a line; its document is the line without the white space around it."""
    with _opened(path) as source:
        lines = iter(lambda: source.readline(DOCUMENT_BYTES_MAX + 1), b"")
        for number, line in enumerate(lines, start=1):
            if line.strip():
                yield Recorded(str(path), number, _invoice_on(line, str(path), number))


def _invoice_on(line: bytes, file: str, number: int) -> InvoiceDocument:
    document = line.strip() if len(line) <= DOCUMENT_BYTES_MAX else line
    try:
        return read_json(document, file)
    except InputError as error:
        raise _placed(error, file, number) from None


_READERS: Final[dict[str, Callable[[Path], Iterator[Recorded]]]] = {
    ".xml": _ubl,
    ".json": _json,
    ".jsonl": _json_lines,
    ".ndjson": _json_lines,
}
_KINDS: Final = "give .xml (UBL 2.1), .json, .jsonl or .ndjson files, or folders of them"
