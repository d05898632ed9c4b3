"""A throw-away Mosquitto for tests, or a loud notice that there is none."""

import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

REQUIRE_VARIABLE = "SHAPAN_REQUIRE_MOSQUITTO"
ABSENT = (
    "Mosquitto is absent: the broker port was NOT tested on it. Install it (Debian: mosquitto, "
    f"mosquitto-clients); {REQUIRE_VARIABLE}=1 turns this skip into a failure"
)
_PLACES = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))


def program(name: str) -> str:
    """The path of one of Mosquitto's programs; skips, or fails where it is required."""
    found = shutil.which(name, path=_PLACES)
    if found is None:
        if os.environ.get(REQUIRE_VARIABLE) == "1":
            pytest.fail(ABSENT)
        pytest.skip(ABSENT)
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Mosquitto:
    """A server of one configuration, started, ended and started again."""

    def __init__(self, config: Path, port: int) -> None:
        self._program = program("mosquitto")
        self._config, self._port = config, port
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [self._program, "-c", str(self._config)]
        # As root it would become the user of its package, who may not read a test's folder.
        if os.geteuid() == 0:
            text = self._config.read_text()
            if "user root" not in text:
                self._config.write_text(text + "user root\n")
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        for _ in range(2_000):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self._port)) == 0:
                    return
            assert self._process.poll() is None, "Mosquitto ended at once"
            time.sleep(0.005)
        raise AssertionError("Mosquitto does not listen")

    def end(self, kind: signal.Signals = signal.SIGTERM) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(kind)
            process.wait()
