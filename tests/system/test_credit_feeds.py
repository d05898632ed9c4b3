"""Intake of the feed: whatever the order of arrival, the sums are those of the clean order."""

from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from system.credit import feed_intake
from system.credit.feed_records import DAY_WORDS, FEED_FIELDS, FEEDS, FeedBatch, FeedRefusal
from system.credit.feeds import erase_feed
from system.errors import InputError
from system.kernels.account_sets import unpack_set
from system.limits import (
    FEED_DAY_COUNT_MAX,
    FEED_DAY_FEN_MAX,
    FEED_DAY_SLOTS,
    FEED_LATE_DAYS_MAX,
    FEED_RATING_MILLI_MAX,
    FEED_REVISION_MAX,
    PERIOD_DAYS,
)
from system.parties.consent import CLASSES_ALL, DataClass, Purpose
from tests.system.feed_world import (
    DAY0,
    FAR_S,
    Row,
    SlowFeed,
    batch_of,
    column,
    column_bank,
    sql_bank,
    values,
)

PERIOD0 = DAY0 // PERIOD_DAYS
N = FeedRefusal

amounts = st.builds(
    lambda gross_fen, orders, share, stars, stock_fen: [
        gross_fen,
        orders,
        orders // 2,
        int(gross_fen * share),
        stars * 4_200,
        stars,
        stock_fen,
    ],
    st.integers(0, FEED_DAY_FEN_MAX),
    st.integers(0, FEED_DAY_COUNT_MAX),
    st.floats(0, 1),
    st.integers(0, 50),
    st.integers(0, FEED_DAY_FEN_MAX),
)
rows_of_a_fortnight = st.lists(
    st.tuples(st.integers(0, 2), st.integers(DAY0 + 20, DAY0 + 34), st.integers(0, 3), amounts),
    max_size=40,
    # One revision of a day has one content: a platform corrects under a new number.
    unique_by=lambda row: row[:3],
)


@given(rows_of_a_fortnight, st.data())
@settings(max_examples=60, deadline=None)
def test_any_order_and_repetition_gives_the_sums_of_the_clean_order(
    rows: list[Row], data: st.DataObject
) -> None:
    clean, messy = column_bank(), column_bank()
    clean.at(DAY0 + 34)
    messy.at(DAY0 + 34)
    clean.receive(sorted(rows, key=lambda row: row[:3]))
    again = data.draw(st.lists(st.sampled_from(rows), max_size=10)) if rows else []
    shuffled = data.draw(st.permutations(rows + again))
    cut = data.draw(st.integers(0, len(shuffled)))
    messy.receive(shuffled[:cut])
    messy.receive(shuffled[cut:])
    slow = SlowFeed()
    slow.receive(rows, DAY0 + 34)
    for account in range(3):
        for period in (PERIOD0, PERIOD0 + 1):
            expected = slow.sums(account, period)
            assert clean.sums(account, period) == expected
            assert messy.sums(account, period) == expected


@given(
    st.lists(
        st.lists(
            st.tuples(st.integers(0, 2), st.integers(-16, 1), st.integers(0, 2), amounts),
            max_size=8,
        ),
        min_size=1,
        max_size=25,
    ),
    st.integers(1, 9),
)
@settings(max_examples=60, deadline=None)
def test_a_season_of_late_and_corrected_days_equals_a_dictionary(
    deliveries: list[list[Row]], step_days: int
) -> None:
    bank, slow = column_bank(), SlowFeed()
    for number, delivery in enumerate(deliveries):
        today = DAY0 + number * step_days
        rows = [(a, today + back, r, v) for a, back, r, v in delivery]
        bank.at(today)
        bank.receive(rows)
        slow.receive(rows, today)
    last = (DAY0 + len(deliveries) * step_days) // PERIOD_DAYS
    for account in range(3):
        for period in range(max(last - 11, PERIOD0 - 1), last + 1):
            assert bank.sums(account, period) == slow.sums(account, period)


@given(rows_of_a_fortnight)
@settings(max_examples=15, deadline=None)
def test_a_delivery_in_small_pieces_gives_the_same_as_in_one(rows: list[Row]) -> None:
    whole, pieces = column_bank(), column_bank()
    whole.at(DAY0 + 34)
    pieces.at(DAY0 + 34)
    codes = whole.receive(rows)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(feed_intake, "_ROWS_AT_ONCE", 3)
        assert pieces.receive(rows) == codes
    for account in range(3):
        assert pieces.sums(account, PERIOD0) == whole.sums(account, PERIOD0)
        assert pieces.sums(account, PERIOD0 + 1) == whole.sums(account, PERIOD0 + 1)


def test_the_log_has_the_digest_of_the_words_that_were_kept_piece_by_piece() -> None:
    piece, n = feed_intake._ROWS_AT_ONCE, 2 * feed_intake._ROWS_AT_ONCE + 5
    bank, accounts = column_bank(n), np.arange(n)
    bank.at(DAY0)
    days, zeros = np.full(n, DAY0), np.zeros(n, np.int64)
    amounts = dict.fromkeys(FEED_FIELDS, zeros) | {"gross_fen": accounts, "orders": accounts % 7}
    assert not bank.receive_batch(FeedBatch("feed", accounts, days, zeros, amounts)).codes.any()
    with bank.unit() as unit:
        [words] = unit.read_planes(FEEDS, DAY_WORDS, [DAY0 % FEED_DAY_SLOTS], slice(0, n))
        kept = b"".join(
            word[first : first + piece].tobytes() for first in range(0, n, piece) for word in words
        )
    assert bank.access_rows()[-1].digest == sha256(kept).hexdigest()


def test_both_books_keep_the_same(tmp_path: Path) -> None:
    banks = [column_bank(), sql_bank(tmp_path)]
    for bank in banks:
        for back in range(40):
            bank.at(DAY0 + back)
            rows = [(a, DAY0 + back, 0, values(1_000 * back + a)) for a in range(3)]
            bank.receive([*rows, (1, DAY0 + back - 9, 1, values(77))])
        bank.at(DAY0 + 60)
    columns, sql = banks
    for period in (PERIOD0 - 1, PERIOD0, PERIOD0 + 1):
        assert [columns.sums(a, period) for a in range(3)] == [
            sql.sums(a, period) for a in range(3)
        ]
    assert columns.features([0, 1, 2], DAY0 + 60) == sql.features([0, 1, 2], DAY0 + 60)
    assert columns.access_rows() == sql.access_rows()


def test_a_repeated_delivery_changes_nothing_and_says_so() -> None:
    bank = column_bank()
    rows = [(a, DAY0, 0, values()) for a in range(3)]
    assert bank.receive(rows) == [0, 0, 0]
    before = [bank.sums(a, PERIOD0) for a in range(3)]
    assert bank.receive(rows) == [N.ALREADY_KNOWN] * 3
    assert [bank.sums(a, PERIOD0) for a in range(3)] == before


def test_a_correction_replaces_the_day_and_a_lower_revision_does_not() -> None:
    bank = column_bank()
    assert bank.receive([(0, DAY0, 2, values(500)), (0, DAY0, 5, values(900))]) == [0, 0]
    assert bank.receive([(0, DAY0, 4, values(1))]) == [N.SUPERSEDED]
    assert bank.sums(0, PERIOD0)["gross_fen"] == 900
    assert bank.sums(0, PERIOD0)["days"] == 1


def test_the_largest_period_that_the_limits_allow_fits() -> None:
    bank = column_bank(1)
    most = [
        FEED_DAY_FEN_MAX,
        FEED_DAY_COUNT_MAX,
        FEED_DAY_COUNT_MAX,
        FEED_DAY_FEN_MAX,
        FEED_RATING_MILLI_MAX * FEED_DAY_COUNT_MAX,
        FEED_DAY_COUNT_MAX,
        FEED_DAY_FEN_MAX,
    ]
    for day in range(DAY0, DAY0 + PERIOD_DAYS):
        bank.at(day)
        assert bank.receive([(0, day, FEED_REVISION_MAX, most)]) == [0]
    sums = bank.sums(0, PERIOD0)
    assert [sums[name] for name in FEED_FIELDS] == [PERIOD_DAYS * value for value in most]


REFUSED: list[tuple[FeedRefusal, Row]] = [
    (N.MERCHANT_UNKNOWN, (3, DAY0, 0, values())),
    (N.MERCHANT_UNKNOWN, (-1, DAY0, 0, values())),
    (N.VALUE_NOT_WHOLE, (0, DAY0, 0, [float("nan"), *values()[1:]])),
    (N.VALUE_NOT_WHOLE, (0, DAY0, 0, [float("inf"), *values()[1:]])),
    (N.VALUE_NOT_WHOLE, (0, DAY0, 0, [0.5, *values()[1:]])),
    (N.VALUE_NOT_WHOLE, (0, DAY0, 0, [2.0**60, *values()[1:]])),
    (N.DAY_BEFORE_START, (0, DAY0 - 401, 0, values())),
    (N.DAY_IN_FUTURE, (0, DAY0 + 1, 0, values())),
    (N.DAY_TOO_LATE, (0, DAY0 - FEED_LATE_DAYS_MAX - 1, 0, values())),
    (N.REVISION_OUT_OF_RANGE, (0, DAY0, -1, values())),
    (N.REVISION_OUT_OF_RANGE, (0, DAY0, FEED_REVISION_MAX + 1, values())),
    (N.AMOUNT_NEGATIVE, (0, DAY0, 0, values(-1, refund_fen=0, stock_fen=0))),
    (N.AMOUNT_NEGATIVE, (0, DAY0, 0, values(rating_sum_milli=-1))),
    (N.AMOUNT_TOO_LARGE, (0, DAY0, 0, values(stock_fen=FEED_DAY_FEN_MAX + 1))),
    (N.AMOUNT_TOO_LARGE, (0, DAY0, 0, values(rating_count=FEED_DAY_COUNT_MAX + 1))),
    (N.RATING_IMPOSSIBLE, (0, DAY0, 0, values(rating_count=1, rating_sum_milli=5_001))),
]


@pytest.mark.parametrize(("refusal", "row"), REFUSED, ids=lambda case: str(case)[:40])
def test_a_row_that_cannot_be_is_refused_and_its_neighbours_go_in(
    refusal: FeedRefusal, row: Row
) -> None:
    bank = column_bank()
    good = [(1, DAY0, 0, values(100)), (2, DAY0, 0, values(200))]
    assert bank.receive([good[0], row, good[1]]) == [0, refusal, 0]
    assert [bank.sums(a, PERIOD0)["gross_fen"] for a in range(3)] == [0, 100, 200]


def test_of_several_faults_the_most_basic_is_named() -> None:
    bank = column_bank()
    worst = values(-1, rating_count=0)
    assert bank.receive([(0, DAY0 + 1, -1, worst)]) == [N.DAY_IN_FUTURE]
    assert bank.receive([(0, DAY0, -1, worst)]) == [N.REVISION_OUT_OF_RANGE]
    assert bank.receive([(0, DAY0, 0, worst)]) == [N.AMOUNT_NEGATIVE]


def test_refunds_above_all_known_sales_are_refused_once_enough_days_are_known() -> None:
    bank = column_bank()
    for day in range(DAY0, DAY0 + 61):
        bank.at(day)
        bank.receive([(0, day, 0, values(100, refund_fen=0)), (1, day, 0, values(100))])
    young = (2, DAY0 + 60, 0, values(0, refund_fen=50_000))
    old = (0, DAY0 + 60, 1, values(0, refund_fen=6_001))
    assert bank.receive([old, young]) == [N.REFUNDS_ABOVE_SALES, 0]
    assert bank.receive([(0, DAY0 + 60, 1, values(0, refund_fen=6_000))]) == [0]
    assert bank.sums(0, (DAY0 + 60) // PERIOD_DAYS)["refund_fen"] == 6_000


def test_rows_without_consent_leave_nothing_but_a_count() -> None:
    bank = column_bank(consent=False)
    bank.grant([1])
    rows: list[Row] = [(a, DAY0 + d, 0, values(-5)) for d in (0, 0) for a in (0, 2)]
    assert bank.receive([*rows, (1, DAY0, 0, values())]) == [N.NO_CONSENT] * 4 + [0]
    assert bank.receive([(0, DAY0, 0, values())]) == [N.NO_CONSENT]
    with bank.unit() as unit:
        held = unit.read(FEEDS, [c.name for c in FEEDS.columns], slice(0, 3))
    assert held.pop("dropped_rows").tolist() == [3, 0, 2]
    held.pop("since_day")
    assert not any(part[..., [0, 2]].any() for part in held.values())


def test_consent_to_some_classes_keeps_the_others_unread() -> None:
    bank = column_bank(consent=False)
    bank.grant([0], classes=DataClass.ORDERS | DataClass.RATINGS)
    bank.grant([1], classes=DataClass.REFUNDS | DataClass.RATINGS)
    assert bank.receive([(0, DAY0, 0, values()), (1, DAY0, 0, values())]) == [0, N.NO_CONSENT]
    sums = bank.sums(0, PERIOD0)
    assert (sums["refund_fen"], sums["stock_fen"]) == (0, 0)
    assert (sums["gross_fen"], sums["rating_count"]) == (100_000, 4)
    (row,) = bank.access_rows()
    assert row.classes == DataClass.ORDERS | DataClass.RATINGS


def test_the_widest_consent_opens_a_row_and_is_the_one_that_is_noted() -> None:
    bank = column_bank(consent=False)
    bank.grant([0], Purpose.SCORING, DataClass.ORDERS)
    bank.grant([0], Purpose.TRAINING)
    bank.receive([(0, DAY0, 0, values())])
    (row,) = bank.access_rows()
    assert (row.purpose, row.classes) == (Purpose.TRAINING, CLASSES_ALL)
    assert bank.sums(0, PERIOD0)["stock_fen"] > 0


def test_each_consent_under_which_rows_of_one_delivery_were_read_has_its_own_line() -> None:
    bank = column_bank(4, consent=False)
    bank.grant([0, 3])
    bank.grant([1], classes=DataClass.ORDERS)
    bank.receive([(a, DAY0, 0, values()) for a in range(4)])
    found = [(row.classes, unpack_set(row.accounts).tolist()) for row in bank.access_rows()]
    assert found == [(DataClass.ORDERS, [1]), (CLASSES_ALL, [0, 3])]


def test_erasing_deletes_the_feed_and_notes_it_and_leaves_the_others() -> None:
    bank = column_bank()
    bank.receive([(a, DAY0, 0, values()) for a in range(3)])
    with bank.unit() as unit:
        erase_feed(unit, column([1]), bank.now_s)
        held = unit.read(
            FEEDS, [c.name for c in FEEDS.columns if c.name != "since_day"], column([1])
        )
    assert not any(part.any() for part in held.values())
    assert [bank.sums(a, PERIOD0)["days"] for a in range(3)] == [1, 0, 1]
    assert bank.consent_rows()[-1].kind == "erased"


@pytest.mark.parametrize("fault", ["missing", "short", "text", "days", "2d"])
def test_columns_of_the_wrong_shape_are_refused_as_a_whole_by_name(fault: str) -> None:
    bank, good = column_bank(), batch_of([(0, DAY0, 0, values())])
    columns, days = dict(good.columns), good.days
    if fault == "missing":
        del columns["stock_fen"]
    elif fault == "short":
        columns["stock_fen"] = column([])
    elif fault == "text":
        columns["stock_fen"] = np.array(["7"])
    elif fault == "2d":
        columns["stock_fen"] = column([7]).reshape(1, 1)
    else:
        days = days.astype(np.float64)
    bad = FeedBatch("f", good.accounts, days, good.revisions, columns)
    with pytest.raises(InputError) as refused:
        bank.receive_batch(bad)
    assert refused.value.field == ("days" if fault == "days" else "stock_fen")


def test_a_delivery_of_nothing_is_one() -> None:
    bank = column_bank()
    assert bank.receive([]) == []
    assert bank.access_rows() == []


def test_a_day_that_its_slot_has_outlived_is_late_even_if_the_clock_went_back() -> None:
    bank = column_bank()
    bank.at(DAY0 + 16)
    bank.receive([(0, DAY0 + 16, 0, values())])
    bank.at(DAY0)
    assert bank.receive([(0, DAY0, 0, values())]) == [N.DAY_TOO_LATE]


def test_withdrawn_and_expired_consent_closes_the_door_at_that_second() -> None:
    bank = column_bank(consent=False)
    bank.grant([0], until_s=bank.now_s + 100)
    bank.grant([1], until_s=FAR_S)
    bank.now_s += 99
    assert bank.receive([(0, DAY0, 0, values()), (1, DAY0, 0, values())]) == [0, 0]
    bank.withdraw([1])
    assert bank.receive([(1, DAY0, 1, values())]) == [N.NO_CONSENT]
    bank.now_s += 1
    assert bank.receive([(0, DAY0, 1, values())]) == [N.NO_CONSENT]
