"""From the environment to a gateway that does what its variables say."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from sim.qa.bank import START_S, HeldClock
from system.__main__ import opening_from
from system.adapters.rail_embedded import TRANSFERS
from system.api.access import SCOPES, Caller, Role
from system.api.clients import CLIENTS
from system.api.problems import Problem
from system.api.start import ADMINISTRATOR, Process
from system.api.telemetry import BANK_USER, account_of_bank
from system.compliance.records import AUDIT
from system.errors import InputError
from system.payments.instructions import Initiation, Instruction, write_initiation

ROOT = Path(__file__).resolve().parents[3]
CALLER = Caller("auditor", "", Role.AUDITOR, tuple(SCOPES))
OLD, NEW = "ab" * 32, "cd" * 32


def private(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    return str(path)


def environment(folder: Path) -> dict[str, str]:
    """Books and a chain in the folder."""
    secret = private(folder / "secret", "a secret for tests only")
    places = {"SHAPAN_STORE": f"sqlite:///{folder}/bank.db", "SHAPAN_EVM": "revm"}
    return places | {"SHAPAN_CHAIN_FILE": str(folder / "chain"), "SHAPAN_SECRET_FILE": secret}


@contextmanager
def opened(folder: Path, **variables: str) -> Iterator[Process]:
    """A gateway of this environment over the books and the chain of the folder."""
    process = Process(opening_from(environment(folder) | variables, HeldClock()))
    try:
        yield process
    finally:
        process.close()


def token_of(process: Process) -> str:
    return process.gateway.tokens.issue(CALLER, HeldClock().now_s())


def client_of(process: Process, token: str) -> str:
    return process.gateway.tokens.holder_of(token, HeldClock().now_s())[0]


def test_a_token_outlives_the_rotation_of_its_key_until_the_key_is_dropped(tmp_path: Path) -> None:
    with opened(tmp_path) as first:
        by_secret = token_of(first)
    keys = {"SHAPAN_TOKEN_KEYS_FILE": private(tmp_path / "keys", f"{OLD}\nsecret\n")}
    with opened(tmp_path, **keys) as second:
        by_old = token_of(second)
        assert client_of(second, by_secret) == "auditor"
    private(tmp_path / "keys", f"{NEW}\n{OLD}\n")
    with opened(tmp_path, **keys) as third:
        assert client_of(third, by_old) == client_of(third, token_of(third)) == "auditor"
        with pytest.raises(Problem, match="not issued here"):
            client_of(third, by_secret)


@pytest.mark.parametrize(
    ("terms", "settles_s"),
    [
        ({}, START_S),
        ({"CUT_OFF_S": "39600", "OPENS_S": "28800", "CYCLE_S": "3600"}, START_S + 20 * 3_600),
    ],
    ids=["at once", "after the cut-off"],
)
def test_the_embedded_rail_keeps_the_hours_of_the_environment(
    tmp_path: Path, terms: dict[str, str], settles_s: int
) -> None:
    part = Instruction("P1", 12_345, "n", "6222000000000001", "102100099996", "text")
    message = write_initiation(Initiation("M1", (part,)), START_S)
    with opened(tmp_path, **{f"SHAPAN_RAIL_{name}": text for name, text in terms.items()}) as bank:
        bank.rail.submit("M1", message)
        with bank.gateway.services.unit() as unit:
            [row] = unit.scan(TRANSFERS)
    assert row.settled_at_s == settles_s


def said(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """By the program itself, in the folder."""
    variables = {**os.environ, "PYTHONPATH": str(ROOT), **environment(folder)}
    command = [sys.executable, "-m", "system", *arguments]
    return subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True)


def test_a_bank_learns_its_first_clients_secret(tmp_path: Path) -> None:
    first, again = said(tmp_path, "secrets"), said(tmp_path, "secrets")
    assert (first.returncode, first.stderr) == (0, "")
    told = dict(line.split() for line in first.stdout.splitlines())
    assert again.stdout == first.stdout
    with opened(tmp_path) as process:
        clients = process.gateway.services.clients
        with process.gateway.services.unit() as unit:
            assert clients.authenticate(unit, ADMINISTRATOR, told[ADMINISTRATOR])
        assert told[BANK_USER] == account_of_bank(clients).secret
        with process.gateway.services.unit() as unit:
            clients.replace_secret(unit, ADMINISTRATOR, "another")
    later = said(tmp_path, "secrets")
    assert later.stdout.split() == [BANK_USER, told[BANK_USER]]
    assert "counts no more" in later.stderr


def test_the_host_gives_a_client_its_key(tmp_path: Path) -> None:
    """The first administrator's, which nobody else can give, and one that was lost."""
    assert said(tmp_path, "signer", ADMINISTRATOR, "ab" * 32).returncode == 0
    with opened(tmp_path) as process, process.gateway.services.unit() as unit:
        [row] = unit.get(CLIENTS, [(ADMINISTRATOR,)])
        assert row is not None
        assert row.signer == b"\xab" * 32
        [link] = unit.scan(AUDIT)
        assert (link.actor, link.subject) == ("host", f"client/{ADMINISTRATOR}")


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ((ADMINISTRATOR, "ab"), "key"),
        (("nobody", "ab" * 32), "client"),
        ((ADMINISTRATOR,), "argument"),
    ],
)
def test_a_key_or_client_that_is_none_is_refused(
    tmp_path: Path, arguments: tuple[str, ...], named: str
) -> None:
    answered = said(tmp_path, "signer", *arguments)
    assert (answered.returncode, answered.stdout) == (2, "")
    assert answered.stderr.startswith(f"{named} = ")


def test_where_signatures_are_asked_for_an_administrator_has_a_key(tmp_path: Path) -> None:
    """One who could sign nothing could agree to nothing, and nobody could be admitted any more."""
    second = Caller("second", "", Role.ADMINISTRATOR, tuple(SCOPES))
    with opened(tmp_path, SHAPAN_REQUIRE_SIGNATURES="1") as process:
        services = process.gateway.services
        assert process.administrator_secret(), "the first begins without"
        with services.unit() as unit:
            with pytest.raises(InputError, match="signer"):
                services.clients.admit(unit, second, "k", START_S)
            assert services.clients.admit(unit, replace(second, signer=b"k" * 32), "k", START_S)
            assert services.clients.admit(unit, CALLER, "k", START_S)


def test_a_word_that_means_nothing_is_refused(tmp_path: Path) -> None:
    answered = said(tmp_path, "secret")
    assert answered.returncode == 2
    assert "secrets" in answered.stderr
