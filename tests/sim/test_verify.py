"""Verification finds what was changed, and a re-run names the first differing event."""

import json
import shutil
import subprocess
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sim.__main__ import call
from sim.prepare import reopen
from sim.run_folder import RunFolder
from sim.verify import rerun, verify
from tests.sim.toy import register
from tests.sim.toy_runs import run, study_of


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


def _seal_again(folder: Path) -> None:
    """As somebody would who knows how: every sum fits the files again."""
    _edit(folder / "run.json", lambda data: data.update(files=RunFolder(folder).sums()))
    RunFolder(folder).seal()


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
    _seal_again(copy)
    assert list(_broken(copy)) == ["verdicts"]
    assert "verdict is refuted, not supported" in _broken(copy)["verdicts"]


@pytest.mark.parametrize(
    ("row", "change"),
    [
        ("status", {"status": "failed"}),
        ("status", {"status": "partial"}),
        ("seed", {"seed": 8}),
        ("alpha", {"alpha": 0.5}),
        ("looks", {"looks": [[0, 4], [0, 99]]}),
        ("overrides", {"overrides": ["horizon_days=11"]}),
        ("overrides", {"overrides": ["nonsense"]}),
        ("study_digest", {"digest": "0" * 64}),
        ("replications", {"replications": [0, 1, 2, 3, 4]}),
        ("failed", {"failed": [3]}),
        ("invariants", {"invariants": {}}),
        ("events", {"events": 5}),
        ("file_sums", {"files": {}}),
    ],
)
def test_what_follows_from_the_records_is_checked_under_a_new_seal(
    copy: Path, row: str, change: dict[str, object]
) -> None:
    _edit(copy / "run.json", lambda data: data.update(change))
    assert {"seal", row} <= _broken(copy).keys()
    RunFolder(copy).seal()
    assert row in _broken(copy)
    assert "seal" not in _broken(copy)


@pytest.mark.parametrize(
    "change",
    [{"versions": {"python": "2.7"}}, {"wiring": "full", "evm": "embedded", "store": "sqlite"}],
)
def test_what_only_the_run_could_know_is_sealed(copy: Path, change: dict[str, object]) -> None:
    _edit(copy / "run.json", lambda data: data.update(change))
    assert _broken(copy) == {"seal": "run.json was changed"}


def test_a_failed_run_does_not_pass_as_a_good_one(tmp_path: Path) -> None:
    study = study_of(tmp_path, "products.toy.trouble=invariant")
    assert run(study)["status"] == "failed"
    assert _broken(study.folder.path) == {}
    _edit(study.folder.path / "run.json", lambda data: data.update(status="ok"))
    study.folder.seal()
    assert list(_broken(study.folder.path)) == ["status"]


def test_what_was_added_to_the_claims_is_named(copy: Path) -> None:
    _edit(copy / "claims.json", lambda data: data["claims"][0].update(note="so says the auditor"))
    assert _broken(copy)["verdicts"] == "claim halved: note was added"
    _edit(copy / "claims.json", lambda data: data["claims"][0].pop("note"))
    _edit(copy / "claims.json", lambda data: data.update(extra="all supported"))
    assert "other things" in _broken(copy)["verdicts"]


def test_leftovers_and_links_are_named(copy: Path, tmp_path: Path) -> None:
    (copy / "evil.part").write_text("x")
    assert _broken(copy)["seal"] == "evil.part was added"
    (copy / "files").symlink_to(tmp_path, target_is_directory=True)
    assert _broken(copy)["plain_files"] == "files is no plain file"


def test_the_timings_are_sealed_too(copy: Path) -> None:
    (copy / "wall.json").write_text('{"wall_s": 1}')
    assert _broken(copy) == {"seal": "wall.json was changed"}


def test_sha256sum_can_check_the_seal(copy: Path) -> None:
    line = ["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"]
    assert subprocess.run(line, cwd=copy, check=False).returncode == 0
    (copy / "SHA256SUMS").unlink()
    assert "cannot be read" in _broken(copy)["seal"]


def test_a_closed_folder_keeps_no_leftovers_of_a_killed_writer(tmp_path: Path) -> None:
    study = study_of(tmp_path)
    study.folder.create()
    (study.folder.path / "replications" / "000000.json.4242.part").write_text("{")
    run(study, fresh=False)
    assert _broken(study.folder.path) == {}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"status": None}, "status"),
        ({"status": "splendid"}, "status"),
        ({"files": None}, "files"),
        ({"files": ["claims.json"]}, "files"),
        ({"looks": [[4, 0]]}, "looks"),
        ({"arms": ["old", "old"]}, "arms"),
        ({"arms": ["older"]}, "arms"),
        ({"wiring": "copper"}, "wiring"),
        ({"evm": "abacus"}, "evm"),
        ({"store": "drawer"}, "store"),
        ({"scenario": {}}, "name"),
        ({"signed_by": "me"}, "signed_by"),
    ],
)
def test_a_misshapen_run_json_is_unusable_input(
    copy: Path, capsys: pytest.CaptureFixture[str], change: dict[str, object], field: str
) -> None:
    register()
    _edit(copy / "run.json", lambda data: data.update(change))
    assert call(["verify", str(copy)]) == 2
    assert f"run.json: {field} = " in capsys.readouterr().err


@pytest.mark.parametrize("text", ["[]", "{}", "7", "{", "null"])
def test_a_run_json_that_is_no_table_of_a_run_is_unusable_input(
    copy: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    (copy / "run.json").write_text(text)
    assert call(["verify", str(copy)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("text", ["[]", "{", '{"replication": 1, "arms": {}}', '{"arms": 3}'])
def test_a_damaged_record_is_a_finding(copy: Path, text: str) -> None:
    (copy / "replications" / "000002.json").write_text(text)
    RunFolder(copy).seal()
    assert "records" in _broken(copy)
    assert not rerun(reopen(RunFolder(copy), None), 1, lambda done: None).held


def test_a_rerun_names_the_first_event_that_differs(copy: Path) -> None:
    register()
    study = reopen(RunFolder(copy), None)
    assert rerun(study, 2, lambda done: None).held
    _shift_an_event(copy)
    found = rerun(study, 2, lambda done: None)
    assert not found.held
    assert found.detail.startswith("replication 0, arm old, event 10:")
    assert "case-" in found.detail
