"""Lines of credit held to the regulator's sandbox: what is granted counts, drawn or not."""

import numpy as np

from system.compliance import sandbox
from system.compliance.sandbox import CREDIT, Asks
from system.credit.desk import Desk
from system.credit.records import LINES
from system.kernels.columns import I64, Mask


def stopped(desk: Desk, n: int) -> Mask:
    """True for all n rows while no new risk may be taken on."""
    return np.full(n, sandbox.is_stopped(desk.unit.rows, CREDIT))


def outside(desk: Desk, rows: I64, limit_fen: I64) -> Mask:
    """True for each new limit that the sandbox does not admit, in order. rows: each once."""
    terms = sandbox.terms_of(desk.unit.rows, CREDIT)
    if terms is None:
        return np.zeros(rows.size, np.bool_)
    everyone = slice(0, desk.unit.count(LINES))
    held_fen = desk.unit.read(LINES, ("limit_fen",), everyone)["limit_fen"]
    own_fen = held_fen[rows]
    # A renewal takes the room of the limit that it replaces.
    more_fen = np.maximum(limit_fen - own_fen, 0)
    asks = Asks(rows, own_fen, more_fen, np.zeros(rows.size, np.int64))
    return sandbox.outside(terms, asks, int(held_fen.sum()), int((held_fen > 0).sum()))
