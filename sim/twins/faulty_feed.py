"""The platform's feed through a line that loses, delays, cuts, repeats and corrects on plan.

It works on what the channel delivers, whose own daily troubles are parameters of the economy. Which
rows meet a fault is drawn over all merchants, so that it does not depend on who is delivered.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.faults import Faults, Window
from sim.streams import Luck
from system.credit.feed_records import FeedBatch
from system.limits import DAY_S

I64 = NDArray[np.int64]
Mask = NDArray[np.bool_]


class FaultyFeed:
    """Stands in for a feed channel; has its ``deliver``."""

    def __init__(self, channel: Any, luck: Luck, faults: Faults) -> None:
        self._channel, self._luck, self._faults = channel, luck, faults
        # What arrives with the first delivery at or after a UTC second.
        self._under_way: list[tuple[int, FeedBatch]] = []

    def deliver(self, feed: Any, space: Any) -> FeedBatch:
        batch: FeedBatch = self._channel.deliver(feed, space)
        if not self._faults.windows:
            return batch
        n = feed.active.size
        batch = self._without(batch, n, "feed_missing", None)
        batch = self._without(batch, n, "feed_late", lambda window: window.until_s)
        batch = self._cut(batch)
        batch = self._correct(batch, n)
        self._repeat(batch, n)
        return self._with_arrivals(batch)

    def _without(self, batch: FeedBatch, n: int, kind: str, until: Any) -> FeedBatch:
        """Take struck rows out; they come at ``until(window)``, or never."""
        window, struck = self._struck(batch, n, kind)
        if window is None:
            return batch
        if until is not None:
            self._under_way.append((until(window), _take(batch, struck)))
        return _take(batch, ~struck)

    def _cut(self, batch: FeedBatch) -> FeedBatch:
        window = self._faults.open("feed_truncated")
        if window is None:
            return batch
        kept = round(batch.accounts.size * (1 - window.severity))
        self._faults.struck["feed_truncated"] += batch.accounts.size - kept
        rest = np.arange(batch.accounts.size) >= kept
        self._under_way.append((self._tomorrow_s(), _take(batch, rest)))
        return _take(batch, ~rest)

    def _correct(self, batch: FeedBatch, n: int) -> FeedBatch:
        """Today without refunds; the truth comes tomorrow as a later revision."""
        window, struck = self._struck(batch, n, "feed_corrected")
        if window is None:
            return batch
        right = _take(batch, struck)
        later = FeedBatch(
            right.command_id, right.accounts, right.days, right.revisions + 1, right.columns
        )
        self._under_way.append((self._tomorrow_s(), later))
        refunds_fen = np.where(struck, 0, batch.columns["refund_fen"])
        columns = {**batch.columns, "refund_fen": refunds_fen}
        return FeedBatch(batch.command_id, batch.accounts, batch.days, batch.revisions, columns)

    def _repeat(self, batch: FeedBatch, n: int) -> None:
        window, struck = self._struck(batch, n, "feed_duplicated")
        if window is not None:
            self._under_way.append((self._faults.now_s, _take(batch, struck)))

    def _struck(self, batch: FeedBatch, n: int, kind: str) -> tuple[Window | None, Mask]:
        """Which rows of the delivery meet this fault: bool (rows,)."""
        window = self._faults.open(kind)
        if window is None:
            return None, np.zeros(batch.accounts.size, np.bool_)
        day = self._faults.now_s // DAY_S
        struck = self._luck.cohort(f"fault_{kind}", day, n)[batch.accounts] < window.severity
        self._faults.struck[kind] += int(struck.sum())
        return window, struck

    def _tomorrow_s(self) -> int:
        return self._faults.now_s + DAY_S

    def _with_arrivals(self, batch: FeedBatch) -> FeedBatch:
        now_s = self._faults.now_s
        arrived = [late for at_s, late in self._under_way if at_s <= now_s]
        self._under_way = [entry for entry in self._under_way if entry[0] > now_s]
        return _joined([batch, *arrived]) if arrived else batch


def _take(batch: FeedBatch, keep: Mask) -> FeedBatch:
    columns = {name: values[keep] for name, values in batch.columns.items()}
    return FeedBatch(
        batch.command_id, batch.accounts[keep], batch.days[keep], batch.revisions[keep], columns
    )


def _joined(parts: list[FeedBatch]) -> FeedBatch:
    first = parts[0]
    return FeedBatch(
        first.command_id,
        np.concatenate([part.accounts for part in parts]),
        np.concatenate([part.days for part in parts]),
        np.concatenate([part.revisions for part in parts]),
        {name: np.concatenate([part.columns[name] for part in parts]) for name in first.columns},
    )
