"""What is paid when on money lent: annuity, equal principal, bullet. Whole fen, row by row.

Interest of a row is that of the balance before it, over the actual days of the row by the day count
of the contract, rounded half to even. The last row pays all that is left.

The annuity's payment is the one that clears the balance at those same interests (ACTUS; technical
specification, annuity amount function): 434.87 for 5,000 over 12 months from 2013-01-01 at 8 %,
where the textbook's formula of equal months gives 434.94.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from system.kernels.columns import I64, is_column
from system.kernels.rounding import mul_div_half_even
from system.limits import AMOUNT_FEN_MAX, PPM, RATE_PPM_MAX, SCHEDULE_ROWS_MAX


class Repayment(StrEnum):
    """How the principal comes back."""

    ANNUITY = "annuity"  # payments are equal
    EQUAL_PRINCIPAL = "equal-principal"
    BULLET = "bullet"  # all of it at the end


@dataclass(frozen=True, slots=True)
class Flows:
    """One row per payment, int64 (n,) fen >= 0. payment = interest + principal.

    balance_fen: after the row; the last is 0.
    """

    interest_fen: I64
    principal_fen: I64
    payment_fen: I64
    balance_fen: I64


@dataclass(frozen=True, slots=True)
class Debt:
    """principal_fen: 1..AMOUNT_FEN_MAX.  rate_ppm: per year, 0..RATE_PPM_MAX.

    units: int64 (n,), n 1..SCHEDULE_ROWS_MAX, the part of a year that each row covers, in units of
    1 / year_units year.
    """

    principal_fen: int
    rate_ppm: int
    units: I64
    year_units: int

    def __post_init__(self) -> None:
        assert 1 <= self.principal_fen <= AMOUNT_FEN_MAX
        assert 0 <= self.rate_ppm <= RATE_PPM_MAX
        assert 1 <= self.units.size <= SCHEDULE_ROWS_MAX
        assert is_column(self.units, 0, 2 * self.year_units)

    @property
    def rows(self) -> int:
        return self.units.size

    def interest_half_even(self, balance_fen: I64) -> I64:
        """Of each row, on the balance (n,) that it begins with. Returns int64 (n,) fen."""
        return mul_div_half_even(balance_fen, self.rate_ppm * self.units, PPM * self.year_units)


def equal_principal(debt: Debt) -> Flows:
    """Equal parts, rounded down; the last row takes the rest, less than a fen per row more."""
    part_fen = debt.principal_fen // debt.rows
    principal_fen = np.full(debt.rows, part_fen, np.int64)
    principal_fen[-1] = debt.principal_fen - part_fen * (debt.rows - 1)
    return _flows(debt, principal_fen)


def bullet(debt: Debt) -> Flows:
    """Interest row by row, and the principal with the last."""
    principal_fen = np.zeros(debt.rows, np.int64)
    principal_fen[-1] = debt.principal_fen
    return _flows(debt, principal_fen)


def annuity(debt: Debt) -> Flows | None:
    """Payments equal to the fen but for the last, which clears the balance.

    The payment is the exact one, rounded half to even; where so small a debt over so many rows
    would be paid before its last row, the next lower one that lasts.
    None where a row's interest exceeds the payment: the balance would grow (long terms at high
    rates, whose rows differ in days).
    """
    payment_fen = _annuity_payment_half_even(debt)
    while True:
        principal_fen = _amortised(debt, payment_fen)
        if int(principal_fen.min()) >= 0:
            return _flows(debt, principal_fen)
        if principal_fen[-1] >= 0:
            return None
        payment_fen -= 1


def _annuity_payment_half_even(debt: Debt) -> int:
    """principal x product of growth / sum of the growth after each payment; exact, then rounded.

    In whole numbers of any length: with every growth factor as f / d, the products of f and the
    powers of d carry numerator and denominator.
    """
    d = PPM * debt.year_units
    grown, paid, power = 1, 0, 1
    for units in debt.units.tolist():
        f = d + debt.rate_ppm * units
        grown, paid, power = grown * f, paid * f + power * d, power * d
    return _div_half_even(debt.principal_fen * grown, paid)


def _amortised(debt: Debt, payment_fen: int) -> I64:
    """Principal of each row at this payment; the last row takes what is left, also below zero."""
    d, left = PPM * debt.year_units, debt.principal_fen
    principal = []
    for units in debt.units[:-1].tolist():
        interest_fen = _div_half_even(max(left, 0) * debt.rate_ppm * units, d)
        principal.append(payment_fen - interest_fen)
        left -= principal[-1]
    return np.array([*principal, left], np.int64)


def _div_half_even(a: int, b: int) -> int:
    quotient, rest = divmod(a, b)
    return quotient + (2 * rest > b or (2 * rest == b and quotient % 2 == 1))


def _flows(debt: Debt, principal_fen: I64) -> Flows:
    balance_fen = debt.principal_fen - np.cumsum(principal_fen)
    interest_fen = debt.interest_half_even(balance_fen + principal_fen)
    return Flows(interest_fen, principal_fen, interest_fen + principal_fen, balance_fen)
