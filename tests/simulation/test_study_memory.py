"""A study's memory does not grow with its replications: they go to disk as they come."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# docs/SIMULATION.md, "Many machines". Between them: what two thousand small records may take.
PEAK_MB_MAX, GROWTH_MB_MAX = 400, 100
STUDY = """
import sys
from pathlib import Path
from tests.sim.toy_runs import run, study_of

n = int(sys.argv[2])
found = run(study_of(Path(sys.argv[1]), f"replications.min={n}", f"replications.max={n}"))
assert len(found["replications"]) == n, found["status"]
# Not getrusage: that counts what the process was before it began this program, a copy of pytest.
told = Path("/proc/self/status").read_text().split("VmHWM:")[1]
print(int(told.split()[0]) // 1024)
"""


def peak_mb(folder: Path, replications: int) -> int:
    """Of the process that conducts the study; its workers are replaced now and then."""
    folder.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", STUDY, str(folder), str(replications)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


@pytest.mark.slow
def test_two_thousand_replications_take_hardly_more_memory_than_two_hundred(tmp_path: Path) -> None:
    few, many = (peak_mb(tmp_path / str(n), n) for n in (200, 2_000))
    assert many <= PEAK_MB_MAX
    assert many - few <= GROWTH_MB_MAX
