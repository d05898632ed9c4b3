"""From terminals to the bank: the platform collects at polls; messages get lost, doubled, late."""

from collections import defaultdict
from dataclasses import dataclass, fields
from typing import Final

import numpy as np

from sim.calendar import UTC_OFFSET_S
from sim.leasing.grid import SLOT_S, SLOTS
from sim.leasing.terminals import Spoken
from sim.leasing.trouble_parameters import TroubleParameters
from sim.leasing.troubles import Ailing
from sim.portable import F64, I64, floor_i64
from sim.streams import Luck

# What is sent within so many seconds of being read was not kept for later.
LIVE_S: Final = 120


@dataclass(frozen=True, slots=True)
class Arrived:
    """What reaches the bank at one poll, in the order of sending. buffered: int64 (r,), 0 or 1."""

    at_s: int
    spoken: Spoken
    buffered: I64

    def __len__(self) -> int:
        return len(self.spoken)


class Network:
    """Holds what is under way. Luck is keyed by day, machine and half hour."""

    def __init__(self, luck: Luck, p: TroubleParameters, n: int) -> None:
        self._luck, self._p, self._n = luck, p, n
        self._coming: dict[int, list[Spoken]] = defaultdict(list)

    def send(self, day: int, spoken: Spoken, ailing: Ailing) -> None:
        """Everything that terminals wrote down on a day."""
        p = self._p
        slot = spoken.true_s // SLOT_S % SLOTS
        at = (spoken.device, slot)
        polls = self._next_poll(spoken.true_s)
        late = self._draw("message_late", day, at)
        hours = 1 + floor_i64(p.delay_hours_max * self._draw("message_delay", day, at))
        polls = polls + np.where(late < p.delay_share, -(-hours * 3_600 // p.poll_s), 0)
        polls = self._after_outage(spoken.device, polls, ailing)
        kept = self._draw("message_lost", day, at) >= p.loss_share
        self._put(spoken, polls, np.flatnonzero(kept))
        again = kept & (self._draw("message_twice", day, at) < p.duplicate_share)
        self._put(spoken, polls + 1, np.flatnonzero(again))

    def _next_poll(self, at_s: I64) -> I64:
        """The number of the first poll at or after a moment; polls count from local midnight."""
        number: I64 = -(-(at_s + UTC_OFFSET_S) // self._p.poll_s)
        return number

    def _draw(self, purpose: str, day: int, at: tuple[I64, I64]) -> F64:
        return self._luck.cohort(purpose, day, self._n * SLOTS).reshape(-1, SLOTS)[at]

    def _after_outage(self, device: I64, polls: I64, ailing: Ailing) -> I64:
        at_s = polls * self._p.poll_s - UTC_OFFSET_S
        from_s, until_s = ailing.outage_from_s[device], ailing.outage_until_s[device]
        held = (from_s <= at_s) & (at_s < until_s)
        after: I64 = np.where(held, self._next_poll(until_s), polls)
        return after

    def _put(self, spoken: Spoken, polls: I64, rows: I64) -> None:
        for poll in np.unique(polls[rows]).tolist():
            self._coming[poll].append(taken(spoken, rows[polls[rows] == poll]))

    def collect(self, at_s: int) -> Arrived:
        """What arrives at this poll."""
        assert (at_s + UTC_OFFSET_S) % self._p.poll_s == 0, "not the time of a poll"
        parts = self._coming.pop((at_s + UTC_OFFSET_S) // self._p.poll_s, [])
        return arrived_at(at_s, joined(parts))


def arrived_at(at_s: int, spoken: Spoken) -> Arrived:
    """These readings, sent and received at ``at_s``."""
    return Arrived(at_s, spoken, (at_s - spoken.true_s > LIVE_S).astype(np.int64))


def taken(spoken: Spoken, rows: I64) -> Spoken:
    return Spoken(*(getattr(spoken, field.name)[rows] for field in fields(Spoken)))


def joined(parts: list[Spoken]) -> Spoken:
    """All of these, one after the other."""
    parts = [part for part in parts if len(part)]
    if not parts:
        return _NOTHING
    whole = (np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Spoken))
    return Spoken(*whole)


_NOTHING: Final = Spoken(*(np.zeros(0, np.int64) for _ in fields(Spoken)))
