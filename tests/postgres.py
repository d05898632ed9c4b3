"""A throw-away PostgreSQL cluster for tests, or a loud notice that there is none."""

import glob
import itertools
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote

import psycopg
import pytest
from sqlalchemy import make_url

URL_VARIABLE = "SHAPAN_POSTGRES_URL"
REQUIRE_VARIABLE = "SHAPAN_REQUIRE_POSTGRES"
ABSENT = (
    "PostgreSQL is absent: the store was NOT tested on it. Install it (Debian: postgresql), "
    f"or give {URL_VARIABLE}; {REQUIRE_VARIABLE}=1 turns this skip into a failure"
)
_numbers = itertools.count()


@contextmanager
def cluster() -> Iterator[str]:
    """The URL of a server: the one that the environment names, or one of our own."""
    given = os.environ.get(URL_VARIABLE)
    if given:
        yield given
        return
    tools = _tools()
    if tools is None:
        if os.environ.get(REQUIRE_VARIABLE) == "1":
            pytest.fail(ABSENT)
        pytest.skip(ABSENT)
    with _own_cluster(tools) as url:
        yield url


def _tools() -> str | None:
    found = shutil.which("pg_ctl")
    if found:
        return os.path.dirname(os.path.realpath(found))
    folders = sorted(glob.glob("/usr/lib/postgresql/*/bin"))
    return folders[-1] if folders else None


@contextmanager
def _own_cluster(tools: str) -> Iterator[str]:
    folder = tempfile.mkdtemp(prefix="shapan-pg-")
    # PostgreSQL refuses to run as root; Debian's package brings the user postgres.
    user = "postgres" if os.geteuid() == 0 else None
    if user:
        shutil.chown(folder, user)
    data, log = f"{folder}/data", f"{folder}/log"

    def run(tool: str, *arguments: str) -> None:
        command = [f"{tools}/{tool}", *arguments]
        subprocess.run(command, check=True, user=user, cwd=folder, stdout=subprocess.DEVNULL)

    try:
        run("initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")
        options = f"-k {folder} -c listen_addresses=''"
        run("pg_ctl", "start", "-w", "-D", data, "-l", log, "-o", options)
        try:
            yield f"postgresql://postgres@/postgres?host={quote(folder)}"
        finally:
            run("pg_ctl", "stop", "-m", "immediate", "-D", data)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def restart_command(url: str) -> str:
    """The shell command that ends a cluster of our own as a crash does, and starts it again."""
    folder = make_url(url).query["host"]
    command = f"{_tools()}/pg_ctl restart -m immediate -w -D {folder}/data -l {folder}/log"
    return f"{'runuser -u postgres -- ' if os.geteuid() == 0 else ''}{command} >{os.devnull}"


@contextmanager
def fresh_schema(url: str) -> Iterator[str]:
    """A URL whose tables live in a schema of their own."""
    name = f"shapan_{os.getpid()}_{next(_numbers)}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f'CREATE SCHEMA "{name}"')
        try:
            joint = "&" if "?" in url else "?"
            yield f"{url}{joint}options=-csearch_path%3D{name}"
        finally:
            connection.execute(f'DROP SCHEMA "{name}" CASCADE')


@contextmanager
def fresh_database(url: str) -> Iterator[str]:
    """The URL of a database of its own: nobody else's schemas, locks or roles in it."""
    name = f"shapan_{os.getpid()}_{next(_numbers)}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
        try:
            yield make_url(url).set(database=name).render_as_string(hide_password=False)
        finally:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
