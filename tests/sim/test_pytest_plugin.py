"""The pytest plugin in a project of its own: the example of the docs, and a test that fails."""

import os
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sim.pytest_plugin import pytest_configure

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "docs" / "examples" / "qa-project"
# By name and alone, whether or not this environment was installed with the entry point.
PLUGIN = ("-p", "sim.pytest_plugin", "-p", "no:cacheprovider")
ALONE = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONDONTWRITEBYTECODE": "1"}

FAILING = """
from sim.leasing.channel_columns import ColumnChannel

def test_a_consumer_that_forgets(shapan_scenario, shapan_fault, shapan_run, monkeypatch):
    monkeypatch.setattr(ColumnChannel, "_take_in", lambda *_: None)
    sizes = ("populations.machine.count=3", "populations.contractor.count=2", "horizon_days=12")
    scenario = shapan_scenario("leasing", *sizes, "warmup_days=2")
    shapan_run(scenario, "usage", [shapan_fault("mqtt_late", severity=0.1, at=1, days=2)])
"""


def pytest_in(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | ALONE | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "pytest", *PLUGIN, *arguments]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def test_the_entry_point_names_the_plugin() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    path = project["entry-points"]["pytest11"]["shapan"]
    assert import_module(path).shapan_run


def test_the_example_project_passes_under_any_seed() -> None:
    done = pytest_in(EXAMPLE, "--shapan-seed", "7")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "shapan: seed 7" in done.stdout
    assert "3 passed" in done.stdout


def test_a_failing_test_prints_what_shows_it_again_and_that_does(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(FAILING, encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    outputs = [pytest_in(tmp_path, "--shapan-seed", "9").stdout]
    [replay] = [line for line in outputs[0].splitlines() if line.startswith("pytest test_it.py::")]
    assert replay.endswith(" --shapan-seed 9")
    outputs.append(pytest_in(tmp_path, *replay.split()[1:]).stdout)
    for output in outputs:
        assert "every_reading_arrives" in output
        assert "shapan run " in output
        assert "shapan shrink " in output


def test_a_seed_that_is_none_is_refused() -> None:
    config: Any = SimpleNamespace(getoption=lambda _: "soon", stash={})
    with pytest.raises(pytest.UsageError, match="give a whole number"):
        pytest_configure(config)
