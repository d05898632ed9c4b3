"""The joint view's rule: who is watched, why, and what groups owe in all."""

import numpy as np
import pytest

from system.adapters.memory_store import MemoryStore
from system.bootstrap_joint import JOINT_TABLES
from system.errors import DuplicateRow
from system.kernels.group_view import NOBODY, Signal, dependence, signals
from system.parties import group_view, service
from system.parties.group_records import GROUP_POSITIONS
from system.parties.group_view import Holdings, ViewPolicy
from system.parties.records import Party, Role

IDS = ("a", "b", "c", "d", "core")
GROUPS = ("one", "one", None, None, None)
POLICY = ViewPolicy(late_days_min=10, dependence_ppm=300_000)


def col(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


@pytest.fixture
def store() -> MemoryStore:
    found = MemoryStore(JOINT_TABLES)
    with found.transaction() as unit:
        members = [
            Party(party, party, int(Role.SUPPLIER), group)
            for party, group in zip(IDS, GROUPS, strict=True)
        ]
        service.enrol(unit, members)
    return found


def holdings(late: np.ndarray, seen: np.ndarray | None = None) -> Holdings:
    """c sells half to core, d a quarter; a and b are one group."""
    return Holdings(
        party_ids=IDS,
        receivables_fen=col(0, 0, 0, 0, 700),
        lines_fen=col(10, 20, 30, 40, 0),
        leases_fen=col(1, 2, 0, 4, 0),
        late_days=late,
        seen=col(1, 1, 1, 1, 1) if seen is None else seen,
        holder=col(2, 2, 3, 3),
        debtor=col(4, 1, 4, 1),
        value_fen=col(50, 50, 25, 75),
    )


def reviewed(store: MemoryStore, held: Holdings, day: int = 1) -> dict[str, tuple[int, str]]:
    with store.transaction() as unit:
        found = group_view.review(unit, held, POLICY, day, 86_400 * day)
    return {one.party_id: (one.signal, one.lead_id) for one in found}


def test_nobody_is_watched_while_nobody_is_late(store) -> None:
    assert reviewed(store, holdings(col(0, 9, 0, 0, 9))) == {}


def test_a_late_party_makes_its_group_watched(store) -> None:
    found = reviewed(store, holdings(col(10, 0, 0, 0, 0)))
    assert found == {"a": (Signal.OWN, "a"), "b": (Signal.GROUP, "a")}


def test_a_late_debtor_makes_those_watched_whose_claims_hang_on_it(store) -> None:
    found = reviewed(store, holdings(col(0, 0, 0, 0, 60)))
    assert found == {"c": (Signal.DEBTOR, "core"), "core": (Signal.OWN, "core")}


def test_who_did_not_agree_gives_no_signal_and_gets_none(store) -> None:
    seen = col(0, 1, 0, 1, 1)
    found = reviewed(store, holdings(col(90, 0, 90, 0, 90), seen))
    assert found == {"core": (Signal.OWN, "core")}


def test_a_party_is_warned_of_again_only_for_a_graver_reason(store) -> None:
    assert reviewed(store, holdings(col(0, 0, 0, 0, 60)), 1).keys() == {"c", "core"}
    assert reviewed(store, holdings(col(0, 0, 0, 0, 67)), 8) == {}
    assert reviewed(store, holdings(col(0, 0, 12, 0, 74)), 15) == {"c": (Signal.OWN, "c")}
    with store.transaction() as unit:
        assert group_view.watched(unit)["c"].signal == Signal.OWN


def test_a_group_owes_what_its_members_owe_in_every_product(store) -> None:
    reviewed(store, holdings(col(0, 0, 0, 0, 0)))
    with store.transaction() as unit:
        rows = {row.group_id: row for row in unit.scan(GROUP_POSITIONS)}
    assert (rows["one"].lines_fen, rows["one"].leases_fen, rows["one"].total_fen) == (30, 3, 33)
    assert rows["core"].total_fen == 700
    assert sum(row.total_fen for row in rows.values()) == 700 + 100 + 7


def test_a_day_is_reviewed_once(store) -> None:
    reviewed(store, holdings(col(0, 0, 0, 0, 0)))
    with pytest.raises(DuplicateRow):
        reviewed(store, holdings(col(0, 0, 0, 0, 0)))


def test_the_latest_of_a_group_stands_behind_the_signal() -> None:
    found, lead = signals(col(12, 30, 0), col(0, 0, 0), col(1, 1, 1), 10)
    assert found.tolist() == [Signal.OWN, Signal.OWN, Signal.GROUP]
    assert lead.tolist() == [0, 1, 1]


def test_dependence_is_exact_where_products_would_overflow() -> None:
    large = col(*[10**12] * 4)
    share_ppm, lead = dependence(col(0, 0, 0, 0), col(1, 1, 1, 2), large, col(0, 1, 0), 3)
    assert share_ppm.tolist() == [750_000, 0, 0]
    assert lead.tolist() == [1, NOBODY, NOBODY]
