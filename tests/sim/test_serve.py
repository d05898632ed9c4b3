"""``shapan serve``: a bank that answers on loopback, in a process of its own."""

import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import httpx
import pytest


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.fixture(scope="module")
def bank() -> Iterator[tuple[str, str]]:
    """Address and first client's secret of a running bank."""
    port = free_port()
    command = [sys.executable, "-m", "sim", "serve", "--port", str(port)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        found = re.fullmatch(r"its secret: ([0-9a-f]{64})\n", process.stderr.readline())
        assert found
        address = f"http://127.0.0.1:{port}"
        wait_for(address)
        yield address, found[1]
        process.terminate()


def wait_for(address: str) -> None:
    for _ in range(300):
        try:
            httpx.get(f"{address}/health", timeout=5).raise_for_status()
            return
        except httpx.TransportError:
            time.sleep(0.1)
    pytest.fail("the bank did not answer within half a minute")


def test_it_answers_and_lets_the_first_client_in(bank: tuple[str, str]) -> None:
    address, secret = bank
    form = {"grant_type": "client_credentials"}
    issued = httpx.post(f"{address}/oauth/token", data=form, auth=("administrator", secret))
    headers = {"Authorization": f"Bearer {issued.json()['access_token']}"}
    party = {"party_id": "core-1", "name": "Core", "roles": 1, "kyc_expires_at_s": 1_950_000_000}
    answer = httpx.post(
        f"{address}/parties", json=party, headers=headers | {"Idempotency-Key": "1"}
    )
    assert answer.status_code == 202
    assert httpx.get(f"{address}/openapi.json").json()["openapi"] == "3.1.0"


def test_it_listens_on_loopback_alone(bank: tuple[str, str]) -> None:
    port = int(bank[0].rpartition(":")[2])
    other = socket.gethostbyname(socket.gethostname())
    if other.startswith("127."):
        pytest.skip("this machine has no address beside loopback")
    with pytest.raises(OSError, match="refused"), socket.create_connection((other, port), 5):
        pass
