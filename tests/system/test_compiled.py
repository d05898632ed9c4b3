"""Compiled loops: loaded when they are called, and usable where nothing can be kept."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_LOOP = """
import numpy as np
from system.kernels.compiled import as_input, compiled

@compiled
def twice(value: int) -> int:
    return 2 * value

@compiled
def add(into: "I64", values: "I64") -> None:
    for i in range(into.size):
        into[i] += twice(values[i])

into = np.ones(3, np.int64)
add(into, as_input(np.arange(6)[::2]))
print(into.tolist())
"""


def run(code: str, folder: Path, **more: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **more}
    command = [sys.executable, "-c", code]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_gateway_starts_without_the_compiler(tmp_path: Path) -> None:
    code = "import sys, system.api.start; print(sorted({'numba', 'llvmlite'} & sys.modules.keys()))"
    assert run(code, tmp_path) == "[]"


def test_a_loop_calls_another_and_takes_values_that_lie_apart(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(_LOOP, encoding="utf-8")
    assert run("import program", tmp_path, PYTHONPATH=f"{ROOT}:{tmp_path}") == "[1, 5, 9]"
    assert list(tmp_path.glob("**/*.nbi")), "kept beside its source"


def test_a_loop_that_cannot_be_kept_is_compiled_all_the_same(tmp_path: Path) -> None:
    assert run(f"exec(compile({_LOOP!r}, 'nowhere', 'exec'))", tmp_path) == "[1, 5, 9]"
