"""What a lender is to the model: it hears applications, and acts once a day."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sim.credit.economy import Feed
from sim.credit.feed_channel import Space
from system.credit.feed_records import FeedBatch

I64 = NDArray[np.int64]


class Lender(Protocol):
    """One way of deciding. Lines are kept by the bank, which is the same for all."""

    def start(self, day: int) -> None:
        """Before the first day: consents, histories."""
        ...

    def open_day(self, day: int, view: dict[str, I64]) -> None:
        """Before the day's business: what fell due on the lender's own calendar."""
        ...

    def apply(self, day: int, rows: I64, requested_fen: I64) -> None:
        """These merchants ask for credit today."""
        ...

    def ship(self, feed: Feed, space: Space) -> FeedBatch | None:
        """What of the platform's report reaches this lender on the same day, if possible in this
        space; touches no bank."""
        ...

    def hear(self, batch: FeedBatch) -> None:
        """The feed as it reached the lender, after business hours."""
        ...
