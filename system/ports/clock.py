"""The clock port: the only source of time in production code."""

from typing import Protocol


class Clock(Protocol):
    """UTC time. The operating system's clock in production, virtual time under simulation."""

    def now_s(self) -> int:
        """UTC seconds since the epoch. Never decreases between two calls."""
        ...
