"""Two parties as two operating-system processes, with or without a listener between them."""

import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.queues import Queue
from pathlib import Path
from typing import Any

from system.privacy.link import Link, connect
from system.privacy.records import Endpoint, Role

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 20
# A party that has not ended by then hangs: loading the libraries alone takes long on a busy day.
ENDS_S_MAX = 24 * PATIENCE_S
Task = Callable[[Link, Any], Any]


@dataclass(frozen=True)
class House:
    folder: Path

    def endpoint(self, role: Role, listen: int, peer: int, trusts: str = "") -> Endpoint:
        return Endpoint(
            role,
            f"127.0.0.1:{listen}",
            f"127.0.0.1:{peer}",
            self.folder / f"{role}.pem",
            self.folder / f"{role}.key",
            self.folder / f"{trusts or role.other}.pem",
            PATIENCE_S,
        )

    def both(self, task: Task, given: dict[Role, Any], listens: "Ports") -> dict[Role, Any]:
        """Run a task in two processes; its results, or the exceptions that ended it."""
        spawn = get_context("spawn")
        results: Queue[Any] = spawn.Queue()
        children = [
            spawn.Process(
                target=_child, args=(task, self._endpoint(role, listens), given[role], results)
            )
            for role in Role
        ]
        for child in children:
            child.start()
        outcome = dict(results.get(timeout=ENDS_S_MAX) for _ in children)
        for child in children:
            child.join()
        return outcome

    def _endpoint(self, role: Role, ports: "Ports") -> Endpoint:
        return self.endpoint(role, ports.own[role], ports.seen_peer[role])

    def command(self, purpose: str, role: Role, ports: "Ports", **options: object) -> list[str]:
        """The command line of one party; options with underscores for dashes."""
        own = {
            "role": role,
            "listen": ports.own[role],
            "peer": ports.seen_peer[role],
            "cert": self.folder / f"{role}.pem",
            "key": self.folder / f"{role}.key",
            "peer_cert": self.folder / f"{role.other}.pem",
            "patience_s": PATIENCE_S,
            "id": "id",
        } | options
        flags = [part for key, value in own.items() for part in (_flag(key), str(value))]
        return [sys.executable, "-m", "system.privacy.party", purpose, *flags]


@dataclass(frozen=True)
class Ports:
    """own: where each party listens. seen_peer: where it believes the other one to be."""

    own: dict[Role, int]
    seen_peer: dict[Role, int]


def direct_ports() -> Ports:
    bank, platform = free_port(), free_port()
    own = {Role.BANK: bank, Role.PLATFORM: platform}
    return Ports(own, {role: own[role.other] for role in Role})


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(command: list[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def finish(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, error = process.communicate(timeout=ENDS_S_MAX)
    return process.returncode, out, error


def _flag(key: str) -> str:
    return "--" + key.replace("_", "-")


def _child(task: Task, endpoint: Endpoint, given: Any, results: "Queue[Any]") -> None:
    try:
        with connect(endpoint) as link:
            result = task(link, given)
    except Exception as error:
        result = error
    results.put((endpoint.role, result))
