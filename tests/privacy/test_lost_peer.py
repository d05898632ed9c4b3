"""A party that dies, falls silent or is a stranger: a typed error in time, and no file."""

import signal
import socket
import ssl
import subprocess
from dataclasses import replace
from pathlib import Path
from time import monotonic, sleep

import pytest

from system.errors import PeerUnavailable
from system.privacy.records import Role
from system.privacy.training import train_together
from tests.privacy.parties import House, direct_ports, finish, start
from tests.privacy.population import books, write_csv
from tests.privacy.wiretap import wiretap

PATIENCE_S = 8
# The set intersection of 2,000 rows is over by then, and the training far from its end.
MID_TRAINING_BYTES = 30_000_000
# Not how fast: only that it ends by itself, also where other work holds the processors.
NOTICE_S_MAX = 12 * PATIENCE_S


@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "silent"])
@pytest.mark.parametrize("victim", list(Role))
def test_the_survivor_of_a_broken_training_says_so_in_time_and_writes_nothing(
    house: House, tmp_path: Path, victim: Role, blow: signal.Signals
) -> None:
    both = books(2_000, 5, seed=3)
    with wiretap(house.folder) as tap:
        parties = {}
        for role, own in both.own.items():
            extra = {"target": "target"} if role is Role.BANK else {}
            command = house.command(
                "train",
                role,
                tap.ports,
                data=write_csv(tmp_path / f"{role}.csv", own),
                model=tmp_path / f"{role}.json",
                patience_s=PATIENCE_S,
                **extra,
            )
            parties[role] = start(command)
        while tap.bytes_seen < MID_TRAINING_BYTES:
            sleep(0.02)
        strike(parties[victim], blow)
        struck_at = monotonic()
        code, _, error = finish(parties[victim.other])
        noticed_s = monotonic() - struck_at
        strike(parties[victim], signal.SIGKILL)
        parties[victim].communicate()
    assert code == 1
    assert error.startswith("PeerUnavailable: ")
    assert noticed_s < NOTICE_S_MAX
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bank.csv", "platform.csv"]


def strike(party: subprocess.Popen[str], blow: signal.Signals) -> None:
    """The program and the process of its protocol, as a power cut or a stopped machine would."""
    listing = Path(f"/proc/{party.pid}/task/{party.pid}/children")
    children = [int(child) for child in listing.read_text().split()] if listing.exists() else []
    for process in (party.pid, *children):
        subprocess.run(["kill", f"-{blow.value}", str(process)], check=False)


def test_a_party_whose_peer_never_comes_gives_up_after_its_patience(house: House) -> None:
    ports = direct_ports()
    endpoint = house.endpoint(Role.BANK, ports.own[Role.BANK], ports.seen_peer[Role.BANK])
    with pytest.raises(PeerUnavailable, match="did not connect"):
        train_together(replace(endpoint, patience_s=2), books(300, 3, seed=4).own[Role.BANK])


def test_a_party_does_not_talk_to_a_certificate_that_it_has_not_pinned(
    house: House, tmp_path: Path
) -> None:
    ports = direct_ports()
    both = books(300, 3, seed=4)
    commands = {}
    for role, own in both.own.items():
        extra: dict[str, object] = {"target": "target"} if role is Role.BANK else {}
        if role is Role.PLATFORM:
            extra = {
                name: house.folder / f"stranger.{end}"
                for name, end in (("cert", "pem"), ("key", "key"))
            }
        commands[role] = house.command(
            "train",
            role,
            ports,
            data=write_csv(tmp_path / f"{role}.csv", own),
            model=tmp_path / f"{role}.json",
            patience_s=PATIENCE_S,
            **extra,
        )
    outcomes = [finish(party) for party in [start(command) for command in commands.values()]]
    assert [code for code, _, _ in outcomes] == [1, 1]
    assert all(error.startswith("PeerUnavailable: ") for _, _, error in outcomes)
    assert not list(tmp_path.glob("*.json*"))


@pytest.mark.parametrize("shown", [None, "stranger"], ids=["no certificate", "a stranger's"])
def test_the_port_answers_nobody_but_the_pinned_peer(
    house: House, tmp_path: Path, shown: str | None
) -> None:
    ports = direct_ports()
    bank = books(300, 3, seed=4).own[Role.BANK]
    command = house.command(
        "train",
        Role.BANK,
        ports,
        data=write_csv(tmp_path / "bank.csv", bank),
        model=tmp_path / "bank.json",
        target="target",
        patience_s=PATIENCE_S,
    )
    party = start(command)
    try:
        raw = wait_for_port(ports.own[Role.BANK])
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        if shown:
            context.load_cert_chain(house.folder / f"{shown}.pem", house.folder / f"{shown}.key")
        with pytest.raises(OSError, match=r"(?i)alert|reset|eof|broken"):
            ask(context, raw)
    finally:
        strike(party, signal.SIGKILL)
        party.communicate()


def ask(context: ssl.SSLContext, raw: socket.socket) -> None:
    """brpc would serve its status pages here, if it served anybody."""
    with context.wrap_socket(raw) as line:
        line.sendall(b"GET /status HTTP/1.1\r\nHost: bank\r\n\r\n")
        if not line.recv(1):
            raise OSError("eof")


def wait_for_port(port: int) -> socket.socket:
    for _ in range(200):
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=10)
        except ConnectionRefusedError:
            sleep(0.05)
    raise AssertionError("the party does not listen")
