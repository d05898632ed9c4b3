"""Files that another program reads: there as a whole and on disk, or not there."""

import os
from pathlib import Path


def write_whole(path: Path, raw: bytes) -> None:
    """Raises OSError; then nothing is there under this name. For owner and group."""
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640), "wb") as file:
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())
    part.rename(path)
    handle = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
