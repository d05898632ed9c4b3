"""`shapan fit credit`: what it makes of files of loans, and what it refuses."""

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from sim.fit.credit import fit_credit
from sim.streams import Luck
from system.errors import InputError

SHARED = Path(__file__).parents[2].parent / "shared" / "data"
SBA = SHARED / "sba-small-business-loans.csv"
UCI = SHARED / "uci-taiwan-credit-default.csv"
LEAKS = ["Term", "ChgOffDate", "MIS_Status", "ChgOffPrinGr", "RealEstate", "Recession", "daysterm"]


def written(folder: Path, text: str) -> Path:
    path = folder / "loans.csv"
    path.write_text(text, encoding="utf-8")
    return path


def small_file(folder: Path, rows: int = 600) -> Path:
    luck = Luck(7, 0)
    income, region, chance = (luck.cohort(name, 0, rows) for name in ("income", "region", "bad"))
    bad: NDArray[np.bool_] = chance < 0.45 - 0.4 * income
    lines = ["id,income,region,failed"]
    lines += [
        f"{row},{int(9_000 * income[row])},{side},{int(bad[row])}"
        for row, side in enumerate(np.where(region < 0.5, "north", "south"))
    ]
    return written(folder, "\n".join(lines))


def test_all_models_stand_on_the_same_folds_and_the_scorecard_is_in_use(tmp_path: Path) -> None:
    document = fit_credit(small_file(tmp_path), "failed").as_json()
    assert document["champion"] == next(iter(document["models"]))
    assert len(document["models"]) >= 5
    for measures in document["models"].values():
        assert set(measures) >= {"auc", "ks", "brier", "log_loss", "calibration_error"}
    assert document["models"][document["champion"]]["auc"] > 0.6
    assert document["validation"]["columns_left_out"] == {"id": "a number that names its row"}
    json.dumps(document, allow_nan=False)


def test_the_overlay_replaces_nothing_and_says_why(tmp_path: Path) -> None:
    overlay = fit_credit(small_file(tmp_path), "failed").as_overlay_toml()
    assert overlay.startswith("#")
    assert overlay.endswith("[parameters]\n")


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("", "file"),
        ("a,b\n", "file"),
        ("a,b\n1,0\n", "--target"),
        ("a,failed\n1,maybe\n", "failed"),
        ("failed\n1\n0\n", "columns"),
        ("a,failed\n1,0\n2,0\n", "columns"),
    ],
)
def test_an_unusable_file_is_refused_by_field(tmp_path: Path, text: str, field: str) -> None:
    with pytest.raises(InputError) as refusal:
        fit_credit(written(tmp_path, text), "failed")
    assert refusal.value.field == field


def test_a_missing_file_and_an_unknown_column_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        fit_credit(tmp_path / "none.csv", "failed")
    with pytest.raises(InputError, match="--drop"):
        fit_credit(small_file(tmp_path), "failed", drop=("wage",))


@pytest.mark.skipif(not SBA.is_file(), reason="the real files lie beside the checkout")
def test_columns_that_know_the_outcome_are_found_and_named() -> None:
    with pytest.raises(InputError) as refusal:
        fit_credit(SBA, "Default")
    assert set(LEAKS) <= set(refusal.value.value)
    assert "multiple of 12" in refusal.value.remedy


@pytest.mark.slow
@pytest.mark.skipif(not UCI.is_file(), reason="the real files lie beside the checkout")
def test_real_card_holders_are_ranked_as_well_as_published() -> None:
    found = fit_credit(UCI, "default.payment.next.month").as_json()
    models, champion = found["models"], found["champion"]
    assert models[champion]["auc"] >= 0.769
    assert models[champion]["calibration_error"] <= 0.013
    assert max(model["auc"] for model in models.values()) >= 0.785
