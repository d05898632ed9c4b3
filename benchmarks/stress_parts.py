"""`python -m benchmarks.stress_parts [shapan stress options]`: the load on parts of other makers.

Starts PostgreSQL, Mosquitto and anvil on this machine and runs `shapan stress` on them: the same
arrivals as on embedded parts, for figures beside theirs. anvil seals each transaction at once and
is final at once, as consortium chains are.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.anvil import REMEDY, anvil_program
from benchmarks.telemetry_rigs import mosquitto_at
from sim.__main__ import call
from sim.stress.fleet import GATEWAYS, gateway_id
from sim.stress.run import SECRET
from sim.stress.server import LOOPBACK, free_port, wait_for_port
from system.api.clients import ClientDesk
from system.api.telemetry import account_of_bank, account_of_gateway
from system.ports.broker import Account
from tests.postgres import cluster


def accounts() -> list[Account]:
    """Of the bank under load and its fleet's gateways: their secrets follow from the bank's."""
    desk = ClientDesk(sha256(b"shapan/clients/" + SECRET).digest())
    names = [gateway_id(number) for number in range(GATEWAYS)]
    fleet = [account_of_gateway(name, desk.secret_of_device(name)) for name in names]
    return [account_of_bank(desk), *fleet]


@contextmanager
def node() -> Iterator[str]:
    """The URL of an anvil that seals at once."""
    program = anvil_program()
    if program is None:
        sys.exit(f"anvil is absent: {REMEDY}")
    port = free_port()
    options = ["--port", str(port), "--gas-limit", str(10**12), "--base-fee", "0"]
    options += ["--gas-price", "0", "--order", "fifo", "--hardfork", "cancun", "--silent"]
    process = subprocess.Popen(
        [program, *options, "--disable-min-priority-fee", "--prune-history", "128"]
    )
    try:
        wait_for_port(port)
        yield f"http://{LOOPBACK}:{port}"
    finally:
        process.kill()
        process.wait()


def main() -> int:
    """The exit code of `shapan stress`."""
    with ExitStack() as parts, TemporaryDirectory() as folder:
        broker = parts.enter_context(mosquitto_at(Path(folder), accounts()))
        store = parts.enter_context(cluster())
        chain = parts.enter_context(node())
        os.environ["SHAPAN_CONFIRMATIONS"] = "0"
        urls = ["--store", store, "--broker", broker, "--evm", chain]
        return call(["stress", *sys.argv[1:], *urls])


if __name__ == "__main__":
    sys.exit(main())
