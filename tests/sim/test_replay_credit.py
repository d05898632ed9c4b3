"""A user's own merchants through ``shapan replay credit``."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sim.__main__ import call
from sim.replay.credit import model_of, replay_credit
from sim.replay.merchants import read_merchants
from sim.reports.replay_credit import credit_document_of
from system.credit.features import FEATURES
from system.credit.scorer import FeaturePoints, PdMap, ScorecardModel
from system.errors import InputError
from system.kernels.columns import MISSING

MODEL = ScorecardModel(
    base_points=500,
    features_points=(
        FeaturePoints("revenue_3p_fen", edges=(1_000_000,), points=(0, 0, 100), reason=3),
        FeaturePoints("rating_3p_milli", edges=(4_000,), points=(10, 0, 50), reason=11),
    ),
    pd_map=PdMap((500, 650), (300_000, 10_000), (250_000, 5_000), (350_000, 20_000)),
    target_text="more than 90 days past due within 180 days",
)
GOOD: dict[str, Any] = {
    "merchant": "a",
    **dict.fromkeys(FEATURES, 0),
    "history_periods": 9,
    "revenue_1p_fen": 12_000_000,
    "revenue_3p_fen": 11_500_000,
    "revenue_12p_fen": None,
    "coverage_3p_ppm": 990_000,
    "rating_3p_milli": 4_600,
    "stock_cover_days": 15,
    "tenure_days": 900,
}
POOR = {**GOOD, "merchant": "b", "revenue_3p_fen": 900_000, "rating_3p_milli": 3_000}


def written(folder: Path, suffix: str, rows: list[dict[str, Any]]) -> Path:
    path = folder / f"mine{suffix}"
    if suffix == ".csv":
        with path.open("w", newline="", encoding="utf-8") as target:
            writer = csv.DictWriter(target, rows[0])
            writer.writeheader()
            writer.writerows(rows)
    elif suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    elif suffix == ".json":
        path.write_text(json.dumps(rows), encoding="utf-8")
    else:
        path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return path


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "card.json"
    path.write_text(MODEL.to_json(), encoding="utf-8")
    return path


@pytest.mark.parametrize("suffix", [".csv", ".json", ".jsonl", ".ndjson", ".parquet"])
def test_every_kind_of_file_gets_the_same_decisions(tmp_path: Path, suffix: str) -> None:
    merchants = read_merchants(written(tmp_path, suffix, [GOOD, POOR]))
    done = credit_document_of(replay_credit(merchants, MODEL, learned=False), "en")
    good, poor = done["merchants"]
    assert (good["decision"], good["score"], good["pd_ppm"]) == ("approved", 650, 10_000)
    assert good["limit_fen"] > 0
    assert good["rate_ppm"] > 0
    assert (poor["decision"], poor["refusal"]) == ("declined", "DECLINED_PD_TOO_HIGH")
    assert poor["refusal_text"] == "Declined: the estimated probability of default is too high"
    assert [reason["name"] for reason in poor["reasons"]] == ["REVENUE_3P_FEN", "RATING_3P_MILLI"]
    assert done["refused"] == []


def test_one_row_in_one_decision_out(tmp_path: Path) -> None:
    merchants = read_merchants(written(tmp_path, ".csv", [GOOD]))
    assert replay_credit(merchants, MODEL, learned=False).decisions.approved.tolist() == [True]


def test_no_more_is_granted_than_was_asked_for(tmp_path: Path) -> None:
    rows = [{**GOOD, "requested_fen": 600_000}, {**GOOD, "merchant": "c", "requested_fen": None}]
    made = replay_credit(read_merchants(written(tmp_path, ".csv", rows)), MODEL, learned=False)
    assert made.decisions.limit_fen[0] == 600_000
    assert made.decisions.limit_fen[1] > 600_000


def test_an_empty_cell_is_not_known_and_never_zero(tmp_path: Path) -> None:
    merchants = read_merchants(written(tmp_path, ".csv", [GOOD]))
    assert merchants.features["revenue_12p_fen"].tolist() == [MISSING]


def test_whole_numbers_as_a_table_with_empty_cells_writes_them_are_taken(tmp_path: Path) -> None:
    rows = [{**GOOD, "tenure_days": "900.0", "growth_3p_ppm": "-5.0"}]
    merchants = read_merchants(written(tmp_path, ".csv", rows))
    assert merchants.problems == ()
    assert merchants.features["tenure_days"].tolist() == [900]
    assert merchants.features["growth_3p_ppm"].tolist() == [-5]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("revenue_3p_fen", -1),
        ("revenue_3p_fen", "NaN"),
        ("revenue_3p_fen", 1.5),
        ("rating_3p_milli", 5_001),
        ("coverage_3p_ppm", 1_000_001),
        ("tenure_days", "soon"),
        ("requested_fen", 0),
        ("merchant", ""),
        ("merchant", "a"),
    ],
)
def test_a_row_that_cannot_be_used_is_named_and_the_others_go_in(
    tmp_path: Path, column: str, value: object
) -> None:
    rows = [{**GOOD, "requested_fen": 1}, {**POOR, "requested_fen": 1, column: value}]
    merchants = read_merchants(written(tmp_path, ".csv", rows))
    (problem,) = merchants.problems
    assert (problem.row, problem.column) == (3, column)
    assert problem.remedy
    assert merchants.names == ("a",)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), True, "x", [1]])
def test_json_values_that_are_no_whole_numbers_are_refused(tmp_path: Path, value: object) -> None:
    path = written(tmp_path, ".jsonl", [GOOD, {**POOR, "orders_3p": value}])
    (problem,) = read_merchants(path).problems
    assert (problem.row, problem.column) == (2, "orders_3p")


def test_lines_that_are_no_objects_are_refused_alone(tmp_path: Path) -> None:
    path = tmp_path / "mine.jsonl"
    path.write_text(f"{json.dumps(GOOD)}\n[1, 2]\n{{broken\n", encoding="utf-8")
    assert [problem.row for problem in read_merchants(path).problems] == [2, 3]


@pytest.mark.parametrize("missing", ["merchant", "revenue_3p_fen"])
def test_a_missing_column_is_named(tmp_path: Path, missing: str) -> None:
    row = {name: value for name, value in GOOD.items() if name != missing}
    with pytest.raises(InputError) as found:
        read_merchants(written(tmp_path, ".csv", [row]))
    assert found.value.field == missing


def test_an_unknown_column_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="remove this column"):
        read_merchants(written(tmp_path, ".csv", [{**GOOD, "defaulted": 1}]))


@pytest.mark.parametrize(
    ("name", "text"), [("mine.csv", ""), ("mine.json", "{"), ("mine.parquet", "no"), ("a.xls", "")]
)
def test_files_that_cannot_be_read_are_input_errors(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(InputError):
        read_merchants(path)
    with pytest.raises(InputError):
        read_merchants(tmp_path / "absent.csv")


def test_a_model_of_other_features_is_refused(tmp_path: Path) -> None:
    other = FeaturePoints("star_sign", edges=(5,), points=(0, 1, 2), reason=1_001)
    foreign = ScorecardModel(500, (other,), MODEL.pd_map, "target")
    merchants = read_merchants(written(tmp_path, ".csv", [GOOD]))
    with pytest.raises(InputError, match="star_sign"):
        replay_credit(merchants, foreign, learned=False)


def test_a_file_that_is_no_scorecard_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "card.json"
    path.write_text('{"format": "pickle"}', encoding="utf-8")
    with pytest.raises(InputError) as found:
        model_of(path)
    assert found.value.file == str(path)


def test_the_command_prints_one_document(
    tmp_path: Path, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path, ".csv", [GOOD, POOR])
    assert call(["replay", "credit", str(path), "--model", str(model), "--json"]) == 0
    done = json.loads(capsys.readouterr().out)
    assert done["product"] == "credit"
    assert [one["merchant"] for one in done["merchants"]] == ["a", "b"]
    assert len(done["notes"]) == 1
    assert call(["replay", "credit", str(path), "--model", str(model), "--lang", "zh"]) == 0
    assert "通过" in capsys.readouterr().out


def test_an_unusable_file_ends_with_two(
    tmp_path: Path, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(["replay", "credit", str(tmp_path / "no.csv"), "--model", str(model)]) == 2
    assert "no.csv" in capsys.readouterr().err


def test_scores_do_not_depend_on_the_order_of_rows(tmp_path: Path) -> None:
    rows = [{**GOOD, "merchant": str(n), "revenue_3p_fen": n * 100_000} for n in range(30)]
    forth = replay_credit(read_merchants(written(tmp_path, ".csv", rows)), MODEL, learned=False)
    back = replay_credit(
        read_merchants(written(tmp_path, ".csv", rows[::-1])), MODEL, learned=False
    )
    assert np.array_equal(forth.decisions.limit_fen, back.decisions.limit_fen[::-1])
