"""A small bank that lends to merchants, closes its days, and can be looked into."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from system.bootstrap_credit import CREDIT_FRAMES, CREDIT_TABLES
from system.credit import commands as c
from system.credit.desk import Parts
from system.credit.feed_records import FEED_FIELDS, FeedBatch
from system.credit.outcome import Decisions, Done, Outcomes, Recovered, Repaid
from system.credit.policy import DEFAULT_POLICY, CreditPolicy
from system.credit.records import JOURNAL, LINES
from system.credit.reports import DayReport
from system.credit.scorer import FeaturePoints, PdMap, ScorecardModel
from system.credit.service import CreditService
from system.kernels.business_day import business_day, day_start_s
from system.kernels.columns import I64
from system.ledger.records import ACCOUNTS
from system.parties.consent import CLASSES_ALL, Purpose
from system.ports.book import Book
from system.subledger.records import Happened, happened
from tests.ports.book_box import BookBox

# The first day of a period.
DAY0 = 20_010
FAR_S = 10**11
# Below 1,000 yuan of sales per period the PD is 30 %, above it 1 %.
MODEL = ScorecardModel(
    base_points=500,
    features_points=(
        FeaturePoints("revenue_3p_fen", edges=(100_000,), points=(0, 0, 100), reason=3),
    ),
    pd_map=PdMap((500, 600), (300_000, 10_000), (250_000, 5_000), (350_000, 20_000)),
    target_text="more than 90 days past due within 180 days",
)


def column(*values: int) -> I64:
    return np.array(values, np.int64)


def changed(policy: CreditPolicy = DEFAULT_POLICY, **parts: dict[str, Any]) -> CreditPolicy:
    """The policy with fields of its parts replaced: billing={"late_fee_ppm": 5_000}."""
    made = {name: replace(getattr(policy, name), **fields) for name, fields in parts.items()}
    return replace(policy, **made)


@dataclass
class Clock:
    time_s: int

    def now_s(self) -> int:
        return self.time_s


@dataclass
class World:
    """Times are noon of a day unless told otherwise."""

    clock: Clock
    parts: Parts
    service: CreditService
    commands: int = 0
    reports: list[DayReport] = field(default_factory=list)

    @classmethod
    def open(
        cls, n: int = 4, policy: CreditPolicy = DEFAULT_POLICY, book: Book | None = None
    ) -> "World":
        clock = Clock(day_start_s(DAY0) + 43_200)
        book = book or BookBox(None).open(CREDIT_FRAMES, CREDIT_TABLES)
        parts = Parts(clock, book, policy, lambda _: MODEL)
        world = cls(clock, parts, CreditService(parts))
        if n:
            world.enrol(n)
        return world

    @classmethod
    def lending(
        cls,
        n: int = 4,
        limit_fen: int = 10_000_000,
        rate_ppm: int = 120_000,
        policy: CreditPolicy = DEFAULT_POLICY,
        book: Book | None = None,
    ) -> "World":
        """Every merchant has an officers' line."""
        world = cls.open(n, policy, book)
        assert not world.grant(*range(n), limit_fen=limit_fen, rate_ppm=rate_ppm).code.any()
        return world

    def id(self) -> str:
        self.commands += 1
        return f"command-{self.commands}"

    def enrol(self, n: int, borrower: I64 | None = None) -> slice:
        region, since = np.zeros(n, np.int64), np.full(n, DAY0 - 400)
        return self.service.enrol(c.EnrolMerchants(self.id(), n, region, since, borrower))

    def grant(
        self, *accounts: int, limit_fen: int = 10_000_000, rate_ppm: int = 120_000, **names: str
    ) -> Done:
        n = len(accounts)
        limit, rate = np.full(n, limit_fen), np.full(n, rate_ppm)
        people = {"maker": "ann", "checker": "bob"} | names
        return self.service.grant(c.GrantBatch(self.id(), column(*accounts), limit, rate, **people))

    def draw(self, account: int, amount_fen: int) -> Outcomes:
        return self.service.draw(c.DrawBatch(self.id(), column(account), column(amount_fen)))

    def repay(self, account: int, amount_fen: int) -> Repaid:
        return self.service.repay(c.RepayBatch(self.id(), column(account), column(amount_fen)))

    def recover(self, account: int, amount_fen: int) -> Recovered:
        return self.service.recover(c.RecoverBatch(self.id(), column(account), column(amount_fen)))

    def freeze(self, account: int) -> Done:
        return self.service.freeze(c.FreezeBatch(self.id(), column(account), "ann"))

    def unfreeze(self, account: int) -> Done:
        return self.service.unfreeze(c.UnfreezeBatch(self.id(), column(account), "ann"))

    def keep_out(self, *accounts: int, listed: bool = True) -> Done:
        mask = np.full(len(accounts), listed)
        return self.service.keep_out(c.KeepOutBatch(self.id(), column(*accounts), mask))

    def restructure(self, account: int, rate_ppm: int = 60_000, checker: str = "bob") -> Done:
        batch = c.RestructureBatch(self.id(), column(account), column(rate_ppm), "ann", checker)
        return self.service.restructure(batch)

    def charge_off(self, account: int, checker: str = "bob") -> Done:
        batch = c.ChargeOffBatch(self.id(), column(account), "ann", checker)
        return self.service.charge_off(batch)

    def close(self, account: int) -> Done:
        return self.service.close(c.CloseBatch(self.id(), column(account)))

    def apply(self, account: int, fen: int = 1_000_000, explore: bool = False) -> Decisions:
        draws = np.array([explore])
        batch = c.ApplyBatch(self.id(), column(account), column(fen), draws)
        return self.service.apply(batch)

    def consent(self, *accounts: int, purpose: Purpose = Purpose.SCORING) -> Done:
        command = c.GrantConsent(self.id(), column(*accounts), purpose, CLASSES_ALL, FAR_S)
        return self.service.grant_consent(command)

    def withdraw(self, *accounts: int, purpose: Purpose = Purpose.SCORING) -> Done:
        command = c.WithdrawConsent(self.id(), column(*accounts), purpose)
        return self.service.withdraw_consent(command)

    def sell(self, gross_fen: I64) -> None:
        """Today's feed: these sales of all merchants from 0 on."""
        n = gross_fen.size
        columns = dict.fromkeys(FEED_FIELDS, np.zeros(n, np.int64))
        columns |= {"gross_fen": gross_fen, "orders": np.minimum(gross_fen, 10)}
        today, first = np.full(n, self.today), np.ones(n, np.int64)
        batch = FeedBatch(self.id(), np.arange(n), today, first, columns)
        self.service.receive_feed(batch)

    @property
    def today(self) -> int:
        return business_day(self.clock.time_s)

    def next_day(self, days: int = 1) -> DayReport:
        """Close today, and each day after it, and wake up on the next."""
        for _ in range(days):
            self.reports.append(self.service.end_of_day(self.today))
            self.clock.time_s += 86_400
        return self.reports[-1]

    def to_day_of_period(self, number: int) -> None:
        """Close days until it is day ``number`` (0 to 29) of a period."""
        while self.today % 30 != number:
            self.next_day()

    def line(self, account: int, *names: str) -> Any:
        """Columns of one line; a single one as a number."""
        shown = self.service.view(names, column(account))
        values = [int(shown[name][0]) for name in names]
        return values[0] if len(values) == 1 else values

    def journal(self) -> list[Happened]:
        with self.parts.book.transaction() as unit:
            return [happened(row) for row in unit.rows.scan(JOURNAL)]

    def balances_fen(self) -> dict[str, int]:
        """Of every ledger account."""
        with self.parts.book.transaction() as unit:
            return {row.account_id: row.balance_fen for row in unit.rows.scan(ACCOUNTS)}

    def everything(self) -> dict[str, list[int]]:
        """All columns of all lines."""
        names = [one.name for one in LINES.columns]
        shown = self.service.view(names, slice(0, self.service.merchants))
        return {name: values.ravel().tolist() for name, values in shown.items()}
