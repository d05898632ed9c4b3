"""The guarantees of the store port, on every adapter."""

from contextlib import suppress
from dataclasses import dataclass, replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from system.errors import CheckFailed, DuplicateRow, MissingRow
from system.ports.store import AtLeast, Store, Table, Unit
from tests.ports.store_box import StoreBox


@dataclass(frozen=True, slots=True)
class Item:
    item_id: str
    owner: str
    size: int
    floor: int | None
    tag: str | None
    data: bytes
    is_open: bool


@dataclass(frozen=True, slots=True)
class Line:
    book: str
    number: int
    text: str


ITEMS = Table(
    "items",
    Item,
    key=("item_id",),
    unique=(("tag",), ("owner", "data")),
    index=(("owner",), ("owner", "is_open"), ("floor",)),
    checks=(AtLeast("size", 0), AtLeast("size", "floor")),
)
LINES = Table("lines", Line, key=("book", "number"), append_only=True, sealed=("text",))


def item(item_id: str, **changes: object) -> Item:
    usual = Item(item_id, "ann", 5, None, None, item_id.encode(), False)
    return replace(usual, **changes)  # type: ignore[arg-type]


@pytest.fixture
def store(box: StoreBox) -> Store:
    return box.open(ITEMS, LINES)


def all_items(store: Store) -> list[Item]:
    with store.transaction() as unit:
        return unit.scan(ITEMS)


def insert(store: Store, *rows: Item) -> None:
    with store.transaction() as unit:
        unit.insert(ITEMS, rows)


def test_rows_come_back_equal_with_their_types(store: Store) -> None:
    row = Item("键", "王", 2**63 - 1, -(2**63), "", b"\x00\xff", True)
    insert(store, row)
    (found,) = all_items(store)
    assert found == row
    assert [type(v) for v in (found.is_open, found.data, found.floor)] == [bool, bytes, int]


def test_get_answers_in_the_order_asked_with_none_for_what_is_not_there(store: Store) -> None:
    a, b = item("a"), item("b")
    insert(store, a, b)
    with store.transaction() as unit:
        assert unit.get(ITEMS, [("b",), ("x",), ("a",), ("b",)]) == [b, None, a, b]
        assert unit.get(ITEMS, []) == []


def test_get_takes_thousands_of_keys(store: Store) -> None:
    rows = [item(f"{n:04d}") for n in range(2_500)]
    lines = [Line("b", n, "") for n in range(1_200)]
    with store.transaction() as unit:
        unit.insert(ITEMS, rows)
        unit.insert(LINES, lines)
        assert unit.get(ITEMS, [(row.item_id,) for row in rows]) == rows
        assert unit.get(LINES, [("b", n) for n in range(1_200)]) == lines


def test_text_is_ordered_by_code_point_whatever_the_locale(store: Store) -> None:
    ids = ["b", "B", "a", "_", "é", "e", "沙", "盘", "10", "9", "A b", "Ab", "😀", "\uffff"]
    insert(store, *(item(i) for i in ids))
    assert [row.item_id for row in all_items(store)] == sorted(ids)


def test_a_key_can_be_inserted_once_and_a_refused_batch_adds_nothing(store: Store) -> None:
    insert(store, item("b"))
    with store.transaction() as unit:
        with pytest.raises(DuplicateRow) as refused:
            unit.insert(ITEMS, [item("a"), item("b", data=b"other")])
        assert (refused.value.table, refused.value.columns) == ("items", ("item_id",))
        unit.insert(ITEMS, [item("c")])
    assert [row.item_id for row in all_items(store)] == ["b", "c"]


def test_a_batch_may_not_hold_one_key_twice(store: Store) -> None:
    with store.transaction() as unit, pytest.raises(DuplicateRow):
        unit.insert(ITEMS, [item("a"), item("a", data=b"2")])
    assert all_items(store) == []


def test_refusals_again_and_again_leave_the_transaction_usable(store: Store) -> None:
    for n in range(12):
        with store.transaction() as unit:
            for rows in ([item("a"), item("a")], [item("b", size=-1), item("c")]):
                with pytest.raises((DuplicateRow, CheckFailed)):
                    unit.insert(ITEMS, rows)
            unit.insert(ITEMS, [item(f"x{n}"), item(f"y{n}")])
    assert len(all_items(store)) == 24


def test_unique_columns_are_unique_but_none_never_collides(store: Store) -> None:
    insert(store, item("a", tag="t"), item("b"), item("c"))
    with store.transaction() as unit:
        with pytest.raises(DuplicateRow) as refused:
            unit.insert(ITEMS, [item("d", tag="t")])
        assert refused.value.columns == ("tag",)
        with pytest.raises(DuplicateRow) as refused:
            unit.insert(ITEMS, [item("d", data=b"a")])
        assert refused.value.columns == ("owner", "data")
        with pytest.raises(DuplicateRow):
            unit.replace(ITEMS, [item("b", tag="new"), item("c", tag="t")])
        unit.insert(ITEMS, [item("d", tag="new")])


def test_a_unique_value_is_free_again_once_its_owner_has_left_it(store: Store) -> None:
    insert(store, item("a", tag="t"))
    with store.transaction() as unit:
        unit.replace(ITEMS, [item("a", tag="u"), item("a", tag=None)])
        unit.insert(ITEMS, [item("b", tag="t")])
        unit.replace(ITEMS, [item("b", tag="u"), item("a", tag="t")])
        assert [row.tag for row in unit.scan(ITEMS)] == ["t", "u"]


@pytest.mark.parametrize(
    ("changes", "check"),
    [({"size": -1}, "size >= 0"), ({"size": 3, "floor": 4}, "size >= floor")],
)
def test_checks_hold_on_insert_and_on_replace(
    store: Store, changes: dict[str, int], check: str
) -> None:
    insert(store, item("a"), item("b"))
    with store.transaction() as unit:
        for write, key in ((unit.insert, "c"), (unit.replace, "a")):
            with pytest.raises(CheckFailed) as refused:
                write(ITEMS, [item("b") if key == "a" else item("d"), item(key, **changes)])
            assert refused.value.check == check
    assert all_items(store) == [item("a"), item("b")]


def test_whole_numbers_have_64_bits(store: Store) -> None:
    for value in (2**63, -(2**63) - 1, 2**200):
        with store.transaction() as unit, pytest.raises(CheckFailed):
            unit.insert(ITEMS, [item("a", floor=value)])


def test_a_value_of_another_type_is_refused(store: Store) -> None:
    with store.transaction() as unit, pytest.raises(CheckFailed):
        unit.insert(ITEMS, [item("a", size="five")])


def test_replace_needs_the_row_and_changes_nothing_without_it(store: Store) -> None:
    insert(store, item("a"))
    with store.transaction() as unit:
        with pytest.raises(MissingRow) as refused:
            unit.replace(ITEMS, [item("a", size=6), item("x")])
        assert refused.value.key == ("x",)
    assert all_items(store) == [item("a")]


def test_append_only_tables_refuse_replace(store: Store) -> None:
    with store.transaction() as unit:
        unit.insert(LINES, [Line("b", 1, "x")])
        with pytest.raises(CheckFailed):
            unit.replace(LINES, [Line("b", 1, "y")])
        assert unit.scan(LINES) == [Line("b", 1, "x")]


def test_find_answers_by_index_in_key_order_and_follows_changes(store: Store) -> None:
    insert(store, item("c"), item("a", owner="bob"), item("b", is_open=True, floor=1))
    with store.transaction() as unit:
        assert [r.item_id for r in unit.find(ITEMS, {"owner": "ann"})] == ["b", "c"]
        assert [r.item_id for r in unit.find(ITEMS, {"owner": "ann"}, limit=1)] == ["b"]
        assert [r.item_id for r in unit.find(ITEMS, {"floor": None})] == ["a", "c"]
        unit.replace(ITEMS, [item("a", size=7), item("b", owner="bob")])
        assert [r.item_id for r in unit.find(ITEMS, {"owner": "ann"})] == ["a", "c"]
        assert unit.find(ITEMS, {"is_open": True, "owner": "ann"}) == []
        assert unit.find(ITEMS, {"owner": "nobody"}) == []


def test_find_answers_by_key_prefix_and_asserts_that_there_is_an_index(store: Store) -> None:
    lines = [Line("a", 2, "x"), Line("b", 10, "y"), Line("b", 9, "z")]
    with store.transaction() as unit:
        unit.insert(LINES, lines)
        assert unit.find(LINES, {"book": "b"}) == [lines[2], lines[1]]
        assert unit.find(LINES, {"book": "b", "number": 9}) == [lines[2]]
        with pytest.raises(AssertionError, match="no index"):
            unit.find(LINES, {"text": "x"})


def test_scan_pages_by_key_and_last_is_the_greatest(store: Store) -> None:
    lines = [Line(book, n, "") for book in "ab" for n in (1, 2, 10)]
    with store.transaction() as unit:
        assert unit.last(LINES) is None
        unit.insert(LINES, lines[::-1])
        assert unit.scan(LINES) == lines
        assert unit.scan(LINES, after=("a", 2), limit=2) == lines[2:4]
        assert unit.scan(LINES, after=("a", 5), limit=1) == [lines[2]]
        assert unit.scan(LINES, after=("z", 0)) == []
        assert unit.last(LINES) == lines[-1]


def test_an_exception_undoes_the_transaction(store: Store) -> None:
    insert(store, item("a", tag="t"))
    with suppress(ZeroDivisionError), store.transaction() as unit:
        unit.insert(ITEMS, [item("b", tag="u")])
        unit.replace(ITEMS, [item("a", tag="v", owner="bob")])
        assert [r.item_id for r in unit.find(ITEMS, {"owner": "bob"})] == ["a"]
        raise ZeroDivisionError
    insert(store, item("c", tag="u"), item("d", tag="v"))
    assert all_items(store) == [item("a", tag="t"), item("c", tag="u"), item("d", tag="v")]
    with store.transaction() as unit:
        assert [r.item_id for r in unit.find(ITEMS, {"owner": "ann"})] == ["a", "c", "d"]


def test_a_savepoint_is_undone_alone_and_nests(store: Store) -> None:
    with store.transaction() as unit:
        unit.insert(ITEMS, [item("a")])
        with unit.savepoint():
            unit.insert(ITEMS, [item("b")])
            with suppress(ZeroDivisionError), unit.savepoint():
                unit.insert(ITEMS, [item("c")])
                unit.replace(ITEMS, [item("a", size=9)])
                raise ZeroDivisionError
        with suppress(DuplicateRow), unit.savepoint():
            unit.insert(ITEMS, [item("d")])
            unit.insert(ITEMS, [item("a")])
    assert all_items(store) == [item("a"), item("b")]


def test_what_was_committed_is_there_when_opened_again(box: StoreBox) -> None:
    if not box.is_durable:
        pytest.skip("memory forgets by design")
    first = box.open(ITEMS)
    insert(first, item("a"))
    first.close()
    assert all_items(box.open(ITEMS, LINES)) == [item("a")]


WRITES = st.lists(
    st.tuples(
        st.sampled_from(["insert", "replace", "undo"]),
        st.lists(
            st.builds(
                Item,
                st.sampled_from("abcd"),
                st.sampled_from(["x", "y"]),
                st.integers(-1, 3),
                st.none() | st.integers(0, 2),
                st.none() | st.sampled_from("tu"),
                st.sampled_from([b"1", b"2"]),
                st.booleans(),
            ),
            min_size=1,
            max_size=3,
        ),
    ),
    max_size=8,
)


def _write(unit: Unit, kind: str, rows: list[Item]) -> str:
    """What a batch came to; which of several reasons is given may differ between databases."""
    try:
        with unit.savepoint():
            (unit.replace if kind == "replace" else unit.insert)(ITEMS, rows)
            if kind == "undo":
                raise ZeroDivisionError
    except (DuplicateRow, MissingRow, CheckFailed):
        return "refused"
    except ZeroDivisionError:
        return "undone"
    return "done"


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(writes=WRITES)
def test_any_writes_end_the_same_on_every_store(store: Store, writes: list[object]) -> None:
    """The model is the memory store for SQL, so the three agree; memory is checked by the rest."""
    seen = []
    for place in (store, StoreBox(None).open(ITEMS)):
        with suppress(ZeroDivisionError), place.transaction() as unit:
            results = [_write(unit, kind, rows) for kind, rows in writes]  # type: ignore[misc]
            owners = [unit.find(ITEMS, {"owner": owner}) for owner in "xy"]
            seen.append((results, owners, unit.scan(ITEMS), unit.find(ITEMS, {"tag": None})))
            raise ZeroDivisionError  # leave the place empty for the next example
        assert all_items(place) == []
    assert seen[0] == seen[1]
