"""What cannot be used: kept with its reason, counted, and harmless to everything else."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Final

from system.limits import DAY_S, QUARANTINE_DAYS, QUARANTINE_SAMPLES_MAX
from system.ports.store import AtLeast, Table, Unit

# Of each sample this much is kept: enough to see what it is, too little to fill a disk.
HEAD_BYTES: Final = 2_048
# Sources that are no device of ours share one name: a stranger cannot make rows without end.
STRANGER: Final = "?"


class Fault(IntEnum):
    """Why a reading was not used, in precedence order. One message may hold many readings."""

    NONE = 0
    # What it is.
    TOPIC_UNKNOWN = 1  # neither device/{id}/data nor gateway/{id}/data
    TOO_LARGE = 2
    TOO_COMPLEX = 3  # more brackets than any reading has: nesting is bounded by this too
    NOT_JSON = 4
    NOT_AN_OBJECT = 5
    FIELD_MISSING = 6
    FIELD_WRONG = 7  # text for a number, a fraction for a count, an unknown unit or datum
    # Whose it is.
    DEVICE_UNKNOWN = 8
    DEVICE_FOREIGN = 9  # another device than the topic's, or of another fleet than the gateway's
    PIN_WRONG = 10  # the terminal says that it sits in another machine
    UNSIGNED = 11
    SIGNATURE_WRONG = 12
    # What it says.
    TIME_IMPOSSIBLE = 13  # before telemetry began: a clock that was never set
    TIME_IN_FUTURE = 14
    TIME_TOO_LATE = 15  # older than what is kept, so that repeats could not be told
    POSITION_IMPOSSIBLE = 16
    COUNTER_NEGATIVE = 17
    COUNTER_IMPOSSIBLE = 18
    VALUE_OUT_OF_RANGE = 19
    # What came before.
    KEY_REUSED = 20  # the same device, boot and sequence with other content
    ORDER_UNKNOWN = 21  # a receipt for what was never sent, or not to this device
    # What we made of it.
    UNPROCESSABLE = 22  # our own code failed on it: kept for a developer


@dataclass(frozen=True, slots=True)
class Rejected:
    """One unusable reading. source: the device it came from, or STRANGER."""

    fault: Fault
    source: str
    topic: str
    payload: bytes
    received_ms: int


@dataclass(frozen=True, slots=True)
class QuarantineRow:
    """Equal payloads of one source, fault and day. day: days since the epoch, of the last one.

    slot: day % QUARANTINE_DAYS: a row's place is used again once it is that old.
    digest: SHA-256 of the payload, or empty for the sum of those that are only counted.
    """

    source: str
    fault: int
    slot: int
    digest: str
    day: int
    count: int
    topic: str
    bytes_: int
    head: bytes
    first_ms: int
    last_ms: int


QUARANTINE: Final = Table(
    "leasing_quarantine",
    QuarantineRow,
    key=("source", "fault", "slot", "digest"),
    checks=(AtLeast("count", 1),),
)
QUARANTINE_TABLES: Final = (QUARANTINE,)


def reject(unit: Unit, batch: Sequence[Rejected]) -> None:
    """Keep and count them, in the transaction that acknowledges them."""
    groups: dict[tuple[str, int, int], list[Rejected]] = {}
    for item in batch:
        day = item.received_ms // (DAY_S * 1_000)
        groups.setdefault((item.source, int(item.fault), day), []).append(item)
    for (source, fault, day), items in sorted(groups.items()):
        _reject_group(unit, source, fault, day, items)


def _reject_group(unit: Unit, source: str, fault: int, day: int, items: list[Rejected]) -> None:
    slot = day % QUARANTINE_DAYS
    held = unit.find(QUARANTINE, {"source": source, "fault": fault, "slot": slot})
    stored = {row.digest for row in held}
    rows = {row.digest: row for row in held if row.day == day}
    changed: dict[str, QuarantineRow] = {}
    for item in items:
        digest = hashlib.sha256(item.payload).hexdigest()
        samples = len(rows) - ("" in rows)
        if digest not in rows and samples >= QUARANTINE_SAMPLES_MAX:
            digest = ""
        rows[digest] = changed[digest] = _counted(rows.get(digest), item, slot, digest, day)
    unit.insert(QUARANTINE, [row for name, row in changed.items() if name not in stored])
    unit.replace(QUARANTINE, [row for name, row in changed.items() if name in stored])


def _counted(
    row: QuarantineRow | None, item: Rejected, slot: int, digest: str, day: int
) -> QuarantineRow:
    if row is not None:
        return replace(row, count=row.count + 1, last_ms=item.received_ms)
    return QuarantineRow(
        source=item.source,
        fault=int(item.fault),
        slot=slot,
        digest=digest,
        day=day,
        count=1,
        topic=item.topic[:256],
        bytes_=len(item.payload),
        head=item.payload[:HEAD_BYTES],
        first_ms=item.received_ms,
        last_ms=item.received_ms,
    )


def counts(unit: Unit) -> dict[tuple[str, Fault], int]:
    """How many were quarantined, by source and fault, over the days that are kept."""
    totals: dict[tuple[str, Fault], int] = {}
    for row in unit.scan(QUARANTINE):
        key = (row.source, Fault(row.fault))
        totals[key] = totals.get(key, 0) + row.count
    return totals
