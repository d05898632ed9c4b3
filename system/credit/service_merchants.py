"""Merchants: admission, consent, and the feed of their shops."""

import numpy as np

from system.credit import feeds
from system.credit.commands import EnrolMerchants, GrantConsent, WithdrawConsent
from system.credit.desk import Desk, Parts
from system.credit.feed_records import FeedBatch, FeedOutcome
from system.credit.once import run_once
from system.credit.outcome import Done
from system.credit.records import LINES, LINES_DAYS, Freeze
from system.credit.rules import Refusal
from system.credit.service_lines import is_lent_on_data, is_live, set_freeze
from system.errors import InputError
from system.kernels.columns import I64
from system.kernels.precedence import refusals
from system.ledger.idempotency import Answered
from system.limits import COLUMN_ROWS_MAX
from system.parties import consent
from system.parties.consent import Purpose
from system.subledger import closed_days
from system.subledger.inputs import check_text, int_column


def enrol(parts: Parts, command: EnrolMerchants) -> slice:
    """Admit merchants to lines, consents and feeds alike, under the same numbers.

    Raises InputError for columns that cannot be used, and for an id used with other content: there
    are no accounts yet that could carry a refusal.
    """
    _check(command)

    def work(desk: Desk) -> str:
        admitted = _admit(desk, command)
        return f"{admitted.start}:{admitted.stop}"

    reply = run_once(parts, command, work)
    if reply.answered is Answered.KEY_REUSED:
        raise InputError("command_id", command.command_id, "give a new id to other content")
    start, _, stop = reply.response.partition(":")
    return slice(int(start), int(stop))


def _check(command: EnrolMerchants) -> None:
    check_text("command_id", command.command_id)
    if not 1 <= command.n <= COLUMN_ROWS_MAX:
        raise InputError("n", command.n, f"give 1 to {COLUMN_ROWS_MAX}")
    int_column("region", command.region, command.n)
    since_day = int_column("since_day", command.since_day, command.n)
    if int(since_day.min()) < 0:
        raise InputError("since_day", int(since_day.min()), "give business day numbers")
    if command.borrower is not None:
        int_column("borrower", command.borrower, command.n)


def _admit(desk: Desk, command: EnrolMerchants) -> slice:
    first = desk.unit.count(LINES)
    if first + command.n > COLUMN_ROWS_MAX:
        raise InputError("n", command.n, f"one book holds {COLUMN_ROWS_MAX} merchants")
    columns = {
        "region": command.region,
        "since_day": command.since_day,
        "borrower": _borrowers(command, first),
    }
    rows = desk.unit.append(LINES, command.n, columns)
    closed_days.open_for(desk.unit.rows, LINES_DAYS, command.n, desk.today - 1)
    consents = consent.open_consents(desk.unit, command.n)
    fed = feeds.open_feeds(desk.unit, command.since_day)
    assert rows == consents == fed, "one number per merchant in every frame"
    return rows


def _borrowers(command: EnrolMerchants, first: int) -> I64:
    own = np.arange(first, first + command.n)
    if command.borrower is None:
        return own
    if int(command.borrower.max()) >= first + command.n:
        raise InputError("borrower", int(command.borrower.max()), "give an account that exists")
    return np.where(command.borrower < 0, own, command.borrower)


def grant_consent(desk: Desk, command: GrantConsent) -> Done:
    """Note consents; scoring again allowed, lines granted on data can be drawn again."""
    page = desk.page(command.accounts, ("life", "basis", "frozen_for"))
    code = refusals(*page.checks)
    rows, purpose = command.accounts[code == 0], _purpose(command.purpose)
    consent.grant(desk.unit, rows, purpose, command.classes, command.until_s, desk.now_s)
    if purpose is Purpose.SCORING:
        lifted = (code == 0) & ((page["frozen_for"] & Freeze.CONSENT) != 0)
        set_freeze(desk, page, page["frozen_for"] & ~int(Freeze.CONSENT), lifted)
    return Done(code)


def withdraw_consent(desk: Desk, command: WithdrawConsent) -> Done:
    """End consents; to scoring, that freezes lines that were granted on data."""
    page = desk.page(command.accounts, ("life", "basis", "frozen_for"))
    purpose = _purpose(command.purpose)
    known = refusals(*page.checks) == 0
    held = np.ones(known.size, np.bool_)
    held[known] = consent.withdraw(desk.unit, command.accounts[known], purpose, desk.now_s) == 0
    code = refusals(*page.checks, (~held, Refusal.CONSENT_NOT_GIVEN))
    if purpose is Purpose.SCORING:
        frozen = (code == 0) & is_live(page["life"]) & is_lent_on_data(page["basis"])
        set_freeze(desk, page, page["frozen_for"] | int(Freeze.CONSENT), frozen)
    return Done(code)


def _purpose(number: int) -> Purpose:
    if number not in tuple(Purpose):
        raise InputError("purpose", number, f"give one of {[int(one) for one in Purpose]}")
    return Purpose(number)


def receive_feed(parts: Parts, batch: FeedBatch) -> FeedOutcome:
    """Take in rows of the feed. A row that came before changes nothing, so no answer is kept."""
    with parts.book.transaction() as unit:
        return feeds.receive_feed(unit, batch, parts.clock.now_s())
