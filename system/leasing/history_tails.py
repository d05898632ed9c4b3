"""Where a machine's newest readings are: a few in its tail, those before them in its open page.

Each reading writes its machine's tail, which is a twentieth of a page; once that is long it goes
into the page. So a database writes a thousand bytes for a reading in place of five to seven
thousand.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from system.ports.store import Table, Unit

R = TypeVar("R")
NOTHING: Final = -1


@dataclass(slots=True)
class Tail:
    """A machine's newest readings. high: greatest key of all its readings.

    forgotten_ms: the clock of the newest reading that is no longer held; what is not newer cannot
    be told from a repeat.  rows: as in its page.
    """

    device: int
    high: int
    forgotten_ms: int
    rows: bytes


@dataclass(slots=True)
class OpenPage:
    """A machine's readings that are not packed. high, sealed_high: greatest key of all, and of
    packed pages.

    pages: how many were packed so far.  forgotten_ms: as in its tail.  rows: the history's COLUMNS
    of each reading. In the store those of the tail are not among them, and high is older.
    """

    device: int
    pages: int
    high: int
    sealed_high: int
    forgotten_ms: int
    rows: bytes


TAILS: Final = Table("leasing_history_tail", Tail, key=("device",))
OPEN: Final = Table("leasing_history_open", OpenPage, key=("device",))


def open_page(unit: Unit, device: int) -> OpenPage:
    """The machine's page with its tail; an empty one where it never had a reading."""
    [page] = unit.get(OPEN, [(device,)])
    [tail] = unit.get(TAILS, [(device,)])
    return _joined(page or _first(device), tail)


def _first(device: int) -> OpenPage:
    return OpenPage(device, 0, NOTHING, NOTHING, NOTHING, b"")


def _joined(page: OpenPage, tail: Tail | None) -> OpenPage:
    return page if tail is None else replace(page, high=tail.high, rows=page.rows + tail.rows)


def _after(page: OpenPage) -> Tail:
    """The tail of a machine all of whose readings are in its page."""
    return Tail(page.device, page.high, page.forgotten_ms, b"")


class Tails:
    """Tails of some machines in one transaction: what they were, and what they will be.

    long_bytes: from how many bytes on a tail goes into its page.  held: by place in ``devices``;
    None for a machine's first reading.
    """

    def __init__(self, unit: Unit, devices: Sequence[int], long_bytes: int) -> None:
        self._unit, self._devices, self._long_bytes = unit, devices, long_bytes
        self.held: list[Tail | None] = unit.get(TAILS, [(device,) for device in devices])
        self._is_fresh = [tail is None for tail in self.held]
        self._tails: dict[int, Tail] = {}
        self._pages: dict[int, OpenPage] = {}
        self._stored: dict[int, OpenPage | None] = {}
        # A version without tails left pages alone.
        alone = [at for at, tail in enumerate(self.held) if tail is None]
        self._load(alone)
        for at in alone:
            page = self._stored[at]
            self.held[at] = None if page is None else _after(page)

    def _load(self, places: Sequence[int]) -> None:
        missing = [at for at in places if at not in self._stored]
        found = self._unit.get(OPEN, [(self._devices[at],) for at in missing])
        self._stored |= dict(zip(missing, found, strict=True))

    def grow(self, at: int, more: bytes, high: int) -> None:
        """Add readings that are new. high: the greatest key of all that the machine then has."""
        held = self.held[at] or _after(_first(self._devices[at]))
        self._tails[at] = Tail(held.device, high, held.forgotten_ms, held.rows + more)

    def whole(self, at: int) -> OpenPage:
        """A machine's page with its tail, as they are now."""
        self._load([at])
        page = self._stored[at] or _first(self._devices[at])
        return _joined(page, self._tails.get(at, self.held[at]))

    def put(self, page: OpenPage, at: int) -> None:
        """A machine's page, which has all of its readings from now on."""
        self._load([at])
        self._pages[at], self._tails[at] = page, _after(page)

    def long(self) -> list[int]:
        """Machines whose tail has become long: ``put`` their ``whole`` page."""
        places = [at for at, tail in self._tails.items() if len(tail.rows) >= self._long_bytes]
        self._load(places)
        return places

    def write(self) -> None:
        """Store what has changed."""
        _store(self._unit, TAILS, self._tails, self._is_fresh)
        is_new = {at: page is None for at, page in self._stored.items()}
        _store(self._unit, OPEN, self._pages, is_new)


def _store(
    unit: Unit,
    table: Table[R],
    rows: Mapping[int, R],
    is_new: Sequence[bool] | Mapping[int, bool],
) -> None:
    unit.insert(table, [row for at, row in rows.items() if is_new[at]])
    unit.replace(table, [row for at, row in rows.items() if not is_new[at]])
