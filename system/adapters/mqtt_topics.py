"""Topics and filters: what is valid, what matches, what covers what.

Source: OASIS MQTT 3.1.1, section 4.7.
"""

from collections.abc import Iterator
from typing import Final, Generic, TypeVar

T = TypeVar("T")
LEVELS_MAX: Final = 16


def is_topic(topic: str) -> bool:
    """Whether clients may publish to it: no wildcards, no NUL, not the broker's own ($)."""
    return (
        0 < len(topic) <= 512
        and not set(topic) & {"+", "#", "\0"}
        and topic[0] != "$"
        and topic.count("/") < LEVELS_MAX
    )


def is_filter(name: str) -> bool:
    """Whether it is a filter: wildcards fill whole levels, # is the last; shares are not kept."""
    levels = name.split("/")
    return (
        0 < len(name) <= 512
        and "\0" not in name
        and len(levels) <= LEVELS_MAX
        and all(level in ("+", "#") or not set(level) & {"+", "#"} for level in levels)
        and "#" not in levels[:-1]
        and levels[0] != "$share"
    )


def covers(allowed: str, wanted: str) -> bool:
    """Whether every topic that ``wanted`` (a topic or filter) matches is matched by ``allowed``."""
    ours, theirs = allowed.split("/"), wanted.split("/")
    for at, level in enumerate(ours):
        if level == "#":
            # Wildcards at the start never match the broker's own topics; what is asked for may.
            return at > 0 or not theirs[0].startswith("$")
        if at >= len(theirs) or theirs[at] == "#":
            return False
        if level == "+":
            if at == 0 and theirs[0].startswith("$"):
                return False
        elif level != theirs[at]:
            return False
    return len(ours) == len(theirs)


class _Node(Generic[T]):
    __slots__ = ("below", "here")

    def __init__(self) -> None:
        self.below: dict[str, _Node[T]] = {}
        self.here: dict[str, T] = {}


class Filters(Generic[T]):
    """Who wants what, as a tree: to find takes a topic's levels, however many the filters."""

    def __init__(self) -> None:
        self._root: _Node[T] = _Node()

    def put(self, name: str, who: str, what: T) -> None:
        """Add, or replace what stands under this filter for them."""
        node = self._root
        for level in name.split("/"):
            node = node.below.setdefault(level, _Node())
        node.here[who] = what

    def drop(self, name: str, who: str) -> None:
        """Take away, if it is there, with the levels that are then empty."""
        path = [self._root]
        levels = name.split("/")
        for level in levels:
            node = path[-1].below.get(level)
            if node is None:
                return
            path.append(node)
        path[-1].here.pop(who, None)
        for level, above, node in zip(
            reversed(levels), reversed(path[:-1]), reversed(path[1:]), strict=True
        ):
            if node.here or node.below:
                return
            del above.below[level]

    def matching(self, topic: str) -> dict[str, list[T]]:
        """What stands under all filters that match, by who; in the order of the tree."""
        found: dict[str, list[T]] = {}
        levels = topic.split("/")
        for node in self._walk(self._root, levels, 0, is_own=topic.startswith("$")):
            for who, what in node.here.items():
                found.setdefault(who, []).append(what)
        return found

    def _walk(
        self, node: _Node[T], levels: list[str], at: int, *, is_own: bool
    ) -> Iterator[_Node[T]]:
        wild = not (is_own and at == 0)
        rest = node.below.get("#")
        if rest is not None and wild:
            yield rest
        if at == len(levels):
            yield node
            return
        for level in (levels[at], "+"):
            below = node.below.get(level)
            if below is not None and (wild or level != "+"):
                yield from self._walk(below, levels, at + 1, is_own=is_own)
