"""Vouchers for the bank's general ledger: what the books turned over since the one before.

An account of the general ledger sums up alike accounts of ours: ``receivables/deposit/ACME`` and
all other deposits are ``receivables/deposit``. A voucher is made in the transaction that reads the
books, holds the totals up to it, and is never altered; only how far it came is.
"""

import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from system.canonical import canonical_json, iso_day
from system.errors import IntegrityError
from system.ledger.records import ACCOUNTS, Account
from system.ports.core import Entries, Turnover
from system.ports.store import Table, Unit

_LOG: Final = logging.getLogger("shapan.core")
NEW: Final = "new"
BOOKED: Final = "booked"
AGREED: Final = "agreed"
DIFFERS: Final = "differs"
NOTHING: Final = "nothing"


@dataclass(frozen=True, slots=True)
class Voucher:
    """state: new, booked (handed over), agreed (the core's balances are ours), differs, or nothing
    (nothing moved: the core is not told).

    lines, totals: JSON, account -> [debit_fen, credit_fen]; of this voucher, and of all up to it.
    note: what differs.
    """

    voucher_id: str
    day: int
    made_at_s: int
    lines: str
    totals: str
    state: str
    note: str = ""

    def entries(self) -> Entries:
        """As the core gets it."""
        told = json.loads(self.lines).items()
        lines = tuple(Turnover(account, debit, credit) for account, (debit, credit) in told)
        return Entries(self.voucher_id, self.day, lines)

    def balances_fen(self) -> dict[str, int]:
        """Debits less credits of each account, all vouchers up to this one together."""
        told = json.loads(self.totals).items()
        return {account: debit - credit for account, (debit, credit) in told}


VOUCHERS: Final = Table("voucher", Voucher, key=("voucher_id",), index=(("state",),))
CORE_TABLES: Final = (VOUCHERS,)


def close(unit: Unit, day: int, now_s: int) -> Voucher | None:
    """The voucher of the day that has ended; None where it was made before.

    Raises IntegrityError for books that do not balance.
    """
    last = unit.last(VOUCHERS)
    if last is not None and last.day >= day:
        if last.day > day:
            _LOG.warning("no voucher: the clock is before %s, the last one's day", last.voucher_id)
        return None
    before = json.loads(last.totals) if last is not None else {}
    totals = _totals(unit.scan(ACCOUNTS))
    lines = _moved(before, totals)
    # A day without movement is closed too: what comes after belongs to the next.
    made = Voucher(
        f"GL-{iso_day(day)}",
        day,
        now_s,
        canonical_json(lines),
        canonical_json(totals),
        NEW if lines else NOTHING,
    )
    unit.insert(VOUCHERS, [made])
    return made


def _totals(accounts: Iterable[Account]) -> dict[str, tuple[int, int]]:
    found: dict[str, tuple[int, int]] = {}
    for one in accounts:
        name = general_account(one)
        debit, credit = found.get(name, (0, 0))
        found[name] = (debit + one.debits_posted_fen, credit + one.credits_posted_fen)
    debits_fen = sum(debit for debit, _ in found.values())
    credits_fen = sum(credit for _, credit in found.values())
    if debits_fen != credits_fen:
        raise IntegrityError("sum of all debits", credits_fen, debits_fen)
    return found


def general_account(account: Account) -> str:
    """The account of the general ledger that sums this one up."""
    return account.account_id.removesuffix(f"/{account.owner_id}")


def _moved(
    before: Mapping[str, tuple[int, int]], totals: Mapping[str, tuple[int, int]]
) -> dict[str, tuple[int, int]]:
    moved = {}
    for name, (debit, credit) in totals.items():
        debit_before, credit_before = before.get(name, (0, 0))
        if (debit, credit) != (debit_before, credit_before):
            moved[name] = (debit - debit_before, credit - credit_before)
    return moved


def compared(voucher: Voucher, told_fen: Mapping[str, int]) -> Voucher:
    """As it stands once the core has told its balances. Accounts that are not ours are not looked
    at."""
    ours = voucher.balances_fen()
    different = [
        f"{name}: {told_fen.get(name, 0)} in the core, {fen} here"
        for name, fen in sorted(ours.items())
        if told_fen.get(name, 0) != fen
    ]
    return replace(voucher, state=DIFFERS if different else AGREED, note="; ".join(different))
