"""The poster port: one HTTP POST to somebody else's server."""

from collections.abc import Mapping
from typing import Protocol


class Poster(Protocol):
    """Takes a few seconds at most, whatever the other end does."""

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        """The status that came back. Raises OSError where none did."""
        ...
