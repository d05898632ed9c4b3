"""The assumption map: what moves a claim, where it holds, where it turns, and that it repeats."""

import json
import shutil
from fractions import Fraction
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from sim.__main__ import call
from sim.assumptions.axes import axes_of, fixed_of
from sim.assumptions.points import (
    base_point,
    design,
    designed_points,
    line_place,
    line_point,
    scenario_at,
)
from sim.assumptions.study import Map, MapWish, conduct_map, map_of
from sim.pools.base import Pool
from sim.pools.local import LocalPool
from sim.prepare import reopen
from sim.reports.document import document_of
from sim.reports.figures import figure
from sim.reports.story.blocks import Cell, Table
from sim.reports.story.source import sources_of
from sim.reports.story.tell import tell
from sim.run_folder import RunFolder
from sim.scenario import apply, load, packaged
from sim.study import conduct
from sim.verify import verify
from system.errors import InputError
from tests.sim.toy import SCENARIO, register, write_scenario
from tests.sim.toy_runs import SamePool, study_of

MAP = ("--map", "--points", "8", "--workers", "2", "--replications", "2")
TWO = SCENARIO.replace(
    "[[claims]]",
    "spare_share = { value = 0.5, assumed = true, range = [0, 1] }\n\n[[claims]]",
    1,
)


@pytest.fixture(scope="module")
def mapped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a toy run with its map. Copy it before changing it."""
    return _mapped(tmp_path_factory.mktemp("mapped"), SamePool())


def _mapped(folder: Path, pool: Pool, points: int = 24) -> Path:
    register()
    write_scenario(folder, TWO)
    study = study_of(folder, "replications.max=4", text=TWO)
    conduct(study, pool, lambda finished: None, fresh=True)
    found = map_of(study, MapWish(asked=True, points=points))
    assert found is not None
    conduct_map(found, pool, lambda done, total: None)
    return study.folder.path


def _more(folder: Path, points: int | None) -> None:
    """What ``run --resume FOLDER --points`` does, in this process."""
    found = map_of(reopen(RunFolder(folder), None), MapWish(points=points))
    assert found is not None
    conduct_map(found, SamePool(), lambda done, total: None)


def _claims(folder: Path) -> dict:
    return json.loads((folder / "map.json").read_text())["claims"]


def test_a_report_tells_what_moves_a_claim_where_it_holds_and_where_it_turns(mapped: Path) -> None:
    report = tell(sources_of([mapped]), "en")
    [section] = [one for one in report.sections if one.key == "map-toy"]
    [table] = [block for block in section.blocks if isinstance(block, Table)]
    rows = {row[0].note: row[1:] for row in table.rows if isinstance(row[0], Cell)}
    _, movers, turn, box = rows["instant"]
    assert movers == "mean_delay_s"
    # Of people, not of machines: seconds as they read them, and no box without its share.
    turned = _claims(mapped)["instant"]["break_even"]
    assert turn.text == f"mean_delay_s = {figure(turned['value'], 's')}"
    assert "inside" in box.note
    assert "mean_delay_s" in box.text
    [drawn] = [one for one in report.figures() if one.key == "tornado-instant"]
    assert "moved most by mean_delay_s" in drawn.title


def test_the_parameter_that_matters_is_told_from_one_that_does_not(mapped: Path) -> None:
    instant = _claims(mapped)["instant"]
    assert instant["movers"] == ["mean_delay_s"]
    assert instant["indices"]["mean_delay_s"] > instant["noise"] > instant["indices"]["spare_share"]


def test_the_box_ends_where_the_claim_ends(mapped: Path) -> None:
    instant = _claims(mapped)["instant"]
    low, high = instant["box"]["mean_delay_s"]
    # Half of the mean delay stays under ten seconds up to 20, between two points of the design.
    assert low == 1
    assert 8 <= high <= 20
    assert instant["box"]["spare_share"] == [0, 1]
    assert instant["box_restricted"] == ["mean_delay_s"]
    assert instant["box_quality"]["density"] == 1.0


def test_the_break_even_value_lies_in_its_interval_around_the_truth(mapped: Path) -> None:
    turn = _claims(mapped)["instant"]["break_even"]
    assert turn["parameter"] == "mean_delay_s"
    assert turn["ci_low"] < turn["value"] < turn["ci_high"]
    assert turn["value"] == pytest.approx(20, abs=1.5)


def test_a_claim_that_holds_everywhere_has_the_whole_range_and_no_break_even(mapped: Path) -> None:
    halved = _claims(mapped)["halved"]
    assert halved["holds_share"] == 1.0
    assert halved["box"] == {"mean_delay_s": [1, 10000], "spare_share": [0, 1]}
    assert halved["break_even"]["value"] is None
    # Nothing moves it, so no line is looked at: what would be found there is chance.
    assert "more than chance" in halved["break_even"]["reason"]
    assert halved["break_even"]["values_tried"] == 0


def test_each_claim_of_the_document_has_its_box(mapped: Path) -> None:
    told = {claim["id"]: claim["box"] for claim in document_of(RunFolder(mapped))["claims"]}
    box = _claims(mapped)["instant"]["box"]
    assert told["instant"] == {"mean_delay_s": box["mean_delay_s"]}
    assert told["halved"] == {}


def test_the_folder_is_whole_and_verifies(mapped: Path, capsys) -> None:
    register()
    assert call(["verify", str(mapped), "--json"]) == 0
    assert not list(mapped.glob("map_parts*"))
    table = pq.read_table(mapped / "map.parquet").to_pandas()
    assert set(table["arm"]) == {"old", "new"}
    points = pq.read_table(mapped / "map_points.parquet").to_pandas()
    assert points["point"].tolist()[:2] == ["base", "d000000"]
    assert {"mean_delay_s", "claim.instant"} <= set(points.columns)


def test_a_map_that_says_more_than_its_points_is_found_out(mapped: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(mapped, copy)
    text = (copy / "map.json").read_text().replace('"holds_share": 1.0', '"holds_share": 0.9')
    (copy / "map.json").write_text(text)
    [check] = [one for one in verify(reopen(RunFolder(copy), None)) if one.name == "map"]
    assert not check.held
    assert "claims is not what" in check.detail


def test_two_workers_give_the_same_map_to_the_byte(mapped: Path, tmp_path: Path) -> None:
    again = _mapped(tmp_path, LocalPool(2))
    for name in ("map.json", "map.parquet", "map_points.parquet"):
        assert (again / name).read_bytes() == (mapped / name).read_bytes(), name


def test_more_points_reuse_those_that_are_there(tmp_path: Path, mapped: Path) -> None:
    folder = _mapped(tmp_path, SamePool(), points=12)
    before = pq.read_table(folder / "map.parquet").to_pylist()
    _more(folder, 24)
    after = pq.read_table(folder / "map.parquet").to_pylist()
    assert [row for row in after if row in before] == before
    assert _claims(folder) == _claims(mapped)


def test_an_interrupted_map_is_finished_by_resume_to_the_same_bytes(
    tmp_path: Path, mapped: Path
) -> None:
    def interrupt(done: int, total: int) -> None:
        if done == 9:
            raise KeyboardInterrupt

    register()
    write_scenario(tmp_path, TWO)
    study = study_of(tmp_path, "replications.max=4", text=TWO)
    conduct(study, SamePool(), lambda finished: None, fresh=True)
    found = map_of(study, MapWish(asked=True, points=24))
    assert isinstance(found, Map)
    with pytest.raises(KeyboardInterrupt):
        conduct_map(found, SamePool(), interrupt)
    assert study.folder.read_run()["status"] == "partial"
    _more(tmp_path / "run", None)
    assert (tmp_path / "run" / "map.json").read_bytes() == (mapped / "map.json").read_bytes()


def test_the_document_has_the_map_by_claim(tmp_path: Path, monkeypatch, capsys) -> None:
    register()
    monkeypatch.chdir(tmp_path)
    write_scenario(tmp_path)
    assert call(["run", "toy.toml", *MAP, "--out", "run", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    entry = document["map"]["instant"]
    assert {"indices", "box", "break_even"} <= set(entry)
    assert set(entry["break_even"]) >= {"parameter", "value"}
    assert call(["run", "--resume", "run", "--lang", "zh"]) == 0
    assert "临界值" in capsys.readouterr().out


def test_points_that_the_model_refuses_are_counted_and_named(tmp_path: Path) -> None:
    folder = _mapped(tmp_path, SamePool(), points=16)
    document = json.loads((folder / "map.json").read_text())
    assert document["outside"] == {"points": 0, "by_field": {}}
    text = TWO.replace('trouble = "none"', 'trouble = "steep"')
    (tmp_path / "steep").mkdir()
    study = study_of(tmp_path / "steep", "replications.max=4", text=text)
    conduct(study, SamePool(), lambda finished: None, fresh=True)
    found = map_of(study, MapWish(asked=True, points=16))
    assert found is not None
    conduct_map(found, SamePool(), lambda done, total: None)
    outside = json.loads((study.folder.path / "map.json").read_text())["outside"]
    assert 4 <= outside["points"] <= 12
    assert outside["by_field"] == {"parameters.spare_share": outside["points"]}


def test_a_map_that_was_begun_with_other_populations_is_not_mixed(mapped: Path) -> None:
    study = study_of(mapped.parent, "replications.max=4", out=mapped.name, text=TWO)
    with pytest.raises(InputError, match=r"--map-scale = 0\.5: the map was begun with 1\.0"):
        map_of(study, MapWish(asked=True, population_scale=0.5))


# --- axes and points ------------------------------------------------------------------------------


def test_every_assumed_or_ranged_parameter_is_an_axis_or_says_why_not() -> None:
    for scenario in packaged():
        questionable = {
            p.name for p in scenario.parameters.values() if p.assumed or p.bounds is not None
        }
        found = {axis.name for axis in axes_of(scenario)}
        assert found | set(fixed_of(scenario)) == questionable
        assert not found & set(fixed_of(scenario))


@pytest.mark.parametrize("name", ["receivables", "credit", "leasing"])
def test_each_axis_stays_in_its_range_in_steps_and_holds_the_scenarios_own_value(name) -> None:
    for axis in axes_of(load(name)):
        places = [axis.coordinate(u) for u in (0.0, 0.3, 0.7, 1 - 1e-12)]
        assert all(axis.low <= place <= axis.high for place in places), axis
        assert places == sorted(places)
        here = axis.coordinate(axis.unit(axis.base))
        assert abs(here - axis.base) <= max(axis.step, abs(axis.base) * 1e-5), axis


def test_a_designed_scenario_is_a_scenario_with_lists_moved_as_a_whole() -> None:
    scenario = load("receivables")
    axes = axes_of(scenario)
    point = designed_points(axes, design(len(axes), 1, 4))[3]
    there = scenario_at(scenario, axes, point, 0.5)
    runs = there.values.numbers("committee_weekday_options")
    assert runs[1] - runs[0] == 3
    assert there.values.whole("start_s") % 86_400 == scenario.values.whole("start_s") % 86_400
    # Half of what the map of this scenario caps it at.
    assert there.populations["tier1"].whole("count") == 12


def test_the_design_keeps_its_first_points_and_fills_every_axis() -> None:
    few, many = design(113, 7, 40), design(113, 7, 128)
    assert np.array_equal(few, many[:40])
    for cube in many.reshape(4, 32, 113):
        assert (np.sort((cube * 32).astype(int), axis=0) == np.arange(32)[:, None]).all()
    # A Sobol' sequence of this size has axes that move together (correlations above 0.8).
    assert np.abs(np.corrcoef(many.T) - np.eye(113)).max() < 0.5


def test_a_points_name_says_all_about_it() -> None:
    axis = axes_of(load("credit"))[0]
    point = line_point(axis, Fraction(3, 8))
    assert line_place(point.name) == (axis.name, Fraction(3, 8))
    assert line_place(base_point().name) is None
    assert line_place("d000003") is None


def test_levels_are_the_only_figures_and_a_single_one_is_no_axis() -> None:
    axes = {axis.name: axis for axis in axes_of(load("leasing"))}
    heartbeat = axes["heartbeat_s"]
    taken = {heartbeat.coordinate(unit) for unit in np.linspace(0, 0.999, 100)}
    assert taken == {1800, 3600, 5400, 7200, 10800, 14400}
    assert heartbeat.coordinate(heartbeat.unit(7200)) == 7200
    assert "usage_edge_hours_options" in fixed_of(load("leasing"))


def test_a_step_that_is_no_step_is_refused() -> None:
    with pytest.raises(InputError, match=r"step"):
        apply(load("receivables"), ["parameters.start_s.step=0"])


def test_a_scenario_says_how_large_its_map_is(tmp_path: Path) -> None:
    register()
    text = TWO.replace(
        "[parameters]", "[map]\npoints = 9\nline_replications = 3\n\n[parameters]", 1
    )
    text += "\n[map.caps]\nhorizon_days = 4\n"
    study = study_of(tmp_path, text=text)
    found = map_of(study, MapWish(asked=True))
    assert found is not None
    assert (found.sweep.points, found.sweep.replications) == (9, 2)
    assert map_of(study, MapWish(asked=True, points=5)).sweep.points == 5
    scenario = study.plan.scenario
    at_base = scenario_at(scenario, axes_of(scenario), base_point(), 1.0)
    assert (at_base.horizon_days, scenario.horizon_days > 4) == (4, True)


def test_the_size_of_a_map_is_no_part_of_what_a_run_is(tmp_path: Path) -> None:
    register()
    for name in ("plain", "mapped"):
        (tmp_path / name).mkdir()
    plain = study_of(tmp_path / "plain", text=TWO).plan.scenario
    mapped = study_of(tmp_path / "mapped", text=TWO + "\n[map]\npoints = 9\n").plan.scenario
    assert plain.digest() == mapped.digest()
    assert plain.map.points != mapped.map.points
