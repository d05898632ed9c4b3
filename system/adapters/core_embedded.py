"""A general ledger in the process: it books what balances, and closes each day at once."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from system.adapters.core_documents import checked, read_voucher, voucher_document
from system.errors import InputError
from system.ports.core import Entries
from system.ports.store import Store, Table


@dataclass(frozen=True, slots=True)
class CoreVoucher:
    """A voucher as it was handed over."""

    voucher_id: str
    day: int
    document: str


VOUCHERS: Final = Table("core_voucher", CoreVoucher, key=("voucher_id",), append_only=True)
CORE_TABLES: Final = (VOUCHERS,)


class EmbeddedCore:
    """store: with CORE_TABLES; a core of its own, which may lie in the bank's own database."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def book(self, entries: Entries) -> None:
        """As the port has it. Raises InputError for debits that are not the credits' sum."""
        document = voucher_document(checked(entries))
        with self._store.transaction() as unit:
            [known] = unit.get(VOUCHERS, [(entries.voucher_id,)])
            if known is None:
                unit.insert(VOUCHERS, [CoreVoucher(entries.voucher_id, entries.day, document)])
            elif known.document != document:
                raise InputError("voucher_id", entries.voucher_id, "it was booked with other lines")

    def balances_fen(self, day: int) -> Mapping[str, int] | None:
        """As the port has it: known as soon as the day's own voucher is booked."""
        with self._store.transaction() as unit:
            booked = [one for one in unit.scan(VOUCHERS) if one.day <= day]
        if not any(one.day == day for one in booked):
            return None
        balances_fen: Counter[str] = Counter()
        for one in booked:
            for line in read_voucher(one.document).lines:
                balances_fen[line.account] += line.debit_fen - line.credit_fen
        return balances_fen
