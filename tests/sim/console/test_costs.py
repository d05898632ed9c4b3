"""What a run would cost, by what runs of its scenario took."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from benchmarks.run_library import made_run
from sim.console.costs import Cost, Size, cost_of
from sim.console.library import Library
from sim.run_folder import RunFolder, write_json
from sim.scenario import load
from tests.sim.console.visitor import Visitor

SCENARIO = load("credit")
DAYS = SCENARIO.warmup_days + SCENARIO.horizon_days
ACTORS = {name: one.whole("count") for name, one in SCENARIO.populations.items()}
LEGACY = ACTORS["legacy"]


def took(place: Path, name: str, actors: int, data_s: float, workers: int = 1) -> None:
    """A run of so many actors whose arms took so long, the other one a tenth, and 3 s beside."""
    count = actors - sum(ACTORS.values()) + ACTORS["merchant"]
    planned = ["replications.min=2", "replications.max=2"]
    overrides = [f"populations.merchant.count={count}", *planned]
    study = made_run(place / name, "credit", overrides=overrides)
    path = study.folder.path / "wall.json"
    wall = json.loads(path.read_text(encoding="utf-8"))
    times = {"data": {"arm_s": data_s}, "collateral": {"arm_s": data_s / 10}}
    rounds = 2 // workers
    whole = {"wall_s": rounds * data_s * 1.1 + 3 + 60, "map_s": 60.0, "workers": workers}
    write_json(path, wall | whole | {"replications": {"0": times, "1": times}})


def cost(
    place: Path, actors: int, replications: int = 2, arms: Sequence[str] = ("collateral", "data")
) -> Cost:
    found = cost_of(Library(place), SCENARIO, arms, Size(DAYS, actors), replications)
    assert found is not None
    return found


def test_one_size_is_scaled_by_actors_days_and_replications(tmp_path: Path) -> None:
    took(tmp_path, "only", LEGACY + 2_000, 10.0)
    same = cost(tmp_path, LEGACY + 2_000)
    assert (same.seconds, same.each_s) == (pytest.approx(3 + 2 * 11), pytest.approx(11))
    twice = cost(tmp_path, 2 * (LEGACY + 2_000), replications=5)
    assert twice.seconds == pytest.approx(3 + 5 * 22)
    found = cost_of(Library(tmp_path), SCENARIO, ["data"], Size(DAYS * 3, LEGACY + 2_000), 1)
    assert found is not None
    assert found.each_s == pytest.approx(30)


def test_several_sizes_tell_the_fixed_part_from_the_part_of_each_actor(tmp_path: Path) -> None:
    for actors, seconds in ((20_000, 5.0), (40_000, 8.0), (60_000, 11.0)):
        took(tmp_path, f"of-{actors}", actors, seconds)
    found = cost(tmp_path, 200_000, arms=["data"])
    assert found.each_s == pytest.approx(32, rel=0.01)
    assert found.sizes == 3


def test_replications_that_run_at_once_take_the_time_of_one(tmp_path: Path) -> None:
    took(tmp_path, "two-workers", 20_000, 10.0, workers=2)
    assert cost(tmp_path, 20_000, replications=3).seconds == pytest.approx(3 + 2 * 11)


def test_where_nothing_was_measured_nothing_is_estimated(tmp_path: Path) -> None:
    assert cost_of(Library(tmp_path), SCENARIO, ["data"], Size(1, 1), 1) is None
    took(tmp_path, "run", 20_000, 10.0)
    assert cost_of(Library(tmp_path), SCENARIO, ["other"], Size(1, 1), 1) is None
    (RunFolder(tmp_path / "run").path / "wall.json").write_text(
        '{"wall_s": 1.0, "replications": {}}', encoding="utf-8"
    )
    assert cost_of(Library(tmp_path), SCENARIO, ["data"], Size(1, 1), 1) is None


def test_the_form_says_on_what_its_estimate_rests(tmp_path: Path) -> None:
    took(tmp_path, "only", sum(ACTORS.values()), 10.0)
    visitor = Visitor.of(tmp_path)
    asked = "/estimate?scenario=credit&replications=4&arms=data&arms=collateral"
    whole = visitor.get(asked).text
    assert "an estimate" in whole
    assert "in proportion" in whole
    assert "11 s" in whole
    merchants = ACTORS["merchant"] + sum(ACTORS.values())
    double = visitor.get(f"{asked}&populations.merchant.count={merchants}").text
    assert "22 s" in double
    took(tmp_path, "other", 2 * sum(ACTORS.values()), 15.0)
    assert "拟合" in visitor.get(f"{asked}&lang=zh").text
    assert "unknown" in visitor.get("/estimate?scenario=leasing").text


@pytest.mark.parametrize("digits", [400, 5_000])
def test_a_number_with_more_digits_than_anything_counts_is_as_packaged(
    tmp_path: Path, digits: int
) -> None:
    took(tmp_path, "only", sum(ACTORS.values()), 10.0)
    visitor = Visitor.of(tmp_path)
    asked = "/estimate?scenario=credit&replications=4&arms=data"
    usual, long = (visitor.get(asked + more) for more in ("", "&horizon_days=" + "9" * digits))
    assert (long.status_code, long.text) == (200, usual.text)
