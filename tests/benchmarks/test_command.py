"""`python -m benchmarks`: figures on stdout, progress on stderr."""

import json
import os
import subprocess
import sys


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    # pytest-benchmark switches itself off in what looks like a worker of pytest-xdist.
    env = {name: value for name, value in os.environ.items() if name != "PYTEST_XDIST_WORKER"}
    program = [sys.executable, "-m", "benchmarks", *arguments]
    return subprocess.run(program, capture_output=True, text=True, env=env)


def test_one_json_document_has_a_figure_for_every_contender() -> None:
    done = command("monitoring-live", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    first, second = json.loads(done.stdout)
    assert (first["peer"], first["ratio"]) == ("", None)
    assert second["peer"] == first["contender"]
    assert second["ratio"] == second["per_s"] / first["per_s"]
    assert first["digest"] == second["digest"]
    assert {first["size"], second["size"]} == {"small"}


def test_the_table_names_every_contender_and_its_digest() -> None:
    done = command("monitoring")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("monitoring, small (claims/s")
    assert "monitor, nine rules" in done.stdout
    assert "digest" in done.stdout


def test_an_unknown_workload_is_refused_with_the_known_ones() -> None:
    done = command("speed")
    assert done.returncode == 2
    assert "unknown workload speed" in done.stderr
    assert "evm-flat" in done.stderr
