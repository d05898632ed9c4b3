"""The process that serves a kept chain's state: whom it answers, what it knows, when it ends."""

import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from system.adapters.evm_shelf import Shelf
from system.adapters.evm_state_process import StateProcess
from system.ports.evm import Call
from tests.ports.evm_box import COUNT, READ_COUNT
from tests.system.kept_world import (
    MAKER,
    OTHER,
    box_of,
    is_running,
    opened,
    run,
    viewed,
)


def test_an_odd_place_and_a_proxy_are_no_hindrance(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, "example.org")
    (tmp_path / "a b?c#d%20").mkdir()
    monkeypatch.chdir(tmp_path)
    chain = opened(Path("a b?c#d%20/c"), transactions_per_window=1)
    box = box_of(chain)
    run(chain, (MAKER, box, COUNT))
    run(chain, (MAKER, box, COUNT))
    assert int.from_bytes(viewed(chain, box, READ_COUNT)) == 2


def test_the_state_is_served_to_nobody_without_the_word(tmp_path: Path) -> None:
    Shelf(tmp_path / "s")
    process = StateProcess(tmp_path / "s")
    address, _, _ = process.url.rpartition("/")
    asked = {"id": 3, "method": "eth_getBalance", "params": [MAKER, "0x0"]}
    answer = httpx.post(process.url, json=asked, timeout=60).json()
    assert answer == {"jsonrpc": "2.0", "id": 3, "result": "0x0"}
    for url, content in (
        (address, b"{}"),
        (f"{process.url}x", b"{}"),
        (process.url, b"{}"),
        (process.url, b"no JSON"),
        (process.url, b"9" * 99_999),
    ):
        assert httpx.post(url, content=content).status_code == 404
    assert httpx.post(process.url, json=asked).status_code == 200


def test_programs_in_the_folder_where_the_bank_runs_are_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "httptools.py").write_text("raise SystemExit('not ours')")
    monkeypatch.chdir(tmp_path)
    chain = opened(tmp_path / "c")
    assert viewed(chain, MAKER, b"") == b""


def test_no_variable_of_the_parent_reaches_the_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHAPAN_STORE", "postgresql://bank:secret@host/bank")
    chain = opened(tmp_path / "c")
    chain.call(Call(OTHER, MAKER, b"", 300_000))
    assert b"secret" not in Path(f"/proc/{chain.state_pid}/environ").read_bytes()


def test_the_process_ends_with_the_one_that_started_it(tmp_path: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path\n"
        "from system.adapters.evm_kept import KeptRevmChain\n"
        "chain = KeptRevmChain(Path(sys.argv[1]), chain_id=7, genesis_time_s=9)\n"
        "print(chain.state_pid, flush=True); time.sleep(99)"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "c")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert is_running(pid)
        parent.kill()
    until = time.monotonic() + 20
    while is_running(pid) and time.monotonic() < until:
        time.sleep(0.02)
    assert not is_running(pid)
