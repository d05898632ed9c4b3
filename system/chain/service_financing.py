"""From a lot to cash: request, quote, take or decline."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from system.canonical import sha256_hex
from system.chain import cash
from system.chain.approval import Asked, days_until, judge
from system.chain.commands import DeclineQuote, RequestFinancing, TakeQuote
from system.chain.events import DisbursementFailed, QuoteClosed, QuoteMade, RequestDeclined
from system.chain.kernels.pricing import Prices, PricingPolicy, price
from system.chain.limits_book import Line, change_use, lines_of
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
from system.chain.rules import Refusal, first_refusal
from system.chain.service_holds import is_held
from system.chain.session import Session
from system.chain.wallets import party_wallet
from system.chain.watch import Watch, clear, flow
from system.compliance import sandbox
from system.compliance.green import are_green
from system.kernels.columns import i64
from system.ledger import ledger
from system.limits import DAY_S


def request_financing(
    session: Session, watch: Watch, batch: Sequence[RequestFinancing]
) -> list[Outcome]:
    """Decide requests at once: a quote, or a refusal with its code. The reference is the request.

    Every bank that is asked shows the claim to the monitor first, so its verdict is fresh.
    """
    answers: dict[str, Refusal] = {}
    session.sheet.load(LOTS, [(command.lot_id,) for command in batch])
    for part in _parts(session, batch):
        answers.update(_decide_part(session, watch, part))
    for command in batch:
        request_id = request_id_of(command)
        if answers[request_id]:
            _decline(session, request_id, answers[request_id])
    return [
        _answer(command, request_id_of(command), answers[request_id_of(command)])
        for command in batch
    ]


def _parts(
    session: Session, batch: Sequence[RequestFinancing]
) -> Iterator[Sequence[RequestFinancing]]:
    """The batch cut so that no part asks twice on one receivable, in order.

    A lot that a request locks, or an alert that it raises, then meets the next request on it as
    it would one by one; within a part, requests have only limits in common.
    """
    start, seen = 0, set[str]()
    for place, command in enumerate(batch):
        lot = session.sheet.get(LOTS, command.lot_id)
        if lot is None:
            continue
        if lot.receivable_id in seen:
            yield batch[start:place]
            start = place
            seen.clear()
        seen.add(lot.receivable_id)
    yield batch[start:]


def _decide_part(
    session: Session, watch: Watch, part: Sequence[RequestFinancing]
) -> dict[str, Refusal]:
    answers: dict[str, Refusal] = {}
    asked: list[Asked] = []
    for command in part:
        request_id = request_id_of(command)
        lot = session.sheet.get(LOTS, command.lot_id)
        answers[request_id] = _holder_refusal(command, lot)
        if lot is not None and not answers[request_id]:
            asked.append(_asked(session, command, request_id, lot))
    watch.observe(session, [_shown(session, item) for item in asked])
    answers.update(judge(session, asked))
    _quote(session, [item for item in asked if not answers[item.request_id]])
    return answers


def request_id_of(command: RequestFinancing) -> str:
    """Derived from the command, so that a repeat cannot make a second request."""
    return sha256_hex(f"request|{command.supplier_id}|{command.command_id}")[:32]


def _answer(command: RequestFinancing, request_id: str, refusal: Refusal) -> Outcome:
    if refusal:
        return refused(command.command_id, refusal, request_id)
    return taken(command.command_id, request_id)


def _holder_refusal(command: RequestFinancing, lot: Lot | None) -> Refusal:
    return first_refusal(
        (lot is None, Refusal.FINANCING_LOT_UNKNOWN),
        (lot is not None and lot.owner_id != command.supplier_id, Refusal.FINANCING_NOT_THE_HOLDER),
    )


def _asked(session: Session, command: RequestFinancing, request_id: str, lot: Lot) -> Asked:
    receivable = session.sheet.need(RECEIVABLES, lot.receivable_id)
    lines = lines_of_lot(session, receivable, command.supplier_id, command.bank_id)
    return Asked(command, request_id, lot, receivable, tuple(lines))


def lines_of_lot(
    session: Session, receivable: Receivable, supplier_id: str, bank_id: str
) -> list[Line]:
    """The limit lines that financing a lot of this receivable uses."""
    debtor = session.party(receivable.debtor_id)
    group_id = debtor.group_id if debtor is not None else None
    return lines_of(receivable.debtor_id, supplier_id, bank_id, group_id)


def _shown(session: Session, item: Asked) -> Flow:
    receivable = item.receivable
    amount_fen = item.command.amount_fen
    return flow(session, receivable, receivable.receivable_id, item.command.bank_id, amount_fen)


def _quote(session: Session, approved: Sequence[Asked]) -> None:
    if not approved:
        return
    policy = session.parts.policy
    subjects = [item.receivable.receivable_id for item in approved]
    green = are_green(session.unit, "receivable", subjects, session.now_s)
    for price_list, rows in ((policy.pricing, ~green), (policy.green_pricing, green)):
        some = [item for item, fits in zip(approved, rows, strict=True) if fits]
        if some:
            prices = _prices(session, price_list, some)
            for n, item in enumerate(some):
                _open_quote(session, item, prices, n)


def _prices(session: Session, price_list: PricingPolicy, some: Sequence[Asked]) -> Prices:
    return price(
        price_list,
        i64(item.command.amount_fen for item in some),
        i64(session.sheet.need(STANDINGS, i.receivable.debtor_id).pd_ppm for i in some),
        i64(days_until(item.receivable.due_at_s, session.now_s) for item in some),
        np.array([item.command.with_recourse for item in some], dtype=np.bool_),
        i64(item.lot.tier for item in some),
    )


def _open_quote(session: Session, item: Asked, prices: Prices, n: int) -> None:
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


def _request_row(session: Session, item: Asked, prices: Prices, n: int) -> FinancingRequest:
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
    if not refusal and sandbox.is_stopped(session.unit, sandbox.RECEIVABLES):
        refusal = Refusal.FINANCING_RISK_STOPPED
    if request is not None and not refusal and is_held_request(session, request):
        refusal = Refusal.FINANCING_PARTY_HELD
    if request is not None and not refusal:
        refusal = _hold_cash(session, request)
    if request is None or refusal:
        return refused(command.command_id, refusal, command.request_id)
    lot = session.sheet.need(LOTS, request.lot_id)
    wallet = party_wallet(request.supplier_id)
    if request.amount_fen == lot.value_fen - lot.redeemed_fen:
        request = replace(request, state="signing", financed_lot_id=lot.lot_id)
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


def is_held_request(session: Session, request: FinancingRequest) -> bool:
    """Whether its bank has put a hold on a party of the claim since the quote."""
    receivable = session.sheet.need(RECEIVABLES, request.receivable_id)
    parties = (receivable.debtor_id, request.supplier_id)
    return any(is_held(session, request.bank_id, party_id) for party_id in parties)


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


def give_up(session: Session, request: FinancingRequest, error: str) -> None:
    """A taken quote ends unpaid: cash, lot and limits are free again. ``error`` names why."""
    session.sheet.put(REQUESTS, replace(request, state="failed"))
    session.move([cash.resolve(f"{request.request_id}/advance", done=False)])
    release_limits(session, request)
    unlock(session, request.financed_lot_id or request.lot_id)
    session.emit(DisbursementFailed(request.request_id, error, session.now_s))


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
