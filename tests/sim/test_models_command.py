"""``shapan models``: trained again from a file, in charge only by a second person, and undone."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sim.__main__ import call
from sim.fit.matured_loans import read_sample
from system.errors import InputError
from system.kernels.columns import MISSING

HEADER = "merchant,observed_on,bad,region,size_band,refund_rate_3p_ppm,tenure_days"


def outcomes(path: Path, seed: int, shift: int = 0, n: int = 900) -> Path:
    """Merchants whose refunds make them fail, two looks each."""
    luck = np.random.Generator(np.random.Philox(seed))
    refunds, tenure = luck.integers(0, 1_000_000, n) + shift, luck.integers(0, 2_000, n)
    bad = luck.random(n) < 1 / (1 + np.exp(2 - 3 * (refunds - shift) / 1e6))
    rows = [
        f"m{row // 2},2025-0{1 + row % 6}-15,{int(bad[row])},{row % 3},{row % 2},"
        f"{refunds[row]},{tenure[row] if row % 9 else ''}"
        for row in range(n)
    ]
    path.write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")
    return path


def said(capsys: pytest.CaptureFixture[str], *arguments: object) -> list[dict[str, Any]]:
    assert call([*map(str, arguments), "--json"]) == 0
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    return found


def refusal(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    assert call([*map(str, arguments)]) == 2
    return capsys.readouterr().err


def test_a_model_trained_again_decides_after_a_second_person_and_can_be_rolled_back(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = ("--store", f"sqlite:///{tmp_path}/bank.db")
    names = []
    for seed, shift in ((1, 0), (2, 400_000)):
        file = outcomes(tmp_path / f"{seed}.csv", seed, shift)
        (made,) = said(capsys, "models", "retrain", file, *store, "--by", "ann")
        assert (made["state"], made["rows"]) == ("proposed", 900)
        low, auc, high = made["metrics_ppm"]["auc"]
        assert 550_000 < low <= auc <= high
        own_eyes = refusal(capsys, "models", "approve", made["model_id"], *store, "--by", "Ann")
        assert "ann" in own_eyes.lower()
        said(capsys, "models", "approve", made["model_id"], *store, "--by", "bob")
        names.append(made["model_id"])
    assert any("refund_rate_3p_ppm" in alert for alert in made["drift_from_champion"]["alerts"])
    (back,) = said(
        capsys, "models", "roll-back", *store, "--by", "bob", "--reason", "worse in production"
    )
    assert back["model_id"] == names[0]
    states = {row["model_id"]: row["state"] for row in said(capsys, "models", "list", *store)}
    assert states == {names[0]: "champion", names[1]: "rolled_back"}


def test_rows_like_those_of_the_champion_raise_no_alert(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = ("--store", f"sqlite:///{tmp_path}/bank.db")
    for seed in (1, 2):
        file = outcomes(tmp_path / f"{seed}.csv", seed)
        (made,) = said(capsys, "models", "retrain", file, *store, "--by", "ann")
        said(capsys, "models", "approve", made["model_id"], *store, "--by", "bob")
    assert made["drift_from_champion"]["alerts"] == []


def test_rows_whose_window_is_not_over_teach_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = outcomes(tmp_path / "one.csv", 1)
    file.write_text(file.read_text().replace("2025-03-15", "2200-03-15"), encoding="utf-8")
    store = f"sqlite:///{tmp_path}/bank.db"
    (made,) = said(capsys, "models", "retrain", file, "--store", store, "--by", "ann")
    assert (made["rows"], made["rows_too_young"]) == (750, 150)


def test_a_file_of_outcomes_says_what_it_holds(tmp_path: Path) -> None:
    sample = read_sample(outcomes(tmp_path / "one.csv", 1))
    assert sample.target.size == 900
    assert np.unique(sample.merchant).size == 450
    assert (sample.features["tenure_days"][::9] == MISSING).all()
    assert "180 days" in sample.target_text
    assert (sample.observed_on[0], sample.region[1]) == (20_103, 1)


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("tenure_days", "shoe_size", "header"),
        ("size_band,", "", "row"),
        ("merchant,", "shop,", "header"),
        ("2025-01-15", "15.1.2025", "observed_on"),
        (",0,0,0,", ",maybe,0,0,", "bad"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_by_field_and_line(
    tmp_path: Path, old: str, new: str, field: str
) -> None:
    path = outcomes(tmp_path / "one.csv", 1)
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_sample(path)
    assert caught.value.field == field
    assert caught.value.line is not None
