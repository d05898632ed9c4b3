"""The run folder: readable tables, whole files, nothing that depends on the clock."""

import json
import shutil
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from sim.prepare import Wish, prepare
from sim.run_folder import RunFolder, plain
from system.errors import InputError
from tests.sim.toy_runs import run, study_of


def test_the_tables_are_readable_with_sql(finished: Path) -> None:
    rows = duckdb.sql(
        f"select arm, count(*), avg(value), min(unit) from '{finished}/metrics.parquet' "
        "where metric = 'time_to_cash_s_p50' group by arm order by arm"
    ).fetchall()
    assert [(arm, n, unit) for arm, n, _, unit in rows] == [("new", 4, "s"), ("old", 4, "s")]


def test_events_are_in_total_order_by_replication_and_arm(finished: Path) -> None:
    rows = pq.read_table(finished / "events.parquet").to_pylist()
    keys = ("replication", "arm", "at_s", "priority", "sequence")
    order = [tuple(row[key] for key in keys) for row in rows]
    assert order == sorted(order)
    assert len(order) == 4 * 2 * 50 == json.loads((finished / "run.json").read_text())["events"]


def test_an_undefined_metric_is_null_and_not_a_number(finished: Path) -> None:
    table = pq.read_table(finished / "metrics.parquet").to_pylist()
    assert {row["value"] for row in table if row["metric"] == "fraud_loss_rate"} == {None}
    assert plain({"a": [float("nan"), float("inf"), 1.0]}) == {"a": [None, None, 1.0]}


def test_claims_carry_method_level_and_what_is_detectable(finished: Path) -> None:
    claim = json.loads((finished / "claims.json").read_text())["claims"][0]
    assert claim["method"] == "paired_log_ratio_t"
    assert claim["text"]["zh"] == "新办法至多用六成时间"
    assert claim["mde"] > 0


def test_two_runs_of_the_same_inputs_differ_in_wall_clock_files_only(
    finished: Path, tmp_path: Path
) -> None:
    study = study_of(tmp_path, out=finished.name)
    run(study, workers=1)
    assert RunFolder(finished).sums() == study.folder.sums()
    same = (finished / "run.json").read_text() == (study.folder.path / "run.json").read_text()
    assert same


def test_a_folder_with_something_in_it_is_refused_and_left_alone(
    finished: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(finished, copy)
    before = RunFolder(copy).sums()
    with pytest.raises(InputError, match="--out"):
        run(study_of(tmp_path, out="copy"))
    assert RunFolder(copy).sums() == before


def test_a_database_password_is_never_written(tmp_path: Path) -> None:
    study = study_of(tmp_path, "replications.min=1", store="postgresql://me:secret@host/db")
    run(study)
    texts = [path.read_bytes() for path in study.folder.path.rglob("*") if path.is_file()]
    assert not any(b"secret" in text for text in texts)
    assert study.folder.read_run()["store"] == "postgresql://me:***@host/db"


@pytest.mark.parametrize(
    ("wish", "message"),
    [
        ({"arms": ("nwe",)}, "--arms = 'nwe': did you mean new?"),
        ({"wiring": "ful"}, "--wiring = 'ful': did you mean full?"),
        ({"evm": "ganache"}, "--evm = 'ganache': use embedded, revm or a URL"),
        ({"store": "mysql"}, "--store = 'mysql': use memory, sqlite or a URL"),
    ],
)
def test_a_wish_that_cannot_be_met_says_what_can(tmp_path: Path, wish, message: str) -> None:
    with pytest.raises(InputError, match=r"use|did you mean") as refused:
        study_of(tmp_path, **wish)
    assert message in str(refused.value)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["toy.toml"]


def test_an_edited_scenario_in_a_run_folder_is_refused(finished: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(finished, copy)
    text = (copy / "run.json").read_text()
    (copy / "run.json").write_text(text.replace('"speed_ratio": 0.5', '"speed_ratio": 0.4'))
    with pytest.raises(InputError, match="scenario_digest"):
        prepare(Wish(str(copy)), lambda plan: tmp_path / "again")
