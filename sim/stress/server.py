"""The system under load, a process of its own: ``python -m system``, set up by environment."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import urlopen

from system.errors import InputError, OperationalError

_START_S_MAX: Final = 180.0
_STOP_S_MAX: Final = 20.0
LOOPBACK: Final = "127.0.0.1"
_MQTT_PORT: Final = 1883


class NotUp(OperationalError):
    """A process that should answer does not."""

    def __init__(self, what: str, log: Path) -> None:
        super().__init__(f"{what} does not answer; see {log}")


def free_port() -> int:
    """A port of the loopback interface that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def wait_for_port(port: int) -> None:
    """Return once somebody listens on this port of the loopback. Raises NotUp."""
    until = time.monotonic() + _START_S_MAX
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex((LOOPBACK, port)) == 0:
                return
        time.sleep(0.02)
    raise NotUp(f"port {port}", Path())


@dataclass(slots=True)
class Server:
    """One gateway process in a folder. settings: further variables of docs/OPERATIONS.md.

    prefix: a command that runs it, such as one that limits what it may use.
    """

    folder: Path
    secret: bytes
    settings: Mapping[str, str]
    port: int
    mqtt_port: int
    prefix: tuple[str, ...] = ()
    process: "subprocess.Popen[bytes] | None" = None

    @classmethod
    def of(cls, folder: Path, secret: bytes, settings: Mapping[str, str]) -> "Server":
        """Not yet started, on free ports."""
        return cls(folder, secret, settings, free_port(), free_port())

    @property
    def store_url(self) -> str:
        """The books: a file in the folder, unless the settings say otherwise."""
        return self.settings.get("SHAPAN_STORE", f"sqlite:///{self.folder}/bank.db")

    @property
    def broker_url(self) -> str:
        """Where terminals connect."""
        usual = f"mqtt://{LOOPBACK}:{self.mqtt_port}"
        return self.settings.get("SHAPAN_BROKER", usual)

    def broker_place(self) -> tuple[str, int]:
        """Its host and port, for a relay. Raises InputError where TLS would notice the relay."""
        parts = urlsplit(self.broker_url)
        if parts.scheme != "mqtt" or parts.hostname is None:
            remedy = "write mqtt://HOST:PORT: where faults are planned, a relay stands before it"
            raise InputError("broker", parts.scheme, remedy)
        return parts.hostname, parts.port or _MQTT_PORT

    def parts(self) -> dict[str, str]:
        """What stands behind the ports, in one word each."""
        store = self.store_url.partition(":")[0]
        evm = self.settings.get("SHAPAN_EVM", "revm")
        broker = "embedded" if "SHAPAN_BROKER" not in self.settings else "mqtt"
        return {"store": store, "evm": "node" if "://" in evm else evm, "broker": broker}

    @property
    def log(self) -> Path:
        """What the process writes on its error stream."""
        return self.folder / "server.log"

    def start(self) -> None:
        """Start it and wait for its first answer. Raises NotUp."""
        secret_file = self.folder / "secret"
        secret_file.write_bytes(self.secret)
        secret_file.chmod(0o600)
        given = {
            "SHAPAN_SECRET_FILE": str(secret_file),
            "SHAPAN_PORT": str(self.port),
            "SHAPAN_MQTT_PORT": str(self.mqtt_port),
            "SHAPAN_STORE": self.store_url,
            "SHAPAN_EVM": "revm",
            "SHAPAN_CHAIN_FILE": str(self.folder / "chain"),
            "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        }
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*self.prefix, sys.executable, "-m", "system"],
                cwd=self.folder,
                env={**os.environ, **given, **self.settings},
                stdout=log,
                stderr=log,
            )
        self._wait()

    def _wait(self) -> None:
        until = time.monotonic() + _START_S_MAX
        while time.monotonic() < until:
            if self.process is None or self.process.poll() is not None:
                break
            try:
                with urlopen(f"http://{LOOPBACK}:{self.port}/health", timeout=5):  # nosec B310
                    return
            except (URLError, OSError):
                time.sleep(0.02)
        raise NotUp("the gateway", self.log)

    def kill(self) -> None:
        """As a power cut to the process: nothing is flushed, nobody is told."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def stop(self) -> None:
        """As an operator would."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(_STOP_S_MAX)
            except subprocess.TimeoutExpired:
                self.kill()

    def rss_bytes(self) -> int:
        """Memory that the process and those it started hold, 0 where the machine does not tell."""
        pids = [] if self.process is None else [self.process.pid, *self.started()]
        return sum(_rss_bytes(pid) for pid in pids)

    def started(self) -> list[int]:
        """Which processes live that the gateway started: one serves its chain's state."""
        if self.process is None:
            return []
        found: list[int] = []
        for told in Path(f"/proc/{self.process.pid}/task").glob("*/children"):
            with suppress(OSError):
                found += map(int, told.read_text(encoding="ascii").split())
        return sorted(pid for pid in found if _lives(pid))


def _lives(pid: int) -> bool:
    """What has ended, and whose end nobody took note of yet, has no command any more."""
    try:
        return bool(Path(f"/proc/{pid}/cmdline").read_bytes())
    except OSError:
        return False


def _rss_bytes(pid: int) -> int:
    try:
        pages = Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]
    except (OSError, IndexError):
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE")
