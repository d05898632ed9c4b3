"""Values that the model cannot compute with are refused by name, wherever they come from."""

from dataclasses import fields
from pathlib import Path

import pytest

from sim.__main__ import call
from sim.receivables.bounds import BOUNDS
from sim.receivables.lateness import undisputed_late_share
from sim.receivables.parameters import Parameters, parameters_of
from sim.scenario import apply, load, overlay
from system.errors import InputError


def _overlay(folder: Path, name: str, value: object) -> Path:
    path = folder / "overlay.toml"
    entry = f'{{ value = {value}, source = "a test" }}'
    path.write_text(f"[parameters]\n{name} = {entry}\n", encoding="utf-8")
    return path


def test_bounds_are_those_of_parameters_and_hold_every_range_to_sweep() -> None:
    scenario = load("receivables")
    assert set(BOUNDS) <= {field.name for field in fields(Parameters)}
    for name, (low, high) in BOUNDS.items():
        swept = scenario.parameters[name].bounds
        assert swept is not None
        assert low <= swept[0] <= swept[1] <= high, name


def test_what_divides_or_repeats_has_a_bound_above_zero() -> None:
    for field in fields(Parameters):
        if field.name.endswith(("_interval_days", "_interval_s", "_clerk_count")):
            assert BOUNDS[field.name][0] > 0, field.name


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("late_given_dispute_ratio", 0.0),
        ("block_interval_s", 0),
        ("relay_interval_s", 0),
        ("wage_interval_days", 0),
        ("late_days_cv", 0),
        ("size_pareto_exponent", 1.0),
        ("debtor_late_dispersion_ratio", 1.0),
        ("intake_clerk_count", 0),
        ("payout_cutoff_s", 86_400),
        ("term_days_options", [30, 400]),
    ],
)
def test_an_overlay_beyond_the_models_bounds_is_refused(
    tmp_path: Path, name: str, value: object
) -> None:
    path = _overlay(tmp_path, name, value)
    with pytest.raises(InputError, match="the model needs") as refused:
        parameters_of(overlay(load("receivables"), str(path)), "chain")
    assert refused.value.field == f"parameters.{name}"
    assert refused.value.file == str(path)


def test_an_arm_beyond_the_models_bounds_is_refused() -> None:
    scenario = apply(
        load("receivables"),
        [
            "parameters.term_extension_days.range=[0, 999]",
            "arms.chain.term_extension_days=900",
        ],
    )
    with pytest.raises(InputError, match=r"arms\.chain\.term_extension_days = 900"):
        parameters_of(scenario, "chain")


def test_a_refused_value_ends_the_run_with_one_line_and_no_folder(tmp_path: Path, capsys) -> None:
    path, out = _overlay(tmp_path, "block_interval_s", 0), tmp_path / "run"
    line = ["run", "receivables", "--with", str(path), "--replications", "1", "--out", str(out)]
    assert call(line) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "parameters.block_interval_s = 0: the model needs 1 to 86400" in err
    assert not out.exists()


@pytest.mark.parametrize("dispersion", [0.0, 0.4])
@pytest.mark.parametrize("ratio", [0.1, 0.5, 100.0])
def test_the_share_over_all_invoices_holds_for_every_ratio_of_the_model(
    ratio: float, dispersion: float
) -> None:
    mean = undisputed_late_share(0.3, dispersion, 0.25, ratio)
    assert 0 < mean < 1
    if ratio <= 1:
        assert mean * (0.75 + 0.25 * ratio) == pytest.approx(0.3)
