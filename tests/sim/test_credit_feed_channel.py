"""What becomes of the platform's rows on their way to the bank."""

from dataclasses import replace

import numpy as np

from sim.credit.economy import Feed
from sim.credit.feed_channel import FeedChannel
from sim.credit.parameters import parameters_of
from sim.streams import Luck
from system.credit.feed_records import FEED_FIELDS, FeedBatch
from tests.sim.credit_runs import small

N, DAYS = 2_000, 40
Row = tuple[int, int, int]


def feed(day: int) -> Feed:
    values = np.arange(N, dtype=np.int64) + 1_000 * day
    return Feed(day, np.arange(N) % 7 != 0, dict.fromkeys(FEED_FIELDS, values + 1))


def delivered(**changes: object) -> list[FeedBatch]:
    parameters, _ = parameters_of(small(), "data")
    channel = FeedChannel(Luck(3, 0), replace(parameters, **changes))  # type: ignore[arg-type]
    return [channel.deliver(feed(day)) for day in range(DAYS)]


def rows(batches: list[FeedBatch]) -> list[Row]:
    return [
        row
        for batch in batches
        for row in zip(
            batch.accounts.tolist(), batch.days.tolist(), batch.revisions.tolist(), strict=True
        )
    ]


def test_without_trouble_every_row_arrives_once_and_on_its_day() -> None:
    calm = dict.fromkeys(
        (
            "feed_missing_share",
            "feed_late_share",
            "feed_duplicate_share",
            "feed_corrected_share",
        ),
        0.0,
    )
    for day, batch in enumerate(delivered(**calm)):
        assert batch.accounts.tolist() == np.flatnonzero(feed(day).active).tolist()
        assert set(batch.days.tolist()) == {day}
        assert set(batch.revisions.tolist()) == {0}
        assert (batch.columns["orders"] == feed(day).columns["orders"][batch.accounts]).all()


def test_only_the_share_that_never_arrives_is_missing_in_the_end() -> None:
    found = set(rows(delivered()))
    settled = [(account, day) for account, day, _ in found if day < DAYS - 17]
    sent = len(set(settled))
    whole = sum(int(feed(day).active.sum()) for day in range(DAYS - 17))
    assert abs((whole - sent) / whole - 0.01) < 0.003


def test_late_rows_carry_the_values_of_their_own_day() -> None:
    for batch in delivered():
        right = batch.accounts + 1_000 * batch.days + 1
        assert (batch.columns["gross_fen"] == right).all()


def test_a_corrected_day_comes_without_its_refunds_first_and_with_them_later() -> None:
    batches = delivered()
    corrected = {(a, d) for a, d, revision in rows(batches) if revision == 1}
    assert corrected
    for at, batch in enumerate(batches):
        for place, (account, day, revision) in enumerate(rows([batch])):
            refund_fen = int(batch.columns["refund_fen"][place])
            if revision == 1:
                assert refund_fen > 0
                assert at == day + 3
            elif (account, day) in corrected:
                assert refund_fen == 0


def test_some_rows_come_twice() -> None:
    everything = rows(delivered())
    assert len(everything) > len(set(everything))


def test_a_longer_population_does_not_change_what_happens_to_the_first_rows() -> None:
    parameters, _ = parameters_of(small(), "data")
    short, long = (FeedChannel(Luck(3, 0), parameters) for _ in range(2))
    part = feed(0)
    columns = {name: values[:500] for name, values in part.columns.items()}
    first = short.deliver(Feed(0, part.active[:500], columns)).accounts
    whole = long.deliver(part).accounts
    assert first.tolist() == [account for account in whole.tolist() if account < 500]
