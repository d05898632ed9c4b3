"""``shapan schedule``: what people see, what programs read, and what is refused."""

import json

import pytest

from sim.__main__ import call

ANNUITY = (
    *("schedule", "--type", "annuity", "--principal-fen", "500000", "--rate-ppm", "80000"),
    *("--start", "2013-01-01", "--periods", "12", "--period", "1M", "--day-count", "A365"),
)


def with_(**changes: str) -> tuple[str, ...]:
    """The annuity's call with other values."""
    arguments = list(ANNUITY)
    for name, value in changes.items():
        arguments[arguments.index("--" + name.replace("_", "-")) + 1] = value
    return tuple(arguments)


def test_people_see_rows_in_yuan_in_their_language(capsys: pytest.CaptureFixture[str]) -> None:
    assert call((*ANNUITY, "--lang", "zh")) == 0
    shown = capsys.readouterr().out
    assert "剩余本金" in shown
    assert shown.count("434.87") == 11
    assert "2014-01-01" in shown


def test_programs_read_one_document_in_fen(capsys: pytest.CaptureFixture[str]) -> None:
    assert call((*ANNUITY, "--json")) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["rows"][0] == {
        "date": "2013-02-01",
        "interest_fen": 3_397,
        "principal_fen": 40_090,
        "payment_fen": 43_487,
        "balance_fen": 459_910,
    }
    assert found["rows"][-1]["balance_fen"] == 0
    for name in ("interest_fen", "principal_fen", "payment_fen"):
        assert found["total"][name] == sum(row[name] for row in found["rows"])


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"type": "balloon"}, "'annuity', 'equal-principal', 'bullet'"),
        ({"day_count": "B30"}, "'30E360'"),
        ({"period": "2M"}, "'1M', '3M', '1Y'"),
        ({"principal_fen": "0"}, "give a whole number from 1"),
        ({"start": "2013-02-29"}, "no such day"),
        ({"periods": "5000"}, "from 1 to 1200"),
    ],
)
def test_what_cannot_be_used_says_what_to_give_instead(
    changes: dict[str, str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(with_(**changes)) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert says in err
    assert err.count("\n") == 1
