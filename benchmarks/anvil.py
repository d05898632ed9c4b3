"""Start npm's anvil on a free loopback port: the node that the HTTP chain is tested against."""

import os
import platform
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

REMEDY = "run `make test` once (it installs anvil from npm), or set SHAPAN_ANVIL to its program"
_BUILD = Path(__file__).parents[1] / "build/anvil/node_modules/@foundry-rs"
_ARCHITECTURE = {"x86_64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
_START_S_MAX = 20


def anvil_program() -> str | None:
    """Where anvil is: SHAPAN_ANVIL, the build folder, or the PATH."""
    if given := os.environ.get("SHAPAN_ANVIL"):
        return given
    package = f"anvil-{platform.system().lower()}-{_ARCHITECTURE.get(platform.machine(), '')}"
    built = _BUILD / package / "bin/anvil"
    return str(built) if built.exists() else shutil.which("anvil")


@contextmanager
def anvil(
    program: str,
    *,
    chain_id: int,
    genesis_time_s: int,
    order: str = "fifo",
    block_time_s: int = 0,
) -> Iterator[str]:
    """The URL of a fresh node: no fees, no block gas limit in reach, blocks on demand.

    order: of the transactions in a block, fifo or fees.  block_time_s: it makes its own blocks, one
    in so many seconds.
    """
    port = _free_port()
    options = {
        "port": str(port),
        "chain-id": str(chain_id),
        "timestamp": str(genesis_time_s),
        "hardfork": "cancun",
        "order": order,
        "gas-limit": str(10**12),
        "base-fee": "0",
        "gas-price": "0",
        "accounts": "1",
        # With a bound, no old state goes to disk (its --help). Measured on 1.7.1, one run each, at
        # block 2,000: 7.5 ms a block with the bound, 9.6 without, 7.2 with no history at all.
        # Inferred, not measured: what still grows is the state trie, rebuilt for every block by
        # versions before foundry's pull request 15715, and 1.7.1 is older than that.
        "prune-history": "128",
    }
    flags = [part for name, value in options.items() for part in (f"--{name}", value)]
    flags += ["--block-time", str(block_time_s)] if block_time_s else ["--no-mining"]
    process = subprocess.Popen(
        [program, *flags, "--disable-min-priority-fee", "--silent"],
        stdout=subprocess.DEVNULL,
    )
    try:
        _wait_for(port, process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(_START_S_MAX * 50):
        if process.poll() is not None:
            raise RuntimeError(f"anvil ended at once with exit code {process.returncode}")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        # The wait is the pause between two looks; that it times out is the good case.
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.02)
    raise RuntimeError(f"anvil did not listen within {_START_S_MAX} s")
