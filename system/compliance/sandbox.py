"""The regulator's sandbox as live policy: how much new risk each product may take on, and of whom.

Without terms for a product nothing is capped. The kill switch stops new risk of all products at
once; payments, repayments, recourse and settlement never ask here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from system.compliance import audit
from system.compliance.records import AuditEntry
from system.errors import InputError
from system.kernels.columns import I64, Mask
from system.limits import BALANCE_FEN_MAX, COLUMN_ROWS_MAX, TEXT_CHARS_MAX
from system.ports.store import AtLeast, Table, Unit

RECEIVABLES: Final = "receivables"
CREDIT: Final = "credit"
LEASING: Final = "leasing"
PRODUCTS: Final = (RECEIVABLES, CREDIT, LEASING)
_TERM_DAYS_MAX: Final = 36_500
_EVERYTHING: Final = "everything"


@dataclass(frozen=True, slots=True)
class Terms:
    """What a product may do. is_open: whether it may take on new risk at all.

    client_fen_max, total_fen_max: of lines granted, receivables financed, machines out.
    """

    product: str
    is_open: bool
    clients_max: int
    client_fen_max: int
    total_fen_max: int
    term_days_max: int


@dataclass(frozen=True, slots=True)
class Switch:
    """name: everything.  stopped: no product takes on new risk."""

    name: str
    stopped: bool
    by: str
    reason: str
    at_s: int


@dataclass(frozen=True, slots=True)
class Asks:
    """Wishes for new risk, in order. All int64 (n,).

    client: who.  held_fen: what that client has of the product already.  term_days: 0 for none.
    """

    client: I64
    held_fen: I64
    amount_fen: I64
    term_days: I64


TERMS: Final = Table(
    "sandbox_terms",
    Terms,
    key=("product",),
    checks=(AtLeast("clients_max", 0), AtLeast("client_fen_max", 0), AtLeast("total_fen_max", 0)),
)
SWITCH: Final = Table("sandbox_switch", Switch, key=("name",))


def set_terms(unit: Unit, terms: Terms, by: str, now_s: int) -> None:
    """The regulator's terms for one product, from now on. Raises InputError."""
    _check(terms)
    [known] = unit.get(TERMS, [(terms.product,)])
    (unit.insert if known is None else unit.replace)(TERMS, [terms])
    fields = [getattr(terms, name) for name in Terms.__slots__]
    audit.append(unit, [AuditEntry(by, "set sandbox terms", terms.product, fields)], now_s)


def _check(terms: Terms) -> None:
    if terms.product not in PRODUCTS:
        raise InputError("product", terms.product, f"write one of {', '.join(PRODUCTS)}")
    bounds = {
        "clients_max": COLUMN_ROWS_MAX,
        "client_fen_max": BALANCE_FEN_MAX,
        "total_fen_max": BALANCE_FEN_MAX,
        "term_days_max": _TERM_DAYS_MAX,
    }
    for name, most in bounds.items():
        if not 0 <= getattr(terms, name) <= most:
            raise InputError(name, getattr(terms, name), f"give 0 to {most}")


def throw_switch(unit: Unit, by: str, reason: str, now_s: int, *, stopped: bool) -> None:
    """Stop all new risk, or allow it again. Raises InputError for no reason."""
    if not 1 <= len(reason.strip()) <= TEXT_CHARS_MAX:
        raise InputError("reason", "…", f"give 1 to {TEXT_CHARS_MAX} characters")
    row = Switch(_EVERYTHING, stopped, by, reason, now_s)
    (unit.insert if switch(unit) is None else unit.replace)(SWITCH, [row])
    action = "stop new risk" if stopped else "allow new risk"
    audit.append(unit, [AuditEntry(by, action, _EVERYTHING, reason)], now_s)


def switch(unit: Unit) -> Switch | None:
    """The kill switch as it was thrown last; None where it never was."""
    return unit.get(SWITCH, [(_EVERYTHING,)])[0]


def terms_of(unit: Unit, product: str) -> Terms | None:
    """The product's terms; None where it is in no sandbox."""
    return unit.get(TERMS, [(product,)])[0]


def is_stopped(unit: Unit, product: str) -> bool:
    """Whether this product may take on no new risk now."""
    thrown, terms = switch(unit), terms_of(unit, product)
    return bool(thrown and thrown.stopped) or bool(terms and not terms.is_open)


def outside(terms: Terms, asks: Asks, total_fen: int, clients: int) -> Mask:
    """True for each wish that the terms do not admit; one refused takes no room from the next.

    total_fen, clients: of the product before the first wish.
    """
    fails = np.zeros(asks.client.size, np.bool_)
    held_fen: dict[int, int] = {}
    columns = (asks.client, asks.held_fen, asks.amount_fen, asks.term_days)
    for n, (client, held, amount, term) in enumerate(zip(*map(_listed, columns), strict=True)):
        own_fen = held_fen.get(client, held)
        comes = own_fen == 0
        fails[n] = (
            own_fen + amount > terms.client_fen_max
            or total_fen + amount > terms.total_fen_max
            or term > terms.term_days_max
            or clients + comes > terms.clients_max
        )
        if not fails[n]:
            held_fen[client], total_fen = own_fen + amount, total_fen + amount
            clients += comes
    return fails


def _listed(column: I64) -> Sequence[int]:
    listed: list[int] = column.tolist()
    return listed
