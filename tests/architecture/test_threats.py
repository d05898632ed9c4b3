"""Every threat names a test that tries it, and that test exists."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "THREATS.md").read_text(encoding="utf-8")
ROWS = [line for line in PAGE.splitlines() if re.match(r"\| [STRIDE] \|", line)]
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", PAGE)))


def test_every_threat_names_a_test() -> None:
    silent = [row for row in ROWS if "::test_" not in row]
    assert len(ROWS) > 20
    assert not silent, f"name the test that tries it: {silent}"


def test_every_letter_is_thought_of() -> None:
    assert {row[2] for row in ROWS} == set("STRIDE")


@pytest.mark.parametrize(("path", "name"), NAMED)
def test_the_named_test_is_there(path: str, name: str) -> None:
    text = (ROOT / path).read_text(encoding="utf-8")
    assert re.search(rf"^def {name}\(", text, re.MULTILINE), f"{path} has no {name}: name another"
