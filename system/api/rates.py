"""Requests per client and second, as a token bucket: short bursts pass, floods do not."""

from typing import Final

PER_S_DEFAULT: Final = 1_000
BURST_S: Final = 2
_CLIENTS_MAX: Final = 10_000


class RateLimit:
    """per_s: requests a second that one client may keep up."""

    def __init__(self, per_s: int = PER_S_DEFAULT) -> None:
        self._per_s = per_s
        self._left_by_client: dict[str, tuple[int, int]] = {}

    def admits(self, client_id: str, now_s: int) -> bool:
        """Take one request of this client into account; False where it is one too many."""
        most = self._per_s * BURST_S
        left, since_s = self._left_by_client.pop(client_id, (most, now_s))
        left = min(most, left + (now_s - since_s) * self._per_s)
        # Put in again at the end, so that whoever was silent longest is forgotten first.
        self._left_by_client[client_id] = (max(left - 1, 0), now_s)
        if len(self._left_by_client) > _CLIENTS_MAX:
            del self._left_by_client[next(iter(self._left_by_client))]
        return left > 0
