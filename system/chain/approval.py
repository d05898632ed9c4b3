"""Which requests for cash may be quoted: the checks of the policy, then the limits they share."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from system.chain.commands import RequestFinancing
from system.chain.kernels.policy import FinancingColumns, reserve_in_order
from system.chain.limits_book import BANK, SUPPLIER, Line, room_fen
from system.chain.records import HOLDS, LIMITS, Lot, Receivable
from system.chain.rules import Refusal, financing_refusals
from system.chain.service_holds import is_held
from system.chain.session import Session
from system.chain.watch import clear
from system.compliance import sandbox
from system.kernels.columns import I64, Mask, i64
from system.limits import BALANCE_FEN_MAX, DAY_S
from system.parties.records import Role

_SHORT_OF = (
    Refusal.FINANCING_DEBTOR_LIMIT,
    Refusal.FINANCING_SUPPLIER_LIMIT,
    Refusal.FINANCING_BANK_LIMIT,
    Refusal.FINANCING_GROUP_LIMIT,
)


@dataclass(frozen=True, slots=True)
class Asked:
    """One request with everything that the policy looks at."""

    command: RequestFinancing
    request_id: str
    lot: Lot
    receivable: Receivable
    lines: tuple[Line, ...]


def judge(session: Session, asked: Sequence[Asked]) -> dict[str, Refusal]:
    """One answer per request id. No receivable may occur twice."""
    if not asked:
        return {}
    codes = financing_refusals(_columns(session, asked)).tolist()
    answers = {item.request_id: Refusal(code) for item, code in zip(asked, codes, strict=True)}
    # Whose room is short, and of which line first, depends on the requests before it.
    may_reserve = (Refusal.NONE, *_SHORT_OF)
    open_ = [item for item in asked if answers[item.request_id] in may_reserve]
    answers |= _reserve(session, open_)
    answers |= _sandboxed(session, [a for a in asked if not answers[a.request_id]])
    return answers | _held(session, [a for a in asked if not answers[a.request_id]])


def _held(session: Session, open_: Sequence[Asked]) -> dict[str, Refusal]:
    """What the bank watches is not bought, whoever else would buy it."""
    pairs = [
        (item.command.bank_id, party_id)
        for item in open_
        for party_id in (item.receivable.debtor_id, item.command.supplier_id)
    ]
    session.sheet.load(HOLDS, pairs)
    held = {
        (bank_id, party_id) for bank_id, party_id in pairs if is_held(session, bank_id, party_id)
    }
    return {
        item.request_id: Refusal.FINANCING_PARTY_HELD
        for item, of_debtor, of_supplier in zip(open_, pairs[::2], pairs[1::2], strict=True)
        if {of_debtor, of_supplier} & held
    }


def _sandboxed(session: Session, open_: Sequence[Asked]) -> dict[str, Refusal]:
    """What the regulator's sandbox says to requests that nothing else stands against."""
    if sandbox.is_stopped(session.unit, sandbox.RECEIVABLES):
        return {item.request_id: Refusal.FINANCING_RISK_STOPPED for item in open_}
    terms = sandbox.terms_of(session.unit, sandbox.RECEIVABLES)
    if terms is None or not open_:
        return {}
    used_fen = {
        kind: {row.party_id: row.used_fen for row in session.sheet.find(LIMITS, {"kind": kind})}
        for kind in (SUPPLIER, BANK)
    }
    clients = {
        name: n for n, name in enumerate(dict.fromkeys(a.command.supplier_id for a in open_))
    }
    who = [item.command.supplier_id for item in open_]
    asks = sandbox.Asks(
        i64(clients[name] for name in who),
        i64(used_fen[SUPPLIER].get(name, 0) for name in who),
        i64(item.command.amount_fen for item in open_),
        i64(days_until(item.receivable.due_at_s, session.now_s) for item in open_),
    )
    served = sum(fen > 0 for fen in used_fen[SUPPLIER].values())
    fails = sandbox.outside(terms, asks, sum(used_fen[BANK].values()), served)
    outside = [item for item, fail in zip(open_, fails, strict=True) if fail]
    return {item.request_id: Refusal.FINANCING_OUTSIDE_SANDBOX for item in outside}


def _columns(session: Session, asked: Sequence[Asked]) -> FinancingColumns:
    policy, now_s = session.parts.policy, session.now_s

    def mask(values: Sequence[bool]) -> Mask:
        return np.array(values, dtype=np.bool_)

    def verified(party_ids: Sequence[str], role: Role) -> Mask:
        return mask([session.verified(session.party(party_id), role) for party_id in party_ids])

    def room(place: int) -> I64:
        return i64(_room_fen(session, item.lines, place) for item in asked)

    rows = [item.receivable for item in asked]
    lots = [item.lot for item in asked]
    left_fen = i64(lot.value_fen - lot.redeemed_fen for lot in lots)
    count = len(asked)
    return FinancingColumns(
        supplier_verified=verified([item.command.supplier_id for item in asked], Role.SUPPLIER),
        debtor_verified=verified([row.debtor_id for row in rows], Role.DEBTOR),
        bank_verified=verified([item.command.bank_id for item in asked], Role.BANK),
        accepted=mask([row.state in ("accepted", "due") for row in rows]),
        disputed=mask([row.disputed for row in rows]),
        lot_free=mask([lot.state == "free" for lot in lots]),
        days_to_due=i64(days_until(row.due_at_s, now_s) for row in rows),
        term_days=i64((row.due_at_s - row.issued_at_s) // DAY_S for row in rows),
        long_term_approved=np.full(count, policy.long_terms_approved, dtype=np.bool_),
        tier=i64(lot.tier for lot in lots),
        tier_max=np.full(count, policy.tier_max, dtype=np.int64),
        value_fen=i64(item.command.amount_fen for item in asked),
        value_fen_min=np.full(count, policy.amount_fen_min, dtype=np.int64),
        value_fen_max=np.minimum(left_fen, policy.amount_fen_max),
        verdict_clear=mask([clear(session, row.receivable_id) for row in rows]),
        debtor_room_fen=room(0),
        supplier_room_fen=room(1),
        bank_room_fen=room(2),
        group_room_fen=room(3),
    )


def days_until(due_at_s: int, now_s: int) -> int:
    """Started days until the due date; zero or less when it has come."""
    return -((now_s - due_at_s) // DAY_S)


def _room_fen(session: Session, lines: Sequence[Line], place: int) -> int:
    return room_fen(session.sheet, lines[place]) if place < len(lines) else BALANCE_FEN_MAX


def _reserve(session: Session, open_: Sequence[Asked]) -> dict[str, Refusal]:
    """Let the approved requests share what the lines still allow, first come first served."""
    if not open_:
        return {}
    rooms: dict[Line, int] = {}
    for item in open_:
        for line in item.lines:
            rooms.setdefault(line, len(rooms))
    # A debtor without a group uses a room of its own that never runs short.
    boundless = len(rooms)
    room_column = i64([*(room_fen(session.sheet, line) for line in rooms), BALANCE_FEN_MAX])
    subjects = np.array(
        [
            [rooms[item.lines[kind]] if kind < len(item.lines) else boundless for item in open_]
            for kind in range(len(_SHORT_OF))
        ],
        dtype=np.int64,
    )
    values = i64(item.command.amount_fen for item in open_)
    short = reserve_in_order(values, subjects, room_column).tolist()
    return {
        item.request_id: Refusal.NONE if kind < 0 else _SHORT_OF[kind]
        for item, kind in zip(open_, short, strict=True)
    }
