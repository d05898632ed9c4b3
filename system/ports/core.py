"""The bank core port: whoever keeps the bank's general ledger, of which ours is a sub-ledger.

It takes one voucher a day with the totals of the day and tells what then stands on its accounts.
Real and embedded adapters pass the same suite (``tests/ports/test_core.py``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Turnover:
    """What a voucher moves on one account of the general ledger. Both >= 0."""

    account: str
    debit_fen: int
    credit_fen: int


@dataclass(frozen=True, slots=True)
class Entries:
    """The lines of a voucher: debits and credits are equal in sum.

    day: the business day that it closes, counted from 1970-01-01.
    """

    voucher_id: str
    day: int
    lines: tuple[Turnover, ...]


class BankCore(Protocol):
    """What every core guarantees."""

    def book(self, entries: Entries) -> None:
        """Hand over a voucher. The same again changes nothing.

        Raises CoreUnavailable where it is not known whether it arrived (send the same again), and
        InputError where other lines were booked under this name.
        """
        ...

    def balances_fen(self, day: int) -> Mapping[str, int] | None:
        """Debits less credits of each account at the end of this day; None until that is told.

        Raises CoreUnavailable, and InputError for an answer that cannot be read.
        """
        ...
