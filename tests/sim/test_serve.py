"""``shapan serve``: a bank that answers on loopback, in a process of its own."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from sim.stress.bank import found_shop
from system.errors import InputError
from tests.sim.toy_runs import ROOT


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


# What the walk of the handbook says of the states in which things end.
WALKED = [
    "payment: settled",
    "receivable: settled",
    "approved: True",
    "draw: settled",
    "repaid: 500000 fen",
    "line: 0 fen outstanding",
    "newcomer: declined_history_short",
    "lease: 5000 fen returned",
    "machine: 396000 engine seconds",
    r"rent: [1-9]\d* fen billed",
    r"lease: ([1-9]\d*) of \1 fen paid",
    "lease: 0 fen due",
]


@dataclass
class Bank:
    """Where it answers, its first client's secret, and where its devices connect."""

    address: str
    secret: str
    mqtt_port: int
    tokens: dict[str, str] = field(default_factory=dict)
    keys: int = 0

    def token(self, client: str, secret: str) -> None:
        form = {"grant_type": "client_credentials"}
        issued = httpx.post(
            f"{self.address}/oauth/token", data=form, auth=(client, secret), timeout=60
        )
        self.tokens[client] = issued.json()["access_token"]

    def post(self, path: str, body: Any, client: str = "administrator") -> httpx.Response:
        self.keys += 1
        headers = {
            "Authorization": f"Bearer {self.tokens[client]}",
            "Idempotency-Key": f"key-{self.keys}",
        }
        return httpx.post(f"{self.address}{path}", json=body, headers=headers, timeout=60)

    def get(self, path: str, client: str) -> Any:
        headers = {"Authorization": f"Bearer {self.tokens[client]}"}
        return httpx.get(f"{self.address}{path}", headers=headers, timeout=60).json()


@pytest.fixture(scope="module")
def bank() -> Iterator["Bank"]:
    """A running bank."""
    port = free_port()
    mqtt = free_port()
    command = [sys.executable, "-m", "sim", "serve", "--shop"]
    command += ["--port", str(port), "--mqtt-port", str(mqtt)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        found = re.fullmatch(r"its secret: ([0-9a-f]{64})\n", process.stderr.readline())
        assert found
        address = f"http://127.0.0.1:{port}"
        wait_for(address, lambda: process.poll() is None)
        yield Bank(address, found[1], mqtt)
        process.terminate()


def wait_for(address: str, lives: Callable[[], bool]) -> None:
    """Until the server answers there, which fails at once where it lives no more."""
    ends = time.monotonic() + 180
    while time.monotonic() < ends:
        assert lives(), "the server ended"
        try:
            httpx.get(f"{address}/health", timeout=5).raise_for_status()
            return
        except httpx.TransportError:
            time.sleep(0.1)
    pytest.fail("the bank did not answer within three minutes")


def test_it_answers_and_lets_the_first_client_in(bank: Bank) -> None:
    bank.token("administrator", bank.secret)
    party = {"party_id": "core-1", "name": "Core", "roles": 1, "kyc_expires_at_s": 1_950_000_000}
    assert bank.post("/parties", party).status_code == 202
    assert httpx.get(f"{bank.address}/openapi.json").json()["openapi"] == "3.1.0"
    assert httpx.get(f"{bank.address}/", follow_redirects=True).status_code == 200


def test_it_listens_on_loopback_alone(bank: Bank) -> None:
    other = socket.gethostbyname(socket.gethostname())
    if other.startswith("127."):
        pytest.skip("this machine has no address beside loopback")
    for port in (int(bank.address.rpartition(":")[2]), bank.mqtt_port):
        with pytest.raises(OSError, match="refused"), socket.create_connection((other, port), 5):
            pass


def say(bank: Bank, device: dict[str, str], lat: float, ago_s: int) -> None:
    """The commission's own JSON, by a stock client."""
    reading = {
        "device_id": device["device_id"],
        "timestamp": httpx.get(f"{bank.address}/health").json()["now_s"] - ago_s,
        "location": {"lat": lat, "lon": 113.005},
        "working_hours": 100 - ago_s / 3_600,
        "fuel_consumption": 900 - ago_s / 400,
    }
    command = ["mosquitto_pub", "-h", "127.0.0.1", "-p", str(bank.mqtt_port), "-q", "1"]
    command += ["-u", device["mqtt_user"], "-i", device["mqtt_user"], "-P", device["mqtt_secret"]]
    command += ["-t", device["topic"], "-m", json.dumps(reading)]
    subprocess.run(command, check=True, timeout=30)


@pytest.mark.skipif(
    shutil.which("mosquitto_pub") is None and not os.environ.get("SHAPAN_REQUIRE_MOSQUITTO"),
    reason="needs Debian's mosquitto-clients",
)
def test_a_stock_mqtt_client_reports_a_theft_and_the_alert_comes_out_at_the_api(
    bank: Bank,
) -> None:
    bank.token("administrator", bank.secret)
    lessor = {"client_id": "lessor", "party_id": "l", "roles": ["lessor"], "scopes": ["leasing"]}
    bank.token("lessor", bank.post("/clients", lessor).json()["client_secret"])
    corners = [[113, 34], [113.01, 34], [113.01, 34.01], [113, 34.01], [113, 34]]
    fence = json.dumps({"type": "Polygon", "coordinates": [corners]})
    site = bank.post("/leasing/sites", {"name": "pit", "fence": fence}, "lessor").json()["site"]
    bank.post("/leasing/fleets", {"fleet": "f", "unsigned_allowed": True}, "lessor")
    machine = bank.post("/leasing/machines", {"site": site}, "lessor").json()["machine"]
    terminal = {"device_id": "EXC-1", "machine": machine, "fleet": "f"}
    device = bank.post("/leasing/devices", terminal, "lessor").json()
    for lat, ago_s in ((34.005, 3_000), (34.005, 2_400), (34.2, 1_800), (34.3, 1_200)):
        say(bank, device, lat, ago_s)
    ends = time.monotonic() + 60
    while time.monotonic() < ends:
        found = bank.get("/leasing/alerts?open=true", "lessor")["alerts"]
        if any(alert["kind"] == "geofence" for alert in found):
            return
        time.sleep(0.1)
    pytest.fail(f"no alert after a minute: {found}")


@pytest.mark.skipif(
    not (shutil.which("curl") and shutil.which("mosquitto_pub")) and not os.environ.get("CI"),
    reason="needs curl and Debian's mosquitto-clients",
)
def test_the_walk_of_the_handbook_works_as_it_is_written(bank: Bank, tmp_path: Path) -> None:
    text = (ROOT / "docs" / "OPERATIONS.md").read_text(encoding="utf-8")
    found = re.search(r"```bash walk\n(.*?)\n```", text, re.DOTALL)
    assert found
    places = {"BANK": bank.address, "SECRET": bank.secret, "MQTT": str(bank.mqtt_port)}
    places["TMPDIR"] = str(tmp_path)
    environment = os.environ | places
    command = ["bash", "-euo", "pipefail", "-c", found[1]]
    done = subprocess.run(
        command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    told = [line for line in done.stdout.splitlines() if re.match(r"[a-z]+: ", line)]
    assert len(told) == len(WALKED), done.stdout + done.stderr
    for line, wanted in zip(told, WALKED, strict=True):
        assert re.fullmatch(wanted, line), done.stdout + done.stderr


def test_a_shop_to_try_out_is_founded_in_a_new_database_alone(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'bank.db'}"
    found_shop(url, 1_790_000_000, "platform-1")
    with pytest.raises(InputError, match="name a database that is new"):
        found_shop(url, 1_790_000_000, "platform-1")
