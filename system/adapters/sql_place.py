"""An empty place in a database for one piece of work, so that one URL serves many of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine
from sqlalchemy.exc import DBAPIError

from system.adapters.sql_dialects import Postgres
from system.adapters.sql_store import parse_url
from system.errors import InputError, StoreUnavailable

# Places in use at the same time, in all processes: schemas shapan_task_1, shapan_task_2, …
_PLACES_MAX: Final = 64
# First half of the key under which a place is claimed; the number is arbitrary.
_CLAIM: Final = 0x5AA9B
_NOT_ALLOWED: Final = "42501"


@contextmanager
def own_place(url: str, name: str) -> Iterator[str]:
    """The URL of an empty database, for the time of the block.

    SQLite: FOLDER/FILE-name.db, emptied first and left there for whoever wants to read it.
    PostgreSQL: a schema, dropped at the end; what failed or killed work left, the next one drops.
    Raises InputError for another kind of URL, StoreUnavailable when it cannot be opened.
    """
    parsed = parse_url(url)
    if parsed.get_backend_name() == "sqlite":
        yield _emptied_file(parsed, name)
        return
    with _own_schema(parsed) as schema_url:
        yield schema_url


def _emptied_file(url: URL, name: str) -> str:
    if url.database in (None, "", ":memory:"):
        raise InputError("store", str(url), "give a file: sqlite:///FOLDER/FILE.db")
    named = Path(url.database or "")
    path = named.with_name(f"{named.stem}-{name}{named.suffix}")
    for part in ("", "-wal", "-shm"):
        path.with_name(path.name + part).unlink(missing_ok=True)
    return str(url.set(database=str(path)))


@contextmanager
def _own_schema(url: URL) -> Iterator[str]:
    engine = Postgres().engine(url)
    try:
        # The claim is the connection's: it ends with the process, however that ends.
        with _connected(engine, url) as connection:
            schema = _claimed_schema(connection, url)
            yield _within(url, schema)
            connection.exec_driver_sql(f"DROP SCHEMA {schema} CASCADE")
    finally:
        engine.dispose()


def _connected(engine: Engine, url: URL) -> Connection:
    try:
        return engine.connect()
    except DBAPIError as error:
        raise _typed(error, url) from error


def _claimed_schema(connection: Connection, url: URL) -> str:
    try:
        schema = f"shapan_task_{_claim(connection)}"
        connection.exec_driver_sql(f"DROP SCHEMA IF EXISTS {schema} CASCADE")
        connection.exec_driver_sql(f"CREATE SCHEMA {schema}")
    except DBAPIError as error:
        raise _typed(error, url) from error
    return schema


def _claim(connection: Connection) -> int:
    for number in range(1, _PLACES_MAX + 1):
        claim = f"SELECT pg_try_advisory_lock({_CLAIM}, {number})"
        if connection.exec_driver_sql(claim).scalar():
            return number
    raise StoreUnavailable("find a free place", f"all {_PLACES_MAX} are in use")


def _within(url: URL, schema: str) -> str:
    given = url.query.get("options", "")
    options = f"{given} -csearch_path={schema}".strip()
    return url.update_query_dict({"options": options}).render_as_string(hide_password=False)


def _typed(error: DBAPIError, url: URL) -> Exception:
    cause: Any = error.orig
    if getattr(cause, "sqlstate", None) == _NOT_ALLOWED:
        shown = url.render_as_string(hide_password=True)
        return InputError("store", shown, "grant the user CREATE on the database")
    return Postgres().translated(cause, None, "open a place of its own")
