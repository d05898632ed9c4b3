"""Yuan in, fen out, exactly; and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from system.errors import InputError
from system.limits import AMOUNT_FEN_MAX
from system.money import checked_fen, fen_of_yuan, yuan_of_fen


@given(st.integers(1, AMOUNT_FEN_MAX))
def test_printing_and_reading_give_the_amount_back(amount_fen: int) -> None:
    assert fen_of_yuan(yuan_of_fen(amount_fen).replace(",", "")) == amount_fen


@pytest.mark.parametrize(
    "text",
    [
        "",
        "abc",
        "1.234",
        "1_0",
        "1e3",
        "1e999999999",
        "NaN",
        "inf",
        "-1",
        "0",
        "1." + "0" * 30 + "1",
    ],
)
def test_an_amount_that_is_not_whole_fen_is_refused_by_name(text: str) -> None:
    with pytest.raises(InputError) as refused:
        fen_of_yuan(text, field="PayableAmount")
    assert refused.value.field == "PayableAmount"


@pytest.mark.parametrize("amount", [True, 1.0, "100", None, 0, -5, AMOUNT_FEN_MAX + 1])
def test_only_positive_whole_numbers_within_bounds_are_amounts(amount: object) -> None:
    with pytest.raises(InputError):
        checked_fen(amount)


def test_negative_balances_print_with_their_sign() -> None:
    assert yuan_of_fen(-123456) == "-1,234.56"
