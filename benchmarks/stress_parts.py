"""`python -m benchmarks.stress_parts [shapan stress options]`: the load on parts of other makers.

Starts PostgreSQL, Mosquitto and anvil on this machine and runs `shapan stress` on them: the same
arrivals as on embedded parts, for figures beside theirs. anvil seals each transaction at once and
is final at once, as consortium chains are. With the profile ``faults`` each of the three is struck
once as well: the database and the broker as by a crash, the node, which keeps its chain in memory,
as by an operator.
"""

import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.anvil import REMEDY, anvil_program
from sim.__main__ import call
from sim.stress.fleet import GATEWAYS, gateway_id
from sim.stress.run import SECRET
from sim.stress.server import LOOPBACK, free_port, wait_for_port
from system.adapters.mqtt_mosquitto import Listener, configure
from system.api.clients import ClientDesk
from system.api.telemetry import account_of_bank, account_of_gateway
from system.ports.broker import Account
from tests.mosquitto import program
from tests.postgres import cluster, restart_command

_AGAIN = "again"


def accounts() -> list[Account]:
    """Of the bank under load and its fleet's gateways: their secrets follow from the bank's."""
    desk = ClientDesk(sha256(b"shapan/clients/" + SECRET).digest())
    names = [gateway_id(number) for number in range(GATEWAYS)]
    fleet = [account_of_gateway(name, desk.secret_of_device(name)) for name in names]
    return [account_of_bank(desk), *fleet]


@contextmanager
def broker_at(folder: Path) -> Iterator[tuple[str, str]]:
    """The URL of a Mosquitto that comes back when it is killed, and the command that kills it."""
    port = free_port()
    config = configure(folder, accounts(), Listener(port=port), is_durable=True)
    if os.geteuid() == 0:
        config.write_text(config.read_text() + "user root\n")
    with kept_up([program("mosquitto"), "-c", str(config)], port) as process_id:
        yield f"mqtt://{LOOPBACK}:{port}", _again("KILL", process_id, port)


@contextmanager
def node(folder: Path) -> Iterator[tuple[str, str]]:
    """The URL of an anvil that seals at once, and the command that starts it again with its chain.

    It keeps the chain in memory, and in a file from an orderly end to the next start.
    """
    found = anvil_program()
    if found is None:
        sys.exit(f"anvil is absent: {REMEDY}")
    port = free_port()
    options = ["--port", str(port), "--gas-limit", str(10**12), "--base-fee", "0"]
    options += ["--gas-price", "0", "--order", "fifo", "--hardfork", "cancun", "--silent"]
    options += ["--disable-min-priority-fee", "--state", str(folder / "chain.json")]
    with kept_up([found, *options], port) as process_id:
        yield f"http://{LOOPBACK}:{port}", _again("TERM", process_id, port)


@contextmanager
def kept_up(command: Sequence[str], port: int) -> Iterator[int]:
    """The id of a shell whose only child is this server: whenever it ends, it starts again."""
    line = f"while :; do {shlex.join(command)}; sleep 0.1; done"
    shell = subprocess.Popen(["sh", "-c", line], stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        wait_for_port(port)
        yield shell.pid
    finally:
        os.killpg(shell.pid, signal.SIGKILL)
        shell.wait()


def _again(kind: str, shell_id: int, port: int) -> str:
    """The shell command that ends what is kept up, and waits until its port answers again."""
    return shlex.join(
        (sys.executable, "-m", "benchmarks.stress_parts", _AGAIN, kind, str(shell_id), str(port))
    )


def again(kind: str, shell_id: str, port: str) -> None:
    """What ``_again`` asks for."""
    subprocess.run(["pkill", f"-{kind}", "-P", shell_id], check=True)
    while _answers(int(port)):
        time.sleep(0.01)
    wait_for_port(int(port))


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((LOOPBACK, port)) == 0


def main() -> int:
    """The exit code of `shapan stress`."""
    if sys.argv[1:2] == [_AGAIN]:
        again(*sys.argv[2:])
        return 0
    with ExitStack() as parts, TemporaryDirectory() as place:
        folder = Path(place)
        broker, broker_again = parts.enter_context(broker_at(folder))
        store = parts.enter_context(cluster())
        chain, node_again = parts.enter_context(node(folder))
        os.environ["SHAPAN_CONFIRMATIONS"] = "0"
        urls = ["--store", store, "--broker", broker, "--evm", chain]
        restarts = {
            "database": restart_command(store),
            "broker": broker_again,
            "node": node_again,
        }
        if "faults" in sys.argv:
            urls += [f"--restart={part}={command}" for part, command in restarts.items()]
        return call(["stress", *sys.argv[1:], *urls])


if __name__ == "__main__":
    sys.exit(main())
