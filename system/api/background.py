"""Work beside the requests, for as long as the gateway runs: what goes wrong in it is told, and it
goes on. Each step of such work may be repeated; all state that counts is in the store."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from system.errors import OperationalError

_LOG: Final = logging.getLogger("shapan.gateway")
# After a bug, which will most likely come again.
BUG_PAUSE_S: Final = 5.0


async def again(
    name: str,
    work: Callable[[], Awaitable[bool | None]],
    pause_s: float,
    on_bug: Callable[[], None],
) -> None:
    """Do it for ever, with a pause after each time; none where it says that there is more to do.

    on_bug: drops what services remember of work that ended in a bug; before that is done, nothing
    else is.
    """
    owes_forgetting = False
    while True:
        rest_s = pause_s
        try:
            if owes_forgetting:
                on_bug()
                owes_forgetting = False
            if await work():
                rest_s = 0.0
        except OperationalError as error:
            _LOG.warning("%s: %s; will be tried again", name, error)
        except Exception:
            # A bug must not end what everybody relies on, nor go unseen.
            _LOG.exception("%s: a bug; will be tried again", name)
            rest_s = max(pause_s, BUG_PAUSE_S)
            owes_forgetting = True
        await asyncio.sleep(rest_s)
