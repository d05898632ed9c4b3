"""Fitted parameters in runs: what the data leave open widens what a claim can say."""

import json
from pathlib import Path

import numpy as np
import pytest

from sim.__main__ import call
from sim.prepare import Wish, prepare
from sim.scenario import overlay
from sim.scenario_draws import drawn_values, with_draws
from sim.study import conduct
from system.errors import InputError
from tests.sim.toy import register, write_scenario
from tests.sim.toy_runs import SamePool, study_of

OVERLAY = """
[parameters]
mean_delay_s = { value = 2000, source = "a fit", range = [1, 10000], interval = [1000, 5000] }
"""


@pytest.fixture
def fitted(tmp_path: Path) -> Path:
    """An overlay as ``shapan fit`` writes it, beside toy.toml."""
    register()
    write_scenario(tmp_path)
    (tmp_path / "mine.toml").write_text(OVERLAY, encoding="utf-8")
    return tmp_path / "mine.toml"


def _scenario(fitted: Path):
    return with_draws(overlay(study_of(fitted.parent).plan.scenario, str(fitted)))


def test_draws_have_the_intervals_ends_as_their_quantiles(fitted: Path) -> None:
    scenario = _scenario(fitted)
    values = np.array([drawn_values(scenario, r)["mean_delay_s"] for r in range(4_000)])
    low, middle, high = np.quantile(values, (0.025, 0.5, 0.975))
    assert low == pytest.approx(1000, rel=0.05)
    assert middle == pytest.approx(2000, rel=0.03)
    assert high == pytest.approx(5000, rel=0.05)
    assert values.min() >= 1
    assert values.max() <= 10_000


def test_both_arms_of_a_replication_meet_the_same_drawn_value(fitted: Path) -> None:
    plan = study_of(fitted.parent).plan.at(_scenario(fitted))
    here, there = ({t.scenario.values["mean_delay_s"] for t in plan.tasks(r)} for r in (3, 4))
    assert len(here) == len(there) == 1
    assert here != there


def test_a_run_with_draws_says_what_it_drew_and_its_interval_is_wider(fitted: Path) -> None:
    widths = []
    for name, draws in (("known", False), ("drawn", True)):
        wish = Wish(str(fitted.parent / "toy.toml"), overlay=fitted, draw_fitted=draws)
        study = prepare(wish, lambda plan, name=name: fitted.parent / name)
        conduct(study, SamePool(), lambda finished: None, fresh=True)
        claim = study.folder.read_claims()[1]
        widths.append(claim["ci_high"] - claim["ci_low"])
        records = study.folder.records()
        assert all(("drawn" in record) == draws for record in records)
    assert widths[1] > 5 * widths[0]
    assert records[0]["drawn"] == drawn_values(study.plan.scenario, 0)


def test_the_command_line_draws_verifies_and_resumes(fitted: Path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(fitted.parent)
    arguments = ["run", "toy.toml", "--with", "mine.toml", "--draw-fitted", "--replications", "2"]
    assert call([*arguments, "--workers", "1", "--out", "run", "--json"]) == 0
    run = json.loads((fitted.parent / "run" / "run.json").read_text())
    assert run["scenario"]["parameters"]["mean_delay_s"]["draw"] is True
    assert call(["run", "--resume", "run", "--json"]) == 0
    assert call(["verify", "run", "--rerun", "--workers", "1"]) == 0


def test_drawing_without_anything_fitted_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no parameter has an interval"):
        study_of(tmp_path, draw_fitted=True)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("draw = true", "only one number with an interval is drawn"),
        ("draw = 1, interval = [1, 2]", "write true or false"),
        ("interval = [5, 2]", "put the lower number first"),
    ],
)
def test_an_interval_that_cannot_be_drawn_from_is_refused(fitted: Path, entry, message) -> None:
    text = f'[parameters]\nmean_delay_s = {{ value = 5, source = "x", {entry} }}\n'
    fitted.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=message):
        overlay(study_of(fitted.parent).plan.scenario, str(fitted))
