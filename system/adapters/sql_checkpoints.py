"""SQLite's log is copied into its database beside the commits, on a connection of its own.

Else it is done inside of a commit, for which everybody waits. What is committed is safe in the log;
what is copied makes room there: once all of it is, the log begins again.
"""

import logging
import sqlite3
from pathlib import Path
from typing import Final

from system.adapters.sql_dialects import BUSY_S_MAX
from system.adapters.sql_store import parse_url

_LOG = logging.getLogger(__name__)
# Below this a copy is not worth its two flushes.
_LOG_BYTES_MIN: Final = 4_000_000


class Checkpoints:
    """Of the database of this URL; none for another than SQLite's. Raises InputError."""

    def __init__(self, url: str) -> None:
        parsed = parse_url(url)
        is_sqlite = parsed.get_backend_name() == "sqlite"
        self._path = Path(parsed.database or "") if is_sqlite else None

    def copy(self) -> None:
        """Copy what can be copied without waiting for anybody. From any thread; what fails is told,
        and the next time does it."""
        if self._path is None or not self._is_worth_it(self._path):
            return
        try:
            connection = sqlite3.connect(self._path, timeout=BUSY_S_MAX, isolation_level=None)
            try:
                connection.execute("PRAGMA synchronous = FULL")
                connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
            finally:
                connection.close()
        except sqlite3.Error as error:
            _LOG.warning("SQLite's log was not copied: %s", error)

    @staticmethod
    def _is_worth_it(path: Path) -> bool:
        try:
            return path.with_name(f"{path.name}-wal").stat().st_size >= _LOG_BYTES_MIN
        except OSError:
            return False
