"""Between books and the bank's core: vouchers go in order, and balances are held against ours."""

import logging
from dataclasses import replace
from typing import Final

from system.core.vouchers import BOOKED, DIFFERS, NEW, VOUCHERS, Voucher, compared
from system.errors import CoreUnavailable, InputError
from system.ports.core import BankCore
from system.ports.store import Store

_LOG: Final = logging.getLogger("shapan.core")
# Of those that differed: a core may have answered too early, or have been put right.
_LOOKED_AT_AGAIN: Final = 31


class CoreWork:
    """All state is in the store: ``run`` may be broken off anywhere, and is run again."""

    def __init__(self, core: BankCore, store: Store) -> None:
        self._core, self._store = core, store

    def run(self) -> None:
        """Hand over what is new, then compare what is not agreed on yet. Not inside a group.

        A voucher that the core refuses stops those behind it, until people have settled it. Raises
        CoreUnavailable.
        """
        for voucher in self._in_state(NEW):
            if not self._booked(voucher):
                break
        away: CoreUnavailable | None = None
        for voucher in self._in_state(BOOKED) + self._in_state(DIFFERS)[-_LOOKED_AT_AGAIN:]:
            try:
                # Once more: a folder may have been another one, before its disk was there.
                if self._booked(voucher):
                    self._compare(voucher)
            except CoreUnavailable as error:
                away = error
        if away is not None:
            raise away

    def _in_state(self, state: str) -> list[Voucher]:
        with self._store.transaction() as unit:
            return sorted(unit.find(VOUCHERS, {"state": state}), key=lambda one: one.day)

    def _booked(self, voucher: Voucher) -> bool:
        try:
            self._core.book(voucher.entries())
        except InputError as error:
            self._keep(replace(voucher, note=str(error)))
            return False
        if voucher.state == NEW:
            self._keep(replace(voucher, state=BOOKED, note=""))
        return True

    def _compare(self, voucher: Voucher) -> None:
        try:
            told_fen = self._core.balances_fen(voucher.day)
        except InputError as error:
            self._keep(replace(voucher, note=str(error)))
            return
        if told_fen is not None:
            self._keep(compared(voucher, told_fen))

    def _keep(self, voucher: Voucher) -> None:
        with self._store.transaction() as unit:
            [known] = unit.get(VOUCHERS, [(voucher.voucher_id,)])
            if voucher == known:
                return
            unit.replace(VOUCHERS, [voucher])
        if voucher.note:
            level = logging.ERROR if voucher.state == DIFFERS else logging.WARNING
            _LOG.log(level, "voucher %s: %s", voucher.voucher_id, voucher.note)
