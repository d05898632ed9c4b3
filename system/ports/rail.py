"""The payment rail port: whoever carries money between banks, spoken to in ISO 20022.

Messages are bytes of XML: pain.001 goes out, pacs.002 and camt.054 come in. Real and embedded
adapters pass the same suite (``tests/ports/test_rail.py``).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message of the rail. delivery_id: the transport's own name for it."""

    delivery_id: str
    raw: bytes


class PaymentRail(Protocol):
    """What every rail guarantees; a payment is known by its EndToEndId, a message by its MsgId."""

    def submit(self, message_id: str, raw: bytes) -> None:
        """Hand over a pain.001. The same bytes again change nothing.

        Raises RailUnavailable where it is not known whether they arrived: send the same again.
        """
        ...

    def collect(self) -> Sequence[Delivery]:
        """What was not acknowledged yet, oldest first; the same again until it is.

        Raises RailUnavailable.
        """
        ...

    def acknowledge(self, delivery_ids: Sequence[str]) -> None:
        """These are on disk here; the rail may forget them. Again: nothing."""
        ...
