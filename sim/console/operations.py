"""The bank that runs beside the console, as its operators watch it: live figures of every product.

Read from the books in one go; nothing is written, and nothing is remembered between two looks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Final

import numpy as np

from sim.reports.figures import figure
from system.api.services import Services
from system.chain.events import RequestDeclined
from system.chain.reconcile import RULE as RECONCILE
from system.chain.records import (
    ALERTS,
    FEED,
    RECEIVABLES,
    REQUESTS,
    FinancingRequest,
    Receivable,
)
from system.chain.rules import Refusal as ChainRefusal
from system.chain.session import event_of
from system.credit.events import Kind
from system.credit.records import JOURNAL
from system.credit.rules import Refusal as CreditRefusal
from system.kernels.business_day import business_day
from system.limits import DAY_S, PERIOD_DAYS
from system.parties.feedback import FEEDBACK, Score, scores
from system.payments.records import PAYMENTS as RAIL_PAYMENTS
from system.subledger.records import happened

# Age of open alerts: up to a day, up to a week, older.
_AGES: Final = ((DAY_S, "day"), (7 * DAY_S, "week"))
_OLDER: Final = "older"
_MACHINES_MAX: Final = 50
_NPL_DAYS: Final = 90
_FAILED: Final = ("defaulted", "written_off")
_TREND_WIDTH, _TREND_HEIGHT = 160.0, 40.0


@dataclass(frozen=True, slots=True)
class Product:
    """One product's figures. asked, passed: applications; None passed where nobody applies (a
    lease is a contract that two parties sign).  cash_s: median, None without any.

    reasons: why applications did not pass, the most frequent first.  open_alerts: by age.
    differences: books that do not agree, in words.  machines: those with open alerts, and how many.
    """

    name: str
    asked: int
    passed: int | None
    cash_s: float | None
    npl: float | None
    reasons: tuple[tuple[str, int], ...]
    open_alerts: dict[str, int]
    differences: tuple[str, ...]
    nps: tuple[Score, ...]
    machines: tuple[tuple[int, int], ...] = ()

    @property
    def trend(self) -> str:
        """The net promoter score by period, as the points of an SVG line; empty for less than two.

        The line's box is 160 x 40, from -100 below to 100 above.
        """
        if len(self.nps) < 2:
            return ""
        step = _TREND_WIDTH / (len(self.nps) - 1)
        heights = (_TREND_HEIGHT * (100 - score.nps) / 200 for score in self.nps)
        return " ".join(f"{at * step:.1f},{y:.1f}" for at, y in enumerate(heights))

    @property
    def pass_text(self) -> str:
        if self.passed is None or not self.asked:
            return figure(None, "ratio")
        return figure(self.passed / self.asked, "ratio")

    @property
    def cash_text(self) -> str:
        return figure(self.cash_s, "s")

    @property
    def npl_text(self) -> str:
        return figure(self.npl, "ratio")


def products(desk: Services) -> list[Product]:
    """Every product as it stands."""
    with desk.unit() as unit:
        said = scores(unit.scan(FEEDBACK))
    return [make(desk, _of(said, name)) for name, make in _MAKERS.items()]


def _of(said: Iterable[Score], name: str) -> tuple[Score, ...]:
    return tuple(score for score in said if score.product == name)


def _receivables(desk: Services, nps: tuple[Score, ...]) -> Product:
    with desk.unit() as unit:
        requests, alerts = unit.scan(REQUESTS), unit.scan(ALERTS)
        receivables = {row.receivable_id: row for row in unit.scan(RECEIVABLES)}
        told = [event_of(row) for row in unit.scan(FEED) if row.kind == RequestDeclined.__name__]
    declined = [event for event in told if isinstance(event, RequestDeclined)]
    now_s = desk.clock.now_s()
    paid = [r.disbursed_at_s - r.requested_at_s for r in requests if r.disbursed_at_s]
    open_at_s = [a.raised_at_s for a in alerts if a.released_at_s is None and a.rule != RECONCILE]
    unlike = tuple(
        f"{a.receivable_id}: {a.evidence}"
        for a in alerts
        if a.rule == RECONCILE and a.released_at_s is None
    )
    return Product(
        "receivables",
        asked=len(requests) + len(declined),
        passed=len(requests),
        cash_s=median(paid) if paid else None,
        npl=_npl(requests, receivables, now_s),
        reasons=_frequent(ChainRefusal(one.refusal).name.lower() for one in declined),
        open_alerts=_by_age(open_at_s, now_s),
        differences=unlike,
        nps=nps,
    )


def _npl(
    requests: Iterable[FinancingRequest], receivables: Mapping[str, Receivable], now_s: int
) -> float | None:
    """Advances whose debtor is over 90 days late or failed, over all that are not paid back."""
    balance_fen = bad_fen = 0
    for request in requests:
        owed = receivables[request.receivable_id]
        if request.disbursed_at_s and owed.settled_at_s is None:
            is_late = now_s > owed.due_at_s + _NPL_DAYS * DAY_S
            balance_fen += request.advance_fen
            bad_fen += request.advance_fen if is_late or owed.state in _FAILED else 0
    return bad_fen / balance_fen if balance_fen else None


def _credit(desk: Services, nps: tuple[Score, ...]) -> Product:
    service = desk.credit.credit
    with desk.unit() as unit:
        rows = [happened(row) for row in unit.scan(JOURNAL) if row.kind == Kind.DECIDED]
        paid = unit.find(RAIL_PAYMENTS, {"state": "settled"})
    # From a draw to the money on the merchant's account elsewhere.
    cash_s = [one.changed_at_s - one.asked_at_s for one in paid if one.product == "credit"]
    codes = np.concatenate([row.amounts for row in rows]) if rows else np.zeros(0, np.int64)
    balance = npl = 0
    if service.merchants and not service.days_to_close():
        book = service.portfolio(business_day(desk.clock.now_s()) - 1)
        balance, npl = book.balance_fen, book.npl_fen
    return Product(
        "credit",
        asked=int(codes.size),
        passed=int((codes == 0).sum()),
        cash_s=median(cash_s) if cash_s else None,
        npl=npl / balance if balance else None,
        reasons=_frequent(CreditRefusal(int(code)).name.lower() for code in codes if code),
        open_alerts={},
        differences=_unlike(service.differences()),
        nps=nps,
    )


def _leasing(desk: Services, nps: tuple[Score, ...]) -> Product:
    alerts = desk.leasing.leasing.alerts(is_open=True)
    book = desk.leasing.leases
    owed = book.portfolio()
    return Product(
        "leasing",
        asked=book.leases,
        passed=None,
        cash_s=None,
        npl=owed.npl_fen / owed.exposure_fen if owed.exposure_fen else None,
        reasons=(),
        open_alerts=_by_age([alert.raised_at_s for alert in alerts], desk.clock.now_s()),
        differences=_unlike(book.differences()),
        nps=nps,
        machines=tuple(sorted(Counter(alert.machine for alert in alerts).items())[:_MACHINES_MAX]),
    )


_MAKERS: Final[dict[str, Any]] = {
    "receivables": _receivables,
    "credit": _credit,
    "leasing": _leasing,
}


def _unlike(found: dict[str, tuple[int, int]]) -> tuple[str, ...]:
    return tuple(f"{name}: {lines} / {ledger}" for name, (lines, ledger) in found.items())


def _by_age(raised_at_s: Sequence[int], now_s: int) -> dict[str, int]:
    found = {name: 0 for _, name in _AGES} | {_OLDER: 0}
    for at_s in raised_at_s:
        found[next((name for most_s, name in _AGES if now_s - at_s <= most_s), _OLDER)] += 1
    return found


def _frequent(names: Iterable[str], most: int = 5) -> tuple[tuple[str, int], ...]:
    counts: dict[str, int] = {}
    for name in names:
        counts[name] = counts.get(name, 0) + 1
    return tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:most])


def period_day(score: Score) -> int:
    """Days since the epoch on which a score's period began."""
    return score.period * PERIOD_DAYS
