"""Scenarios that say only in what they differ from another one."""

from pathlib import Path

import pytest

from sim.scenario import load
from system.errors import InputError

HEAD = """
name = "mine"
like = "joint-contagion"

[parameters]
line_limit_days = { value = 30, assumed = true, range = [5, 60] }

[populations.tier1]
count = 5
"""


def _write(folder: Path, text: str) -> str:
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_what_is_not_said_is_as_in_the_other_one_also_over_two_steps(tmp_path: Path) -> None:
    mine = load(_write(tmp_path, HEAD))
    near, far = load("joint-contagion"), load("receivables")
    assert mine.values["line_limit_days"] == 30
    assert mine.values["line_rate_ppm"] == near.values["line_rate_ppm"]
    assert mine.values["order_volume_cv"] == far.values["order_volume_cv"]
    assert mine.populations["tier1"].whole("count") == 5
    assert mine.populations["tier2"] == near.populations["tier2"]
    assert [claim.id for claim in mine.claims] == [claim.id for claim in near.claims]
    assert "like" not in mine.as_data()


def test_an_error_names_the_file_in_which_the_value_stands(tmp_path: Path) -> None:
    wrong = HEAD.replace("value = 30", "value = 90")
    with pytest.raises(InputError, match=r"mine.toml"):
        load(_write(tmp_path, wrong))
    with pytest.raises(InputError, match="such_a_word"):
        load(_write(tmp_path, HEAD + "such_a_word = 1\n"))


@pytest.mark.parametrize("name", ["mine", "nowhere"])
def test_a_scenario_is_like_another_packaged_one(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError):
        load(_write(tmp_path, HEAD.replace("joint-contagion", name)))
