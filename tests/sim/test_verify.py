"""Verification finds what was changed, and a re-run names the first differing event."""

import json
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sim.prepare import reopen
from sim.run_folder import RunFolder
from sim.verify import rerun, verify
from tests.sim.toy import register


@pytest.fixture
def copy(finished: Path, tmp_path: Path) -> Path:
    shutil.copytree(finished, tmp_path / "copy")
    return tmp_path / "copy"


def _broken(folder: Path) -> dict[str, str]:
    register()
    checks = verify(reopen(RunFolder(folder), None))
    return {check.name: check.detail for check in checks if not check.held}


def _edit(path: Path, change) -> None:
    data = json.loads(path.read_text())
    change(data)
    path.write_text(json.dumps(data))


def _shift_an_event(folder: Path) -> None:
    table = pq.read_table(folder / "events.parquet")
    rows = table.to_pylist()
    rows[60]["values"] = [rows[60]["values"][0] + 1]
    pq.write_table(pa.Table.from_pylist(rows, schema=table.schema), folder / "events.parquet")


def test_an_untouched_run_verifies(finished: Path) -> None:
    assert _broken(finished) == {}


def test_a_changed_file_is_named(copy: Path) -> None:
    (copy / "metrics.parquet").write_bytes(b"nonsense")
    broken = _broken(copy)
    assert broken["file_sums"] == "metrics.parquet was changed"
    assert broken["metrics_table"].startswith("cannot be read")


def test_missing_and_added_files_are_named(copy: Path) -> None:
    (copy / "claims.json").rename(copy / "other.json")
    assert _broken(copy)["file_sums"] == "claims.json is missing"
    shutil.copy(copy / "other.json", copy / "claims.json")
    assert _broken(copy)["file_sums"] == "other.json was added"


def test_a_changed_event_breaks_its_digest(copy: Path) -> None:
    _shift_an_event(copy)
    assert _broken(copy)["event_digests"].startswith("replication 0, arm old")


def test_a_changed_verdict_is_found_even_with_a_matching_sum(copy: Path) -> None:
    _edit(copy / "claims.json", lambda data: data["claims"][1].update(verdict="supported"))
    _edit(copy / "run.json", lambda data: data.update(files=RunFolder(copy).sums()))
    assert list(_broken(copy)) == ["verdicts"]
    assert "verdict is refuted, not supported" in _broken(copy)["verdicts"]


def test_a_rerun_names_the_first_event_that_differs(copy: Path) -> None:
    register()
    study = reopen(RunFolder(copy), None)
    assert rerun(study, 2, lambda done: None).held
    _shift_an_event(copy)
    found = rerun(study, 2, lambda done: None)
    assert not found.held
    assert found.detail.startswith("replication 0, arm old, event 10:")
    assert "case-" in found.detail
