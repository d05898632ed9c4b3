"""Scenario values that the credit model cannot use: file and line, value, remedy."""

import re
from pathlib import Path

import pytest

from sim.credit.model import setting_of
from sim.scenario import Scenario, apply, load
from system.errors import InputError

HERE = Path(__file__).parents[2] / "sim" / "scenarios" / "credit.toml"


def refusal(scenario: Scenario, arm: str = "data") -> InputError:
    with pytest.raises(InputError) as found:
        setting_of(scenario, arm, 0)
    return found.value


@pytest.mark.parametrize(
    ("name", "text", "wrong"),
    [
        ("legacy_days", "range = [420, 1460]", "range = [20, 1460]"),
        ("desk_clerk_share", "range = [0.0005, 0.02]", "range = [0, 0.02]"),
        ("shock_memory_days", "range = [14, 365]", "range = [1, 365]"),
    ],
)
def test_a_value_beyond_the_arithmetic_names_its_file_and_line(
    tmp_path: Path, name: str, text: str, wrong: str
) -> None:
    lines = HERE.read_text().splitlines()
    at = next(at for at, line in enumerate(lines) if line.startswith(f"{name} = "))
    value = {"legacy_days": "30", "desk_clerk_share": "0.0", "shock_memory_days": "1"}[name]
    lines[at] = re.sub(r"value = [^,]+,", f"value = {value},", lines[at].replace(text, wrong))
    file = tmp_path / "mine.toml"
    file.write_text("\n".join(lines).replace('name = "credit"', 'name = "mine"'))
    error = refusal(load(str(file)))
    assert (error.file, error.line) == (str(file), at + 1)
    assert name in error.field
    assert "needs" in error.remedy


def test_shares_of_what_happens_to_the_feed_are_parts_of_one_whole(tmp_path: Path) -> None:
    shares = ("missing", "late", "duplicate", "corrected")
    text = HERE.read_text().replace('name = "credit"', 'name = "mine"')
    for name in shares:
        entry = f"feed_{name}_share = {{ value = 0.3, assumed = true, range = [0, 1] }}"
        text = re.sub(rf"^feed_{name}_share = .*$", entry, text, flags=re.MULTILINE)
    file = tmp_path / "mine.toml"
    file.write_text(text)
    error = refusal(load(str(file)))
    assert error.field == "parameters.feed_missing_share"
    assert "more than all of them" in error.remedy


def test_an_unknown_process_is_refused() -> None:
    error = refusal(apply(load("credit"), ["arms.data.process=astrology"]))
    assert error.remedy == "write collateral or data"


@pytest.mark.parametrize(("name", "count"), [("merchant", 0), ("legacy", 10), ("merchant", 2**21)])
def test_populations_that_cannot_be_are_refused(name: str, count: int) -> None:
    error = refusal(apply(load("credit"), [f"populations.{name}.count={count}"]))
    assert error.field == f"populations.{name}.count"
    assert error.value == count


def test_an_arm_may_have_a_parameter_of_its_own(tmp_path: Path) -> None:
    own = 'process = "collateral"\ndesk_tenure_days_min = 365'
    text = HERE.read_text().replace('process = "collateral"', own)
    file = tmp_path / "mine.toml"
    file.write_text(text.replace('name = "credit"', 'name = "mine"'))
    scenario = load(str(file))
    assert setting_of(scenario, "collateral", 0).parameters.desk_tenure_days_min == 365
    assert setting_of(scenario, "data", 0).parameters.desk_tenure_days_min == 730
