"""Reading a user's CSV: every row as wide as the header, or one clear line."""

import csv
import io
from contextlib import suppress
from pathlib import Path
from typing import Final

from system.errors import InputError

FILE_BYTES_MAX: Final = 500_000_000


def read_rows(path: Path) -> tuple[list[str], tuple[int, ...], list[list[str]]]:
    """Header, line numbers and rows of a CSV file (UTF-8 or GB18030; comma, semicolon or tab).

    Raises InputError with file, line, value and remedy.
    """
    text = _text(path)
    head = text.partition("\n")[0]
    delimiter = max(",;\t", key=head.count)
    rows, lines = [], []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for row in reader:
            if row:
                rows.append(row)
                lines.append(reader.line_num)
    except csv.Error as error:
        line = reader.line_num
        remedy = "write valid CSV"
        raise InputError("row", str(error), remedy, file=str(path), line=line) from None
    if len(rows) < 2:
        raise InputError("file", str(path), "give a header line and rows", file=str(path))
    header = [name.strip() for name in rows[0]]
    for line, row in zip(lines, rows, strict=True):
        if len(row) != len(header):
            remedy = f"give {len(header)} fields, as in the header"
            raise InputError("row", f"{len(row)} fields", remedy, file=str(path), line=line)
    return header, tuple(lines[1:]), rows[1:]


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > FILE_BYTES_MAX:
            remedy = f"give at most {FILE_BYTES_MAX} bytes"
            raise InputError("file", str(path), remedy, file=str(path))
        raw = path.read_bytes()
    except OSError as error:
        raise InputError("file", str(path), f"cannot be read: {error.strerror}") from None
    for encoding in ("utf-8-sig", "gb18030"):
        with suppress(UnicodeDecodeError):
            return raw.decode(encoding)
    raise InputError("file", str(path), "encode it as UTF-8 or GB18030", file=str(path))
