"""Down from a run to one receivable, loan or machine: its events, counted and then told.

DuckDB counts and filters a million events where they lie; only what is shown becomes Python's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from sim.event_queries import Part
from system.limits import DAY_S

SUBJECTS_MAX: Final = 200
LIFE_MAX: Final = 500


@dataclass(frozen=True, slots=True)
class KindCount:
    """How often something happened, and on which days (counted from the first event's)."""

    kind: str
    count: int
    by_day: tuple[int, ...]

    @property
    def most(self) -> int:
        return max(self.by_day, default=0)


@dataclass(frozen=True, slots=True)
class Moment:
    """One event of a subject's life. day: from the first event's of the run's arm; second: of the
    day, by the clock of the place."""

    day: int
    second: int
    kind: str
    subject: str
    values: tuple[int, ...]


def kinds(part: Part, bins: int = 60) -> list[KindCount]:
    """Every kind with its counts over at most ``bins`` equal stretches of days."""
    rows = part.ask(
        "select kind, (at_s - first_s) // $day_s as day, count(*) from part, begun group by all",
        day_s=DAY_S,
    )
    last_day = max((day for _, day, _ in rows), default=0)
    width = -(-(last_day + 1) // bins)
    found: dict[str, list[int]] = {}
    for kind, day, count in rows:
        found.setdefault(kind, [0] * (last_day // width + 1))[day // width] += count
    return [KindCount(kind, sum(found[kind]), tuple(found[kind])) for kind in sorted(found)]


def subjects(part: Part, kind: str, search: str) -> tuple[list[str], int]:
    """Subjects of a kind that contain the text, in order, SUBJECTS_MAX at most; and how many."""
    rows = part.ask(
        "select subject, count(*) over () from part "
        "where kind = $kind and contains(subject, $text) "
        "group by subject order by subject limit $most",
        most=SUBJECTS_MAX,
        kind=kind,
        text=search,
    )
    return [subject for subject, _ in rows], rows[0][1] if rows else 0


# A receivable, by the link and day of its delivery: alone, in its Nth request, and its lots.
_RECEIVABLE: Final = re.compile(r"(?:k\d+-)?(e\d+d\d+)(?:/.*)?")


def life(part: Part, subject: str) -> list[Moment]:
    """What happened to this subject, and under names that continue it with a slash.

    Of a receivable: all of it, from its acceptance through every request and lot to its payment.
    """
    found = _RECEIVABLE.fullmatch(subject)
    whole = found[1] if found else subject
    rows = part.ask(
        "select at_s - first_s, kind, subject, values from part, begun "
        "where regexp_full_match(subject, $names) "
        "order by at_s, priority, sequence limit $most",
        most=LIFE_MAX,
        names=f"{r'(k[0-9]+-)?' if found else ''}{re.escape(whole)}(/.*)?",
    )
    return [
        Moment(since_s // DAY_S, since_s % DAY_S, kind, name, tuple(values))
        for since_s, kind, name, values in rows
    ]
