"""The bank's joint desk: three products, one view of each enterprise, and what follows from it.

It reads the books of all three, keeps groups' positions and warnings (``parties.group_view``), and
acts where a party is watched: its line is frozen, no further machine is handed to it, claims on it
and claims of it are not bought. A machine is taken back for cross-default where the party itself is
late. Nothing of it is taken back by the desk: people lift it in the product.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

import numpy as np

from system.chain.commands import HoldPurchases
from system.chain.records import LOTS, RECEIVABLES, Receivable
from system.chain.service import ReceivablesService
from system.credit.access import Access, Use, note
from system.credit.commands import FreezeBatch
from system.credit.service import CreditService
from system.kernels.account_sets import pack_accounts
from system.kernels.columns import I64
from system.kernels.group_view import Signal
from system.leasing.leases.commands import RepossessBatch, SetLimits
from system.leasing.leases.records import LeaseLife
from system.leasing.leases.service import LeaseService
from system.limits import DAY_S
from system.parties import group_view
from system.parties.consent import DataClass, Purpose, permitted
from system.parties.group_records import GroupWarning
from system.parties.group_view import Holdings, ViewPolicy
from system.ports.book import Book
from system.ports.clock import Clock
from system.ports.store import Store

_WATCHED: Final = "watched by the joint desk"
_OPEN: Final = ("accepted", "due", "overdue", "defaulted")
# What stands in the books: interest and penalty that run up count once they are billed.
_BOOKED: Final = ("principal_fen", "interest_due_fen", "penalty_due_fen", "fee_due_fen")
_BILLED: Final = ("rent_due_fen", "fee_due_fen", "penalty_due_fen")
_CLAIMS: Final = ("lessee", "life", "dpd_days", "value_fen", *_BILLED)


@dataclass(frozen=True, slots=True)
class JointParts:
    """The three products' doors, and the desk's own store.

    bank_ids: under which the bank buys receivables.  account_of: of each party, its number in the
    lines and among the lessees; parties without one have receivables only.
    """

    clock: Clock
    store: Store
    receivables: ReceivablesService
    receivables_store: Store
    bank_ids: Sequence[str]
    lines: CreditService
    lines_book: Book
    leases: LeaseService
    account_of: Mapping[str, int]
    policy: ViewPolicy


class JointDesk:
    """One desk over one bank. All state is in its store and in the products' books."""

    def __init__(self, parts: JointParts) -> None:
        self._parts = parts
        self._ids = sorted(parts.account_of, key=parts.account_of.__getitem__)

    def review(self, party_ids: Sequence[str], officers: tuple[str, str]) -> list[GroupWarning]:
        """Look at every party once a day, and act on new warnings, which it returns.

        party_ids: all parties, those with an account first, in the order of their accounts.
        officers: who signs, and who signs second. Raises DuplicateRow for a second review of a day.
        """
        parts = self._parts
        now_s, day = parts.clock.now_s(), parts.lines.today
        holdings = self._holdings(party_ids, day, now_s)
        with parts.store.transaction() as unit:
            warnings = group_view.review(unit, holdings, parts.policy, day, now_s)
        self._act(warnings, day, officers)
        return warnings

    def watched(self) -> dict[str, GroupWarning]:
        """The gravest warning of every party that is watched, by party."""
        with self._parts.store.transaction() as unit:
            return group_view.watched(unit)

    # What the products know.

    def _holdings(self, party_ids: Sequence[str], day: int, now_s: int) -> Holdings:
        n, accounts = len(party_ids), len(self._ids)
        assert list(party_ids[:accounts]) == self._ids, "accounts come first, in their order"
        row_of = {party_id: row for row, party_id in enumerate(party_ids)}
        owed_fen, claims, late_days = self._receivables(row_of, n, now_s)
        line = self._parts.lines.view((*_BOOKED, "dpd_days"), slice(0, accounts))
        lease_fen, lease_days = self._leases(accounts)
        late_days[:accounts] = np.maximum.reduce(
            [late_days[:accounts], line["dpd_days"], lease_days]
        )
        rest = np.zeros(n - accounts, np.int64)
        return Holdings(
            party_ids=party_ids,
            receivables_fen=owed_fen,
            lines_fen=np.concatenate((_sum_of(line, _BOOKED), rest)),
            leases_fen=np.concatenate((lease_fen, rest)),
            late_days=late_days,
            seen=np.concatenate((self._seen(accounts, late_days, day, now_s), rest + 1)),
            holder=claims[0],
            debtor=claims[1],
            value_fen=claims[2],
        )

    def _receivables(
        self, row_of: Mapping[str, int], n: int, now_s: int
    ) -> tuple[I64, tuple[I64, I64, I64], I64]:
        """What banks hold on each debtor; open claims; how long each debtor is past due."""
        with self._parts.receivables_store.transaction() as unit:
            open_ = {row.receivable_id: row for row in unit.scan(RECEIVABLES) if row.state in _OPEN}
            lots = [lot for lot in unit.scan(LOTS) if lot.receivable_id in open_]
        owed_fen, late_days = np.zeros(n, np.int64), np.zeros(n, np.int64)
        for row in open_.values():
            at = row_of[row.debtor_id]
            late_days[at] = max(late_days[at], _late_days(row, now_s))
        free: list[tuple[int, int, int]] = []
        for lot in lots:
            debtor = row_of[open_[lot.receivable_id].debtor_id]
            left_fen = lot.value_fen - lot.redeemed_fen
            if lot.state == "financed":
                owed_fen[debtor] += left_fen
            elif lot.state in ("free", "locked") and lot.owner_id in row_of:
                free.append((row_of[lot.owner_id], debtor, left_fen))
        holder, debtors, value_fen = np.array(free, np.int64).reshape(-1, 3).T
        return owed_fen, (holder, debtors, value_fen), late_days

    def _leases(self, accounts: int) -> tuple[I64, I64]:
        """Claims and machines out of each lessee, and its worst days past due."""
        exposure_fen, late_days = np.zeros(accounts, np.int64), np.zeros(accounts, np.int64)
        leases = self._parts.leases.view(_CLAIMS, slice(0, self._parts.leases.leases))
        live = leases["life"] == LeaseLife.LIVE
        owed_fen = _sum_of(leases, _BILLED) + leases["value_fen"] * live
        np.add.at(exposure_fen, leases["lessee"], owed_fen)
        np.maximum.at(late_days, leases["lessee"], leases["dpd_days"])
        return exposure_fen, late_days

    def _seen(self, accounts: int, late_days: I64, day: int, now_s: int) -> I64:
        """Who agreed to be monitored; that it was read is noted."""
        with self._parts.lines_book.transaction() as unit:
            rows = np.arange(accounts)
            seen = permitted(unit, Purpose.MONITORING, DataClass.ORDERS, rows, now_s)
            read = np.flatnonzero(seen)
            if read.size:
                access = Access(
                    Use.GROUP_VIEW, Purpose.MONITORING, DataClass.ORDERS, day, day, now_s
                )
                digest = sha256(late_days[read].astype("<i8").tobytes()).hexdigest()
                note(unit, access, DataClass.ORDERS, pack_accounts(read), digest)
        return seen.astype(np.int64)

    # What follows.

    def _act(self, warnings: Sequence[GroupWarning], day: int, officers: tuple[str, str]) -> None:
        self._stop_buying(warnings, day, officers[0])
        account_of = self._parts.account_of
        known = [one for one in warnings if one.party_id in account_of]
        accounts = np.array(sorted({account_of[one.party_id] for one in known}), np.int64)
        if not accounts.size:
            return
        key = f"joint/{day}"
        self._parts.lines.freeze(FreezeBatch(f"{key}/freeze", accounts, officers[0]))
        none = np.zeros(accounts.size, np.int64)
        self._parts.leases.set_limits(SetLimits(f"{key}/limits", accounts, none, *officers))
        late = {account_of[one.party_id] for one in known if one.signal == Signal.OWN}
        self._take_back(key, late, officers)

    def _stop_buying(self, warnings: Sequence[GroupWarning], day: int, officer: str) -> None:
        """Claims on watched parties, and claims that they hold, are not bought."""
        holds = [
            HoldPurchases(f"joint/{day}/{one.party_id}", bank_id, one.party_id, _WATCHED, officer)
            for one in warnings
            for bank_id in self._parts.bank_ids
        ]
        outcomes = self._parts.receivables.hold_purchases(holds) if holds else []
        assert all(outcome.refusal is None for outcome in outcomes), f"not held: {outcomes}"

    def _take_back(self, key: str, late: set[int], officers: tuple[str, str]) -> None:
        """Machines of parties that are late in some product: their leases say cross-default."""
        columns = self._parts.leases.view(("lessee", "life"), slice(0, self._parts.leases.leases))
        is_theirs = np.isin(columns["lessee"], sorted(late))
        leases = np.flatnonzero(is_theirs & (columns["life"] == LeaseLife.LIVE))
        if leases.size:
            breach = np.ones(leases.size, np.bool_)
            command = RepossessBatch(f"{key}/take", leases, breach, *officers, "cross-default")
            self._parts.leases.repossess(command)


def _sum_of(columns: Mapping[str, I64], names: Sequence[str]) -> I64:
    """The sum of some columns."""
    total: I64 = np.add.reduce([columns[name] for name in names])
    return total


def _late_days(receivable: Receivable, now_s: int) -> int:
    """Days past due of what is still owed; a dispute stops the count."""
    left_fen = receivable.face_fen - receivable.credited_fen - receivable.paid_fen
    late_s = now_s - receivable.due_at_s
    return max(late_s // DAY_S, 0) if left_fen > 0 and not receivable.disputed else 0
