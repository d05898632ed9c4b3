"""A bank to put under load, or to try out: merchants with a sales history, open lines, a model.

What took the bank months is written straight through its own services under a clock that runs
through those months; the gateway is then started on the books with the machine's clock.
"""

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

import numpy as np

from sim.stress.client import Client
from sim.stress.fleet import Machines, found_fleet
from sim.stress.model import approve, propose
from system.adapters.sql_book import SqlBook
from system.api import clients, owners
from system.api.access import SCOPES, Caller, Role
from system.api.start import ADMINISTRATOR, open_store
from system.bootstrap_credit import CREDIT_FRAMES
from system.credit import registry
from system.credit.commands import ApplyBatch, EnrolMerchants, GrantConsent
from system.credit.desk import Parts
from system.credit.feed_records import FeedBatch
from system.credit.policy import DEFAULT_POLICY
from system.credit.service import CreditService
from system.errors import InputError
from system.kernels.business_day import business_day, day_start_s
from system.kernels.columns import I64
from system.parties.consent import CLASSES_ALL, Purpose
from system.payments import desk as payments
from system.payments.records import PayoutAccount
from system.ports.store import Store, Unit

HISTORY_DAYS: Final = 130
_NOON_S: Final = 43_200
_YEAR_S: Final = 366 * 86_400
# One shop in so many sells so little that the model declines it.
WEAK_EVERY: Final = 4
LINE_FEN: Final = 3_000_000
_AGENT: Final = "102100099996"


@dataclass(slots=True)
class _PastClock:
    time_s: int

    def now_s(self) -> int:
        return self.time_s


@dataclass(frozen=True, slots=True)
class Bank:
    """What the load may use. platforms: each brought the merchants whose number is its own modulo
    their count.  lined: merchants with an open line.  applicants: the others.  first_day: business
    day since which the books are kept.  administrator: admits further clients.
    """

    administrator: Client
    platforms: tuple[Client, ...]
    merchants: int
    lined: tuple[int, ...]
    applicants: tuple[int, ...]
    first_day: int
    machines: Machines

    def platform_of(self, account: int) -> Client:
        """Who acts for this merchant."""
        return self.platforms[account % len(self.platforms)]


def found_bank(
    store_url: str,
    secret: bytes,
    now_s: int,
    merchants: int,
    lined: int,
    *,
    machines: int = 1,
    platforms: int = 4,
) -> Bank:
    """Write the months before ``now_s``. secret: with which the gateway will be started."""
    today = business_day(now_s)
    clock = _PastClock(now_s)
    with closing(open_store(store_url)) as store:
        book = SqlBook(store, CREDIT_FRAMES)
        credit = CreditService(Parts(clock, book, DEFAULT_POLICY, registry.champion))
        _trade_for_months(credit, clock, merchants)
        with book.transaction() as unit:
            approve(unit.rows, propose(unit.rows, now_s), now_s)
        opened = _open_lines(credit, merchants, lined)
        with store.transaction() as rows:
            _name_accounts(rows, opened, now_s)
        admin, *made = _clients(store, secret, now_s, platforms)
        with store.transaction() as rows:
            for account in range(merchants):
                party = made[account % platforms].party_id
                owners.bind(rows, "merchant", account, party)
        fleet = found_fleet(store, clock, secret, machines)
    rest = tuple(sorted(set(range(merchants)) - set(opened)))
    return Bank(admin, tuple(made), merchants, opened, rest, today - HISTORY_DAYS, fleet)


def found_shop(store_url: str, now_s: int, platform: str) -> None:
    """Write the months before ``now_s`` of one shop that this platform brought, merchant 0, and
    propose a scorecard, which two officers may promote. Raises InputError for a store in use."""
    clock = _PastClock(now_s)
    with closing(open_store(store_url)) as store:
        book = SqlBook(store, CREDIT_FRAMES)
        credit = CreditService(Parts(clock, book, DEFAULT_POLICY, registry.champion))
        if credit.merchants:
            raise InputError("store", store_url, "name a database that is new")
        _trade_for_months(credit, clock, 1)
        with store.transaction() as rows:
            propose(rows, now_s)
            owners.bind(rows, "merchant", 0, platform)


def _trade_for_months(credit: CreditService, clock: _PastClock, merchants: int) -> None:
    """Enrol merchants who consent and sell every day, up to the clock's time."""
    now_s = clock.time_s
    today = business_day(now_s)
    clock.time_s = day_start_s(today - HISTORY_DAYS) + _NOON_S
    _enrol(credit, merchants, clock.now_s())
    for day in range(today - HISTORY_DAYS, today):
        clock.time_s = day_start_s(day + 1) + _NOON_S
        credit.receive_feed(_sales(day, merchants))
        credit.end_of_day(day)
    clock.time_s = now_s


def _enrol(credit: CreditService, n: int, now_s: int) -> None:
    region = np.arange(n) % 31
    since = np.full(n, business_day(now_s), np.int64)
    credit.enrol(EnrolMerchants("founding", n, region, since))
    for purpose in (Purpose.SCORING, Purpose.MONITORING):
        command = GrantConsent(
            f"consent {purpose.name}", np.arange(n), purpose, CLASSES_ALL, now_s + 10 * _YEAR_S
        )
        credit.grant_consent(command)


def _sales(day: int, n: int) -> FeedBatch:
    weak = np.arange(n) % WEAK_EVERY == WEAK_EVERY - 1
    gross = np.where(weak, 3_000, 2_000_000 + np.arange(n) % 1_000 * 1_000)
    columns: Mapping[str, I64] = {
        "gross_fen": gross,
        "orders": np.full(n, 200),
        "buyers": np.full(n, 180),
        "refund_fen": gross // 100,
        "rating_sum_milli": np.full(n, 46_000),
        "rating_count": np.full(n, 10),
        "stock_fen": gross * 20,
    }
    accounts = np.arange(n)
    return FeedBatch(f"day {day}", accounts, np.full(n, day), np.zeros(n, np.int64), columns)


def _open_lines(credit: CreditService, merchants: int, lined: int) -> tuple[int, ...]:
    """Let those that will draw apply, until as many have a line as shall have."""
    rows = np.flatnonzero(np.arange(merchants) % WEAK_EVERY != WEAK_EVERY - 1)[:lined]
    asked = np.full(rows.size, LINE_FEN)
    made = credit.apply(ApplyBatch("first lines", rows, asked, np.zeros(rows.size, np.bool_)))
    assert made.approved.all(), made.code
    return tuple(rows.tolist())


def _name_accounts(unit: Unit, merchants: Sequence[int], now_s: int) -> None:
    """Where they are paid, so that what is drawn leaves over the payment rail."""
    for number in merchants:
        owner, account = f"merchant/{number}", f"6222{number:015}"
        place = PayoutAccount(owner, f"Shop {number}", account, _AGENT, True, now_s)
        payments.name_account(unit, place)


def _clients(store: Store, secret: bytes, now_s: int, platforms: int) -> list[Client]:
    """The first client, as the gateway admits it at its start, and the platforms."""
    desk = clients.ClientDesk(sha256(b"shapan/clients/" + secret).digest())
    callers = [Caller(ADMINISTRATOR, "", Role.ADMINISTRATOR, tuple(SCOPES))]
    for number in range(platforms):
        name = f"platform-{number}"
        callers.append(Caller(name, name, Role.PLATFORM, tuple(SCOPES)))
    with store.transaction() as unit:
        return [
            Client(
                caller.client_id,
                caller.party_id,
                desk.admit(unit, caller, "first", now_s),
            )
            for caller in callers
        ]
