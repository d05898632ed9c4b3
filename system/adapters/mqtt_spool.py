"""What an embedded broker keeps across its end: sessions, their unsent messages, retained messages.

One SQLite file. Its writes are with the operating system before a publisher is answered, so they
outlast the process, however it ends; a power cut may take the last of them (devices send again).
"""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

_SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = OFF;
CREATE TABLE IF NOT EXISTS session (client TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS subscription (
  client TEXT, filter TEXT, qos INTEGER, PRIMARY KEY (client, filter)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS letter (
  number INTEGER PRIMARY KEY, client TEXT NOT NULL, topic BLOB NOT NULL, payload BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS retained (
  topic TEXT PRIMARY KEY, payload BLOB NOT NULL, qos INTEGER NOT NULL) WITHOUT ROWID;
"""


class Spool:
    """Changes gather until ``commit``, which makes them last."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.executescript(_SCHEMA)
        self._letters: dict[int, tuple[int, str, bytes, bytes]] = {}
        self._removed: list[tuple[int]] = []
        self._other: list[tuple[str, tuple[object, ...]]] = []

    def add_letter(self, number: int, client: str, topic: bytes, payload: bytes) -> None:
        self._letters[number] = (number, client, topic, payload)

    def remove_letter(self, number: int) -> None:
        if self._letters.pop(number, None) is None:
            self._removed.append((number,))

    def add_session(self, client: str) -> None:
        self._other.append(("INSERT OR IGNORE INTO session VALUES (?)", (client,)))

    def remove_session(self, client: str) -> None:
        self._letters = {n: row for n, row in self._letters.items() if row[1] != client}
        for table in ("session", "subscription", "letter"):
            self._other.append((f"DELETE FROM {table} WHERE client = ?", (client,)))  # nosec B608

    def subscribe(self, client: str, name: str, qos: int) -> None:
        sql = "INSERT OR REPLACE INTO subscription VALUES (?,?,?)"
        self._other.append((sql, (client, name, qos)))

    def unsubscribe(self, client: str, name: str) -> None:
        sql = "DELETE FROM subscription WHERE client = ? AND filter = ?"
        self._other.append((sql, (client, name)))

    def retain(self, topic: str, payload: bytes, qos: int) -> None:
        """Keep as the topic's retained message; an empty payload clears it."""
        if payload:
            sql = "INSERT OR REPLACE INTO retained VALUES (?,?,?)"
            self._other.append((sql, (topic, payload, qos)))
        else:
            self._other.append(("DELETE FROM retained WHERE topic = ?", (topic,)))

    def commit(self) -> None:
        """Raises sqlite3.Error when the file cannot be written; nothing may be answered then."""
        if not (self._letters or self._removed or self._other):
            return
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            for sql, values in self._other:
                self._db.execute(sql, values)
            self._db.executemany("DELETE FROM letter WHERE number = ?", self._removed)
            self._db.executemany("INSERT INTO letter VALUES (?,?,?,?)", self._letters.values())
        self._other, self._removed, self._letters = [], [], {}

    def sessions(self) -> list[str]:
        return [client for (client,) in self._db.execute("SELECT client FROM session ORDER BY 1")]

    def subscriptions(self) -> Iterator[tuple[str, str, int]]:
        yield from self._db.execute("SELECT client, filter, qos FROM subscription ORDER BY 1, 2")

    def letters(self) -> Iterator[tuple[int, str, bytes, bytes]]:
        yield from self._db.execute("SELECT number, client, topic, payload FROM letter ORDER BY 1")

    def retained(self) -> Iterator[tuple[str, bytes, int]]:
        yield from self._db.execute("SELECT topic, payload, qos FROM retained ORDER BY 1")

    def close(self) -> None:
        """Without a commit: what was not committed was not answered either."""
        self._db.close()
