"""The process that serves a kept chain's state: started here, started again when it is gone."""

import os
import secrets
import socket
import subprocess
import sys
import weakref
from pathlib import Path

from system.errors import EvmUnavailable

_LOOPBACK = "127.0.0.1"


class StateProcess:
    """file: a shelf that exists. ``url`` is pyrevm's to read, and changes with each start.

    The word in it keeps others of this machine out. The process ends with this object, or with the
    process that made it, however that ends.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        _reach_without_proxy()
        self._start()

    def restart(self) -> None:
        """End what may be left of it, and start another."""
        self._end()
        self._start()

    def _start(self) -> None:
        """Returns before it answers: what asks meanwhile waits, and is refused where it dies."""
        word = secrets.token_hex(16)
        try:
            # This process keeps no copy: nobody shall wait in the queue of one that is dead.
            with socket.create_server((_LOOPBACK, 0)) as listening:
                self.url = f"http://{_LOOPBACK}:{listening.getsockname()[1]}/{word}"
                process = _started(self._file, listening.fileno())
            assert process.stdin is not None
            process.stdin.write(f"{word}\n".encode())
            process.stdin.flush()
        except OSError as error:
            raise EvmUnavailable("start what serves its state", str(error)) from error
        self.pid = process.pid
        self._end = weakref.finalize(self, _ended, process)


def _reach_without_proxy() -> None:
    """pyrevm's HTTP client goes by the variables of proxies, for the loopback interface too."""
    for name in ("no_proxy", "NO_PROXY"):
        hosts = os.environ.get(name, "")
        if _LOOPBACK not in hosts.split(","):
            os.environ[name] = f"{hosts},{_LOOPBACK}" if hosts else _LOOPBACK


def _started(file: Path, listening_fd: int) -> "subprocess.Popen[bytes]":
    command = [
        sys.executable,
        # Whatever lies in the folder where the bank runs is none of ours.
        "-P",
        "-m",
        "system.adapters.evm_state_server",
        str(file),
        str(listening_fd),
    ]
    paths = os.pathsep.join(path for path in sys.path if path)
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        pass_fds=[listening_fd],
        # Nothing else of the parent's: its variables hold secrets.
        env={"PYTHONPATH": paths, **_passed_on()},
    )


def _passed_on() -> dict[str, str]:
    names = ("PATH", "LD_LIBRARY_PATH")
    return {name: os.environ[name] for name in names if name in os.environ}


def _ended(process: "subprocess.Popen[bytes]") -> None:
    process.kill()
    process.communicate()
