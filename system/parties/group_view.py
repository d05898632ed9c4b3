"""One view of a party over all products: what its group owes, and who is to be watched.

Banks must see groups as one borrower (商业银行集团客户授信业务风险管理指引, 2010; 商业银行大额风险
暴露管理办法, 2018). Exposures are the bank's own books. That a party is late in one product is used
in another only where the party has agreed to be monitored.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from system.kernels.columns import I64
from system.kernels.group_view import NOBODY, Signal, dependence, signals
from system.limits import PPM
from system.parties.group_records import (
    GROUP_POSITIONS,
    GROUP_WARNINGS,
    GroupPosition,
    GroupWarning,
)
from system.parties.service import exposure_by_group, parties
from system.ports.store import Unit


@dataclass(frozen=True, slots=True)
class ViewPolicy:
    """late_days_min: from so many days past due on a party is watched, in whatever product.

    dependence_ppm: of its claims, from which on late debtors make a party watched.
    """

    late_days_min: int
    dependence_ppm: int

    def __post_init__(self) -> None:
        assert self.late_days_min >= 1
        assert 1 <= self.dependence_ppm <= PPM


@dataclass(frozen=True, slots=True)
class Holdings:
    """What the products say of n parties, in the order of ``party_ids``: int64 columns.

    receivables_fen, lines_fen, leases_fen: exposures.  late_days: the worst over all products.
    seen: 1 where the party may be monitored.  holder, debtor, value_fen: open claims, by rows.
    """

    party_ids: Sequence[str]
    receivables_fen: I64
    lines_fen: I64
    leases_fen: I64
    late_days: I64
    seen: I64
    holder: I64
    debtor: I64
    value_fen: I64


def review(
    unit: Unit, holdings: Holdings, policy: ViewPolicy, day: int, now_s: int
) -> list[GroupWarning]:
    """Keep the day's positions, and the warnings that are new or graver than a party's last.

    Returns those warnings. Raises MissingRow for a party that is not enrolled, DuplicateRow for a
    day that was reviewed.
    """
    unit.insert(GROUP_POSITIONS, _positions(unit, holdings, day))
    signal, lead, measure = _judge(holdings, _groups(unit, holdings), policy)
    last = unit.last(GROUP_WARNINGS)
    sequence = last.sequence if last else 0
    found: list[GroupWarning] = []
    for row in np.flatnonzero(signal).tolist():
        party_id = holdings.party_ids[row]
        if _is_known(unit, party_id, int(signal[row])):
            continue
        is_debtor = signal[row] == Signal.DEBTOR
        bound = policy.dependence_ppm if is_debtor else policy.late_days_min
        found.append(
            GroupWarning(
                sequence + len(found) + 1,
                day,
                now_s,
                party_id,
                int(signal[row]),
                holdings.party_ids[int(lead[row])],
                int(measure[row]),
                bound,
            )
        )
    unit.insert(GROUP_WARNINGS, found)
    return found


def watched(unit: Unit) -> dict[str, GroupWarning]:
    """The gravest warning of every party that was ever warned of, by party."""
    return {warning.party_id: warning for warning in unit.scan(GROUP_WARNINGS)}


def _is_known(unit: Unit, party_id: str, signal: int) -> bool:
    return any(one.signal <= signal for one in unit.find(GROUP_WARNINGS, {"party_id": party_id}))


def _positions(unit: Unit, holdings: Holdings, day: int) -> list[GroupPosition]:
    """Groups that owe something, by id."""
    columns = (holdings.receivables_fen, holdings.lines_fen, holdings.leases_fen)
    parts = [
        exposure_by_group(unit, dict(zip(holdings.party_ids, column.tolist(), strict=True)))
        for column in columns
    ]
    receivables_fen, lines_fen, leases_fen = parts
    found = [
        GroupPosition(day, group, bought, drawn, leased, bought + drawn + leased)
        for group, bought in receivables_fen.items()
        for drawn, leased in [(lines_fen[group], leases_fen[group])]
    ]
    return [position for position in found if position.total_fen]


def _groups(unit: Unit, holdings: Holdings) -> I64:
    """A number for each party that members of its group share."""
    found = parties(unit, holdings.party_ids)
    names = [
        (party.group_id if party else None) or party_id
        for party, party_id in zip(found, holdings.party_ids, strict=True)
    ]
    return np.unique(np.array(names), return_inverse=True)[1].astype(np.int64)


def _judge(holdings: Holdings, group: I64, policy: ViewPolicy) -> tuple[I64, I64, I64]:
    """Signal, row behind it, and what was measured, of each party: int64 (n,) each."""
    late_days, seen = holdings.late_days, holdings.seen
    signal, lead = signals(late_days, group, seen, policy.late_days_min)
    is_late = ((late_days >= policy.late_days_min) & (seen == 1)).astype(np.int64)
    share_ppm, debtor = dependence(
        holdings.holder, holdings.debtor, holdings.value_fen, is_late, late_days.size
    )
    depends = (signal == Signal.NONE) & (share_ppm >= policy.dependence_ppm) & (seen == 1)
    signal = np.where(depends, int(Signal.DEBTOR), signal)
    lead = np.where(depends, debtor, lead)
    measure = np.where(depends, share_ppm, late_days[np.maximum(lead, 0)])
    assert ((signal == Signal.NONE) == (lead == NOBODY)).all()
    return signal, lead, measure
