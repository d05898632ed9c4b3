"""Live monitoring of flows: what has been seen, and what each new claim looks like beside it.

The monitor holds columns in memory. It is rebuilt after a restart by observing the stored flows
again, which gives the same findings: no rule looks past the row that it judges.
"""

from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, Final

import numpy as np

from system.chain.kernels import cycles, monitoring
from system.chain.kernels.monitoring import FlowColumns, MonitoringBounds
from system.chain.kernels.windows import Hits
from system.kernels.columns import I64


@dataclass(frozen=True, slots=True)
class Flow:
    """One claim as shown to the platform or a bank. Ids are empty where there is none."""

    claim_id: str  # the receivable, or what a bank outside the chain calls it
    fingerprint: bytes
    loose_fingerprint: bytes
    supplier_id: str
    debtor_id: str
    bank_id: str
    supplier_group_id: str
    debtor_group_id: str
    amount_fen: int
    issued_at_s: int
    at_s: int


# The kernels' columns in their order; the last field, since_s, is no column.
_COLUMNS: Final = tuple(field.name for field in fields(FlowColumns))[:-1]
_AT_S: Final = _COLUMNS.index("at_s")


class Rule(StrEnum):
    DUPLICATE = "duplicate"
    ALTERED_AMOUNT = "altered_amount"
    RENUMBERED = "renumbered"
    CIRCULAR_TRADE = "circular_trade"
    RELATED_PARTIES = "related_parties"
    SPLITTING = "splitting"
    VELOCITY = "velocity"
    DEBTOR_CONCENTRATION = "debtor_concentration"
    SUPPLIER_CONCENTRATION = "supplier_concentration"


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule fired on one flow. ``others`` are the earlier flows behind it, oldest first."""

    rule: Rule
    flow: Flow
    others: tuple[Flow, ...]
    figures: dict[str, int]


_Judge = Callable[[FlowColumns, MonitoringBounds, int], Hits]


@dataclass(frozen=True, slots=True)
class _RuleKernel:
    rule: Rule
    judge: _Judge
    figures: tuple[str, ...]


_SHARES = ("share_ppm", "share_before_ppm")
_PACE = ("count", "expected_count", "amount_yuan", "expected_amount_yuan")
_ALTERED = ("earlier", "first_amount_fen", "amount_fen")
# Rules that compare documents look at all history, but only at rows with the same fingerprints;
# the others look at all rows, but only back to the longest window.
_DOCUMENT_RULES: Final = (
    _RuleKernel(Rule.DUPLICATE, monitoring.duplicates, ("earlier", "other_bank")),
    _RuleKernel(Rule.ALTERED_AMOUNT, monitoring.altered_amounts, _ALTERED),
    _RuleKernel(Rule.RENUMBERED, monitoring.renumbered, ("back", "amount_gap_fen", "issue_gap_s")),
)
_WINDOW_RULES: Final = (
    _RuleKernel(Rule.CIRCULAR_TRADE, cycles.circular_trades, ("edges", "sum_fen")),
    _RuleKernel(Rule.RELATED_PARTIES, monitoring.related_parties, ("same_party",)),
    _RuleKernel(Rule.SPLITTING, monitoring.splitting, ("count", "sum_fen", "limit_fen")),
    _RuleKernel(Rule.VELOCITY, monitoring.velocity, _PACE),
    _RuleKernel(Rule.DEBTOR_CONCENTRATION, monitoring.debtor_concentration, _SHARES),
    _RuleKernel(Rule.SUPPLIER_CONCENTRATION, monitoring.supplier_concentration, _SHARES),
)
_PRECEDENCE: Final = {rule: place for place, rule in enumerate(Rule)}


class Monitor:
    """All flows seen since ``since_s``, judged by every rule as they come."""

    def __init__(self, bounds: MonitoringBounds, since_s: int) -> None:
        self._bounds, self._since_s = bounds, since_s
        self._claims: list[str] = []
        self._codes = _Codes()
        self._documents = _Documents()
        self._columns = np.empty((len(_COLUMNS), 1024), dtype=np.int64)

    def observe(self, flows: Sequence[Flow]) -> list[Finding]:
        """Add flows, in order of arrival, and judge each by all up to it.

        Returns findings ordered by flow, then by Rule. Flows older than the last one assert.
        """
        new_from = len(self._claims)
        self._append(flows)
        found: list[tuple[int, Finding]] = []
        if flows:
            rows = self._same_documents(new_from)
            found += self._judged(_DOCUMENT_RULES, self._columns[:, rows], rows, new_from)
            rows = np.arange(self._window_from(new_from), len(self._claims))
            window = self._columns[:, rows[0] : len(self._claims)]
            found += self._judged(_WINDOW_RULES, window, rows, new_from)
        found.sort(key=lambda item: (item[0], _PRECEDENCE[item[1].rule]))
        return [finding for _, finding in found]

    def _judged(
        self, kernels: tuple[_RuleKernel, ...], seen: I64, rows: I64, new_from: int
    ) -> Iterator[tuple[int, Finding]]:
        """Findings on the new rows among ``rows`` (ascending; ``seen`` their columns)."""
        if not rows.size:
            return
        arguments: list[Any] = [*seen[:-1], seen[-1].astype(np.bool_), self._since_s]
        columns, first_new = FlowColumns(*arguments), int(rows.searchsorted(new_from))
        for kernel in kernels:
            hits = kernel.judge(columns, self._bounds, first_new)
            start = 0
            for row, end, figures in zip(
                hits.rows.tolist(), hits.ends.tolist(), hits.figures.tolist(), strict=True
            ):
                flow, *others = (self._flow(rows[i]) for i in (row, *hits.others[start:end]))
                named = dict(zip(kernel.figures, figures, strict=True))
                yield int(rows[row]), Finding(kernel.rule, flow, tuple(others), named)
                start = end

    def _append(self, flows: Sequence[Flow]) -> None:
        count = len(self._claims) + len(flows)
        while count > self._columns.shape[1]:
            self._columns = np.concatenate([self._columns, np.empty_like(self._columns)], axis=1)
        for row, flow in enumerate(flows, start=len(self._claims)):
            last_s = self._columns[_AT_S, row - 1] if row else self._since_s
            assert flow.at_s >= last_s
            self._columns[:, row] = coded = self._coded(flow)
            self._claims.append(flow.claim_id)
            if coded[-1]:
                self._documents.add(row, *coded[:2])

    def _coded(self, flow: Flow) -> tuple[int, ...]:
        code, known = self._codes.of, self._codes.count("claim")
        return (
            code("fingerprint", flow.fingerprint),
            code("loose", flow.loose_fingerprint),
            code("party", flow.debtor_id),
            code("party", flow.supplier_id),
            code("bank", flow.bank_id),
            code("group", flow.debtor_group_id),
            code("group", flow.supplier_group_id),
            flow.amount_fen,
            flow.issued_at_s,
            flow.at_s,
            code("claim", flow.claim_id) == known,
        )

    def _flow(self, row: int) -> Flow:
        """As it was observed: only what differs from row to row is kept."""
        strict, loose, debtor, supplier, bank, *groups, amount, issued, at, _ = (
            int(value) for value in self._columns[:, row]
        )
        name = self._codes.name
        return Flow(
            claim_id=self._claims[row],
            fingerprint=name("fingerprint", strict) or b"",
            loose_fingerprint=name("loose", loose) or b"",
            supplier_id=name("party", supplier),
            debtor_id=name("party", debtor),
            bank_id=name("bank", bank),
            supplier_group_id=name("group", groups[1]),
            debtor_group_id=name("group", groups[0]),
            amount_fen=amount,
            issued_at_s=issued,
            at_s=at,
        )

    def _same_documents(self, new_from: int) -> I64:
        """Rows of claims that share a fingerprint, strict or loose, with a new row."""
        shared: set[int] = set()
        for strict, loose in self._columns[:2, new_from : len(self._claims)].T.tolist():
            shared.update(self._documents.shared(strict, loose))
        return np.array(sorted(shared), dtype=np.int64)

    def _window_from(self, new_from: int) -> int:
        times = self._columns[_AT_S, : len(self._claims)]
        return int(times.searchsorted(times[new_from] - self._bounds.history_s, side="right"))


class _Codes:
    """Numbers for names of several kinds, from 0 on; -1 for the empty name."""

    def __init__(self) -> None:
        self._codes: dict[str, dict[Any, int]] = {}
        self._names: dict[str, list[Any]] = {}

    def of(self, kind: str, name: str | bytes) -> int:
        if not name:
            return -1
        codes = self._codes.setdefault(kind, {})
        code = codes.setdefault(name, len(codes))
        names = self._names.setdefault(kind, [])
        if code == len(names):
            names.append(name)
        return code

    def count(self, kind: str) -> int:
        return len(self._codes.get(kind, ()))

    def name(self, kind: str, code: int) -> Any:
        return "" if code < 0 else self._names[kind][code]


class _Documents:
    """The rows that first showed a claim, by the codes of its fingerprints.

    Nearly every document has one: its row stands in an array, further ones beside.
    """

    def __init__(self) -> None:
        self._first = (array("q"), array("q"))
        self._further: dict[tuple[int, int], list[int]] = {}

    def add(self, row: int, *codes: int) -> None:
        """codes: of the strict fingerprint and of the loose one."""
        for kind, code in enumerate(codes):
            if code < 0:
                continue
            first = self._first[kind]
            first.extend([-1] * (code + 1 - len(first)))
            if first[code] < 0:
                first[code] = row
            else:
                self._further.setdefault((kind, code), []).append(row)

    def shared(self, *codes: int) -> Iterator[int]:
        """All rows of the documents that have more than one."""
        for key in enumerate(codes):
            further = self._further.get(key)
            if further:
                yield self._first[key[0]][key[1]]
                yield from further
