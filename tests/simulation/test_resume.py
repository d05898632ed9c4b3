"""A study that is cut off, in whatever way, finishes with the digest of an undisturbed one."""

import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.sim.toy import write_scenario
from tests.sim.toy_runs import command, document, environment_of, line_of

SLOW = ("--set", "products.toy.pause_s=1", "--replications", "5", "--workers", "2", "--json")


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("undisturbed")
    write_scenario(folder)
    digest: str = document(command("run", "toy.toml", *SLOW, cwd=folder))["digest"]
    return digest


def _cut_off(folder: Path, with_signal: signal.Signals) -> subprocess.CompletedProcess[str]:
    """Start a study in ``folder``/run and signal it once its first replication is there."""
    write_scenario(folder)
    process = subprocess.Popen(
        line_of("run", "toy.toml", *SLOW, "--out", "run"),
        cwd=folder,
        env=environment_of(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 60
    while not list(folder.glob("run/replications/00000?.json")):
        assert time.monotonic() < deadline, "no replication finished within a minute"
        time.sleep(0.02)
    process.send_signal(with_signal)
    out, err = process.communicate(timeout=60)
    return subprocess.CompletedProcess([], process.returncode, out, err)


@pytest.mark.slow
def test_after_kill_9_resume_gives_the_undisturbed_digest(tmp_path: Path, undisturbed: str) -> None:
    assert _cut_off(tmp_path, signal.SIGKILL).returncode == -signal.SIGKILL
    assert command("verify", "run", cwd=tmp_path).returncode == 1
    done = command("run", "--resume", "run", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert document(done)["digest"] == undisturbed
    assert command("verify", "run", cwd=tmp_path).returncode == 0


@pytest.mark.slow
def test_ctrl_c_leaves_a_readable_partial_run_that_resume_finishes(
    tmp_path: Path, undisturbed: str
) -> None:
    cut = _cut_off(tmp_path, signal.SIGINT)
    assert cut.returncode == 130, cut.stderr
    assert "Traceback" not in cut.stderr
    partial = document(cut)
    assert partial["status"] == "partial"
    assert 1 <= partial["metrics"]["new"]["time_to_cash_s_p50"]["n"] < 5
    assert command("verify", "run", cwd=tmp_path).returncode == 0
    done = command("run", "toy.toml", *SLOW, "--out", "run", "--resume", cwd=tmp_path)
    assert document(done)["digest"] == undisturbed
