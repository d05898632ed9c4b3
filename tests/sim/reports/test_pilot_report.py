"""A pilot ends with its report; the file is named, and stdout stays JSON's."""

from pathlib import Path

import pytest

from sim.commands import pilot as command
from sim.pilot import prepare_pilot
from tests.sim.toy import register, write_scenario


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_pilot_writes_its_report_and_names_it(
    tmp_path: Path, lang: str, capsys: pytest.CaptureFixture[str]
) -> None:
    register()
    scenario = write_scenario(tmp_path)
    pilot = prepare_pilot(
        [str(scenario)], ("replications.min=2", "replications.max=2"), tmp_path / "p"
    )
    assert command.conduct(pilot, True, "local", 2, (), True, lang) == 0
    said = capsys.readouterr()
    assert said.out.startswith("{")
    assert said.out.count("\n") == 1
    page = tmp_path / "p" / "report.html"
    assert str(page) in said.err
    assert "shapan serve" in said.err
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
