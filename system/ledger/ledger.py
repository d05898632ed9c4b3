"""Double entry in batches: one read of all that is touched, decisions in order, one write."""

from collections.abc import Sequence
from itertools import groupby

from system.errors import InputError
from system.ledger.books import EXPIRY_PREFIX, Books
from system.ledger.records import (
    ACCOUNTS,
    HOLDS,
    Account,
    TransferOutcome,
    TransferRequest,
)
from system.ledger.rules import Refusal
from system.limits import BALANCE_FEN_MAX, BATCH_ITEMS_MAX
from system.ports.store import Unit


def open_accounts(unit: Unit, accounts: Sequence[Account]) -> None:
    """Open empty accounts.

    Raises InputError for a counter that is not zero or a floor above zero, DuplicateRow for a
    used id.
    """
    for account in accounts:
        _check_opening(account)
    unit.insert(ACCOUNTS, accounts)


def _check_opening(account: Account) -> None:
    counters = (
        account.debits_posted_fen,
        account.debits_pending_fen,
        account.credits_posted_fen,
        account.credits_pending_fen,
        account.available_fen,
    )
    if any(counters):
        raise InputError(account.account_id, counters, "open with zero counters, then post")
    if account.floor_fen is not None and not -BALANCE_FEN_MAX <= account.floor_fen <= 0:
        raise InputError("floor_fen", account.floor_fen, "an empty account needs a floor <= 0")


def accounts(unit: Unit, account_ids: Sequence[str]) -> list[Account | None]:
    """One entry per id, in order."""
    return unit.get(ACCOUNTS, [(account_id,) for account_id in account_ids])


def post(unit: Unit, requests: Sequence[TransferRequest], now_s: int) -> list[TransferOutcome]:
    """Apply requests in order, each seeing those before it; one outcome each.

    Neighbours with the same group_id are applied together or not at all.
    """
    if len(requests) > BATCH_ITEMS_MAX:
        raise InputError("requests", len(requests), f"send at most {BATCH_ITEMS_MAX} at once")
    books = Books(unit, requests, now_s)
    outcomes: list[TransferOutcome] = []
    for group_id, members in groupby(requests, lambda request: request.group_id):
        if group_id is None:
            outcomes.extend(_outcome(request, books.apply(request)) for request in members)
        else:
            outcomes.extend(_apply_group(books, list(members)))
    books.write()
    return outcomes


def _outcome(request: TransferRequest, result: Refusal | bool) -> TransferOutcome:
    if isinstance(result, Refusal):
        return TransferOutcome(request.transfer_id, "refused", result)
    return TransferOutcome(request.transfer_id, "done" if result else "exists")


def _apply_group(books: Books, members: list[TransferRequest]) -> list[TransferOutcome]:
    mark = books.mark()
    results: list[Refusal | bool] = []
    for request in members:
        results.append(books.apply(request))
        if isinstance(results[-1], Refusal):
            books.undo_to(mark)
            return _failed_group(members, len(results) - 1, results[-1])
    return [_outcome(request, result) for request, result in zip(members, results, strict=True)]


def _failed_group(
    members: list[TransferRequest], culprit: int, refusal: Refusal
) -> list[TransferOutcome]:
    return [
        _outcome(request, refusal if n == culprit else Refusal.GROUP_FAILED)
        for n, request in enumerate(members)
    ]


def expire_holds(unit: Unit, now_s: int) -> list[str]:
    """Release every open hold whose time has come; the ids of those holds, in order.

    A hold without expiry waits for ever: use that where only proof may release the money.
    """
    due = [
        hold.hold_id
        for hold in unit.find(HOLDS, {"state": "open"})
        if hold.expires_at_s is not None and hold.expires_at_s <= now_s
    ]
    requests = [
        TransferRequest(EXPIRY_PREFIX + hold_id, kind="expire_hold", refers_to=hold_id)
        for hold_id in due
    ]
    books = Books(unit, requests, now_s)
    for request in requests:
        books.expire(request)
    books.write()
    return due
