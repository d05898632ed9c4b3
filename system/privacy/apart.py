"""The protocol runs in a child process, because a lost peer ends the process that runs it.

SPU's link calls exit(-1) when a message cannot be delivered; the caller must get a typed error
instead. The child only computes: what is written, the caller writes, after a good end.
"""

import os
import threading
from collections.abc import Callable
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection
from typing import Any, TypeVar

from system.errors import PeerUnavailable, ShapanError
from system.privacy.link import Link, connect, load_spu
from system.privacy.records import Endpoint

Result = TypeVar("Result")
_LINK_LOST = 255
# SPU counts attempts, not seconds: where each handshake fails slowly it would try for minutes.
_PATIENCES_TO_CONNECT = 3
_LOOKING, _FOUND = "looking for the peer", "found the peer"


def apart(endpoint: Endpoint, task: Callable[[Link, Any], Result], given: Any) -> Result:
    """Connect and run the task in a child process (spawned: guard a script with __main__).

    task: a function of a module. Raises what the task raises, and PeerUnavailable when the peer
    is lost.
    """
    spawn = get_context("spawn")
    receiver, sender = spawn.Pipe(duplex=False)
    child = spawn.Process(target=_work, args=(sender, endpoint, task, given), daemon=True)
    child.start()
    sender.close()
    try:
        said = receiver.recv()
        if said == _LOOKING and not receiver.poll(_PATIENCES_TO_CONNECT * endpoint.patience_s):
            child.kill()
            child.join()
            raise PeerUnavailable("connect", "no handshake was completed in time")
        while isinstance(said, str):
            said = receiver.recv()
        kind, outcome = said
    except EOFError as error:
        child.join()
        code = child.exitcode
        assert code == _LINK_LOST or (code or 0) < 0, f"exit code {code}; its traceback is above"
        raise PeerUnavailable("stay", f"the protocol ended with code {code}") from error
    child.join()
    if kind is not None:
        raise kind(**outcome)
    result: Result = outcome
    return result


def _work(
    sender: "Connection[Any, Any]",
    endpoint: Endpoint,
    task: Callable[[Link, Any], Any],
    given: Any,
) -> None:
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    try:
        load_spu()
        sender.send(_LOOKING)
        with connect(endpoint) as link:
            sender.send(_FOUND)
            outcome = task(link, given)
        sender.send((None, outcome))
    except ShapanError as error:
        sender.send((type(error), vars(error)))
    sender.close()
    # The link's threads would still wait for a lost peer.
    os._exit(0)


def _leave_with_parent() -> None:
    """Nobody is left to take the result: the other side must not believe in it either."""
    parent = parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
