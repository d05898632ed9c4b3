"""From a lot to cash: request, quote, take or decline."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from system.canonical import sha256_hex
from system.chain import cash
from system.chain.commands import DeclineQuote, RequestFinancing, TakeQuote
from system.chain.disburse import queue_disbursement
from system.chain.events import QuoteClosed, QuoteMade, RequestDeclined
from system.chain.kernels.policy import FinancingColumns, reserve_in_order
from system.chain.kernels.pricing import Prices, price
from system.chain.limits_book import Line, change_use, lines_of, room_fen
from system.chain.monitor import Flow
from system.chain.outcome import Outcome, refused, taken
from system.chain.records import (
    DIARY,
    LOTS,
    RECEIVABLES,
    REQUESTS,
    STANDINGS,
    DiaryEntry,
    FinancingRequest,
    Lot,
    Receivable,
)
from system.chain.rules import Refusal, financing_refusals, first_refusal
from system.chain.session import Session
from system.chain.wallets import party_wallet
from system.chain.watch import Watch, clear, flow
from system.kernels.columns import I64, Mask, i64
from system.ledger import ledger
from system.limits import BALANCE_FEN_MAX, DAY_S
from system.money import checked_fen
from system.parties.records import Role

_SHORT_OF = (
    Refusal.FINANCING_DEBTOR_LIMIT,
    Refusal.FINANCING_SUPPLIER_LIMIT,
    Refusal.FINANCING_BANK_LIMIT,
    Refusal.FINANCING_GROUP_LIMIT,
)


@dataclass(frozen=True, slots=True)
class _Asked:
    """One request with everything that the policy looks at."""

    command: RequestFinancing
    request_id: str
    lot: Lot
    receivable: Receivable
    lines: tuple[Line, ...]


def request_financing(
    session: Session, watch: Watch, batch: Sequence[RequestFinancing]
) -> list[Outcome]:
    """Decide requests at once: a quote, or a refusal with its code. The reference is the request.

    Every bank that is asked shows the claim to the monitor first, so its verdict is fresh.
    """
    answers: dict[str, Refusal] = {}
    asked: list[_Asked] = []
    for command in batch:
        request_id = request_id_of(command)
        lot = session.sheet.get(LOTS, command.lot_id)
        answers[request_id] = _holder_refusal(command, lot)
        if lot is not None and not answers[request_id]:
            asked.append(_asked(session, command, request_id, lot))
    watch.observe(session, [_shown(session, item) for item in asked])
    answers.update(_decide(session, asked))
    for command in batch:
        request_id = request_id_of(command)
        if answers[request_id]:
            _decline(session, request_id, answers[request_id])
    return [
        _answer(command, request_id_of(command), answers[request_id_of(command)])
        for command in batch
    ]


def request_id_of(command: RequestFinancing) -> str:
    """Derived from the command, so that a repeat cannot make a second request."""
    return sha256_hex(f"request|{command.supplier_id}|{command.command_id}")[:32]


def _answer(command: RequestFinancing, request_id: str, refusal: Refusal) -> Outcome:
    if refusal:
        return refused(command.command_id, refusal, request_id)
    return taken(command.command_id, request_id)


def _holder_refusal(command: RequestFinancing, lot: Lot | None) -> Refusal:
    checked_fen(command.amount_fen)
    return first_refusal(
        (lot is None, Refusal.FINANCING_LOT_UNKNOWN),
        (lot is not None and lot.owner_id != command.supplier_id, Refusal.FINANCING_NOT_THE_HOLDER),
    )


def _asked(session: Session, command: RequestFinancing, request_id: str, lot: Lot) -> _Asked:
    receivable = session.sheet.need(RECEIVABLES, lot.receivable_id)
    lines = lines_of_lot(session, receivable, command.supplier_id, command.bank_id)
    return _Asked(command, request_id, lot, receivable, tuple(lines))


def lines_of_lot(
    session: Session, receivable: Receivable, supplier_id: str, bank_id: str
) -> list[Line]:
    """The limit lines that financing a lot of this receivable uses."""
    debtor = session.party(receivable.debtor_id)
    group_id = debtor.group_id if debtor is not None else None
    return lines_of(receivable.debtor_id, supplier_id, bank_id, group_id)


def _shown(session: Session, item: _Asked) -> Flow:
    receivable = item.receivable
    amount_fen = item.command.amount_fen
    return flow(session, receivable, receivable.receivable_id, item.command.bank_id, amount_fen)


def _decide(session: Session, asked: Sequence[_Asked]) -> dict[str, Refusal]:
    if not asked:
        return {}
    codes = financing_refusals(_columns(session, asked)).tolist()
    answers = {item.request_id: Refusal(code) for item, code in zip(asked, codes, strict=True)}
    # One lot may be asked for twice in a batch: the first request locks it.
    lots_taken: set[int] = set()
    open_: list[_Asked] = []
    for item in asked:
        if answers[item.request_id]:
            continue
        if item.lot.lot_id in lots_taken:
            answers[item.request_id] = Refusal.FINANCING_LOT_NOT_FREE
            continue
        lots_taken.add(item.lot.lot_id)
        open_.append(item)
    answers.update(_reserve(session, open_))
    _quote(session, [item for item in open_ if not answers[item.request_id]])
    return answers


def _columns(session: Session, asked: Sequence[_Asked]) -> FinancingColumns:
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


def _reserve(session: Session, open_: Sequence[_Asked]) -> dict[str, Refusal]:
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


def _quote(session: Session, approved: Sequence[_Asked]) -> None:
    if not approved:
        return
    prices = price(
        session.parts.policy.pricing,
        i64(item.command.amount_fen for item in approved),
        i64(session.sheet.need(STANDINGS, i.receivable.debtor_id).pd_ppm for i in approved),
        i64(days_until(item.receivable.due_at_s, session.now_s) for item in approved),
        np.array([item.command.with_recourse for item in approved], dtype=np.bool_),
        i64(item.lot.tier for item in approved),
    )
    for n, item in enumerate(approved):
        _open_quote(session, item, prices, n)


def _open_quote(session: Session, item: _Asked, prices: Prices, n: int) -> None:
    row = _request_row(session, item, prices, n)
    session.sheet.add(REQUESTS, row)
    session.sheet.put(LOTS, replace(item.lot, state="locked"))
    change_use(session.sheet, item.lines, row.amount_fen)
    assert row.expires_at_s is not None
    session.sheet.add(DIARY, DiaryEntry("quote", row.request_id, row.expires_at_s // DAY_S))
    session.note(row.bank_id, "quote", row.request_id, [row.advance_fen, row.discount_fen])
    session.emit(
        QuoteMade(
            row.request_id,
            row.advance_fen,
            row.discount_fen,
            row.holdback_fen,
            row.apr_ppm,
            row.expires_at_s,
            session.now_s,
        )
    )


def _request_row(session: Session, item: _Asked, prices: Prices, n: int) -> FinancingRequest:
    command, receivable = item.command, item.receivable
    valid_until_s = session.now_s + session.parts.policy.quote_valid_s
    return FinancingRequest(
        request_id=item.request_id,
        lot_id=command.lot_id,
        financed_lot_id=0,
        receivable_id=receivable.receivable_id,
        supplier_id=command.supplier_id,
        bank_id=command.bank_id,
        amount_fen=command.amount_fen,
        with_recourse=command.with_recourse,
        state="quoted",
        refusal=0,
        advance_fen=int(prices.advance_fen[n]),
        discount_fen=int(prices.discount_fen[n]),
        holdback_fen=int(prices.holdback_fen[n]),
        apr_ppm=int(prices.apr_ppm[n]),
        requested_at_s=session.now_s,
        quoted_at_s=session.now_s,
        expires_at_s=min(valid_until_s, receivable.due_at_s - 1),
        disbursed_at_s=None,
    )


def _decline(session: Session, request_id: str, refusal: Refusal) -> None:
    session.note("policy", "decline", request_id, int(refusal))
    session.emit(RequestDeclined(request_id, int(refusal), session.now_s))


def take_quotes(session: Session, batch: Sequence[TakeQuote]) -> list[Outcome]:
    """Reserve the bank's cash and send the lot to the chain. The reference is the request."""
    session.sheet.load(REQUESTS, [(command.request_id,) for command in batch])
    return [_take_one(session, command) for command in batch]


def _take_one(session: Session, command: TakeQuote) -> Outcome:
    request = session.sheet.get(REQUESTS, command.request_id)
    refusal = _take_refusal(session, command, request)
    if request is not None and not refusal:
        refusal = _hold_cash(session, request)
    if request is None or refusal:
        return refused(command.command_id, refusal, command.request_id)
    lot = session.sheet.need(LOTS, request.lot_id)
    wallet = party_wallet(request.supplier_id)
    if request.amount_fen == lot.value_fen - lot.redeemed_fen:
        request = replace(request, state="disbursing", financed_lot_id=lot.lot_id)
        queue_disbursement(session, request)
    else:
        request = replace(request, state="splitting")
        values = (lot.lot_id, (request.amount_fen,))
        session.queue.add("split", wallet, str(lot.lot_id), request.request_id, *values)
    session.sheet.put(REQUESTS, request)
    session.note(request.supplier_id, "take quote", request.request_id)
    return taken(command.command_id, request.request_id)


def _take_refusal(
    session: Session, command: TakeQuote, request: FinancingRequest | None
) -> Refusal:
    if request is None:
        return Refusal.FINANCING_REQUEST_UNKNOWN
    receivable = session.sheet.need(RECEIVABLES, request.receivable_id)
    lot = session.sheet.need(LOTS, request.lot_id)
    shrunk = request.amount_fen > lot.value_fen - lot.redeemed_fen
    expired = session.now_s > (request.expires_at_s or 0)
    return first_refusal(
        (receivable.disputed, Refusal.FINANCING_DISPUTED),
        (request.state == "quoted" and shrunk, Refusal.FINANCING_AMOUNT_TOO_LARGE),
        (not clear(session, request.receivable_id), Refusal.FINANCING_VERDICT_NOT_CLEAR),
        (request.state == "quoted" and expired, Refusal.FINANCING_QUOTE_EXPIRED),
        (request.supplier_id != command.supplier_id, Refusal.FINANCING_NOT_THE_SUPPLIER),
        (request.state != "quoted", Refusal.FINANCING_QUOTE_NOT_OPEN),
    )


def _hold_cash(session: Session, request: FinancingRequest) -> Refusal:
    """At once rather than with the other transfers: here the ledger's refusal is an answer."""
    hold = cash.advance_hold(
        request.request_id, request.bank_id, request.supplier_id, request.advance_fen
    )
    [outcome] = ledger.post(session.unit, [hold], session.now_s)
    if outcome.status == "refused":
        return Refusal.FINANCING_BANK_CASH_SHORT
    return Refusal.NONE


def decline_quotes(session: Session, batch: Sequence[DeclineQuote]) -> list[Outcome]:
    """The supplier does not want the cash at this price; the lot is free again."""
    session.sheet.load(REQUESTS, [(command.request_id,) for command in batch])
    return [_decline_one(session, command) for command in batch]


def _decline_one(session: Session, command: DeclineQuote) -> Outcome:
    request = session.sheet.get(REQUESTS, command.request_id)
    if request is None:
        unknown = Refusal.FINANCING_REQUEST_UNKNOWN
        return refused(command.command_id, unknown, command.request_id)
    refusal = first_refusal(
        (request.supplier_id != command.supplier_id, Refusal.FINANCING_NOT_THE_SUPPLIER),
        (request.state != "quoted", Refusal.FINANCING_QUOTE_NOT_OPEN),
    )
    if refusal:
        return refused(command.command_id, refusal, request.request_id)
    close_quote(session, request, expired=False)
    return taken(command.command_id, request.request_id)


def close_quote(session: Session, request: FinancingRequest, *, expired: bool) -> None:
    """An open quote ends: lot and limits are free again."""
    state = "expired" if expired else "withdrawn"
    session.sheet.put(REQUESTS, replace(request, state=state))
    unlock(session, request.lot_id)
    release_limits(session, request)
    session.note(request.supplier_id, f"quote {state}", request.request_id)
    session.emit(QuoteClosed(request.request_id, expired, session.now_s))


def unlock(session: Session, lot_id: int) -> None:
    """The lot may be used again, unless a payment closed it in the meantime."""
    lot = session.sheet.need(LOTS, lot_id)
    if lot.state == "locked":
        session.sheet.put(LOTS, replace(lot, state="free"))


def release_limits(session: Session, request: FinancingRequest) -> None:
    """Give back what the quote had reserved."""
    receivable = session.sheet.need(RECEIVABLES, request.receivable_id)
    lines = lines_of_lot(session, receivable, request.supplier_id, request.bank_id)
    change_use(session.sheet, lines, -request.amount_fen)
