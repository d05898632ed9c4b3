"""Names are alike across scripts, order, accents and legal forms; other people's are not."""

import pytest

from system.adapters.memory_store import MemoryStore
from system.compliance import watchlist
from system.compliance.cases import CASES, decide, review
from system.compliance.names import likeness
from system.compliance.tables import COMPLIANCE_TABLES
from system.errors import InputError

# A name, and the entry of the packaged sample that it must be like.
SAME = {
    "赵铁山": "S-1",
    "Tieshan Zhao": "S-1",
    "ZHAO Tie Shan": "S-1",
    "海狼国际贸易公司": "S-2",
    "SEA WOLF INTERNATIONAL TRADING LIMITED": "S-2",
    "Viktor Sorokhin": "S-3",
    "Victor Sorokhine": "S-3",
    "Ñandú Minería": "S-4",
    "欧阳明德": "S-5",
    "歐陽明德": "S-5",
    "Ouyang Ming-de": "S-5",
    "Qassim Abdul Rahman Haddad": "S-6",
    "黑石港航运有限责任公司": "S-7",
    "沈国栋": "P-1",
    "Guodong Shen": "P-1",
    "Maria Jose Echeverria Luna": "P-2",
    "Jurgen Weisshaupt": "P-4",
}
OTHERS = [
    "赵铁军",
    "李国栋",
    "王小明",
    "Zhang Wei",
    "Li Ming",
    "Supplier One",
    "厦门沙盘供应有限公司",
]
OTHERS += [
    "中国石油化工股份有限公司",
    "Maria Lopez",
    "Victor Hugo",
    "Nanyang Mining",
    "",
    "有限公司",
]
NOW_S = 1_767_225_600


@pytest.fixture
def store() -> MemoryStore:
    store = MemoryStore(COMPLIANCE_TABLES)
    sample = watchlist.sample()
    with store.transaction() as unit:
        watchlist.load(unit, sample["list_name"], sample["version"], sample["entries"])
    return store


@pytest.mark.parametrize("name", SAME)
def test_a_listed_name_is_found_however_it_is_written(store: MemoryStore, name: str) -> None:
    with store.transaction() as unit:
        assert [hit.entry_id for hit in watchlist.hits(unit, [("x", name)])] == [SAME[name]]


def test_other_names_are_left_in_peace(store: MemoryStore) -> None:
    with store.transaction() as unit:
        assert watchlist.hits(unit, [(name, name) for name in OTHERS]) == []


def test_characters_that_only_sound_alike_weigh_less() -> None:
    same, homophone, other = likeness(["赵铁山", "赵铁珊", "赵大山"], ["赵铁山"])[:, 0].tolist()
    assert same == 100 > homophone >= watchlist.LIKENESS_MIN > other


def test_a_sanction_keeps_out_until_two_people_dismiss_it_and_a_pep_only_raises_a_case(
    store: MemoryStore,
) -> None:
    names = [("a", "Zhao Tieshan"), ("b", "Shen Guodong"), ("c", "Li Ming")]
    with store.transaction() as unit:
        assert watchlist.screen(unit, names, NOW_S) == {"a"}
        assert watchlist.screen(unit, names, NOW_S) == {"a"}
        cases = {case.subject: case for case in unit.scan(CASES)}
        assert sorted(case.kind for case in cases.values()) == ["pep", "sanction"]
        case_id = cases["a"].case_id
        assert decide(unit, case_id, "bob", "other", NOW_S, filed=False) == "case_not_reviewed"
        assert review(unit, case_id, "ann", "another person", NOW_S) is None
        assert review(unit, case_id, "ann", "again", NOW_S) == "case_not_raised"
        assert decide(unit, case_id, "Ann", "x", NOW_S, filed=False) == "case_needs_four_eyes"
        assert decide(unit, case_id, "bob", "x", NOW_S, filed=False) is None
        assert watchlist.screen(unit, names, NOW_S) == set()
        # Under another name the person is looked at anew.
        assert watchlist.screen(unit, [("a", "Tieshan Zhao")], NOW_S) == {"a"}
        assert review(unit, "nothing", "ann", "x", NOW_S) == "case_unknown"


def test_a_new_version_of_a_list_takes_the_place_of_the_old_one(store: MemoryStore) -> None:
    entry = {"entry_id": "S-1", "kind": "sanction", "names": ["Red Crane"]}
    with store.transaction() as unit:
        assert watchlist.load(unit, "sample", "2", [entry]) == 1
        assert not watchlist.hits(unit, [("x", "赵铁山"), ("x", "Shen Guodong")])
        assert watchlist.hits(unit, [("x", "Red Crane")])


@pytest.mark.parametrize(
    "change", [{"kind": "rumour"}, {"names": []}, {"names": [""]}, {"names": ["a\0"]}]
)
def test_a_list_that_cannot_be_used_is_refused(
    store: MemoryStore, change: dict[str, object]
) -> None:
    entry = {"entry_id": "1", "kind": "pep", "names": ["x"], **change}
    with pytest.raises(InputError), store.transaction() as unit:
        watchlist.load(unit, "other", "1", [entry])
