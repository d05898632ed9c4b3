"""Which rows both parties know, without showing the others: private set intersection.

Elliptic-curve Diffie-Hellman by openmined-psi, once in each direction, so that each side finds
its own rows and no id is ever sent. Both then sort by id and stand in the same order.
"""

from hashlib import sha256

import numpy as np

from system.errors import InputError, IntegrityError
from system.privacy.link import Link, load_psi
from system.privacy.records import I64

# With the raw structure there are no false positives; the library wants a number all the same.
_FALSE_POSITIVE_RATE = 1e-9


def intersect(link: Link, ids: tuple[str, ...]) -> I64:
    """Own row numbers of the common ids, in id order (UTF-8 bytes): the peer's order as well.

    ids: unique. The peer learns how many there are, and which of its own are among them.
    Raises InputError when none is common, IntegrityError when the sides do not agree.
    """
    if not ids:
        raise InputError("ids", "none", "give at least one row")
    own_rows = _own_rows(link, ids)
    common = sorted(own_rows, key=lambda row: ids[row].encode())
    _check_same(link, [ids[row] for row in common])
    if not common:
        raise InputError("ids", ids[0], "the two sides share no id; check how each side writes it")
    return np.asarray(common, dtype=np.int64)


def _own_rows(link: Link, ids: tuple[str, ...]) -> list[int]:
    psi = load_psi()
    client, server = psi.client.CreateWithNewKey(True), psi.server.CreateWithNewKey(True)
    request = psi.Request()
    request.ParseFromString(link.exchange(client.CreateRequest(list(ids)).SerializeToString()))
    answer = server.ProcessRequest(request)
    setup = server.CreateSetupMessage(
        _FALSE_POSITIVE_RATE, len(request.encrypted_elements), list(ids), psi.DataStructure.RAW
    )
    peer_answer, peer_setup = psi.Response(), psi.ServerSetup()
    peer_answer.ParseFromString(link.exchange(answer.SerializeToString()))
    peer_setup.ParseFromString(link.exchange(setup.SerializeToString()))
    return list(client.GetIntersection(peer_setup, peer_answer))


def _check_same(link: Link, common: list[str]) -> None:
    """Both sides know these ids, so their fingerprint tells the other nothing new."""
    own = sha256("\n".join(common).encode()).digest()
    peer = link.exchange(own)
    if own != peer:
        raise IntegrityError("the common ids of the two sides", own.hex(), peer.hex())
