"""Files that another program reads: there as a whole and on disk, or not there."""

import os
from pathlib import Path


def write_whole(path: Path, raw: bytes) -> None:
    """Raises OSError; then nothing is there under this name."""
    part = path.with_name(f".{path.name}.part")
    with part.open("wb") as file:
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())
    part.rename(path)
    handle = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
