"""Monitoring rules over the log of flows: each judges the new rows by all rows up to them.

Every rule takes the columns, the bounds and ``new_from`` (the first row to judge), and returns
Hits whose figures stand in the order that its docstring names. Shares and ratios are compared as
integers; sums of money inside ratios are in yuan, so that a whole book fits.
"""

from dataclasses import dataclass

import numpy as np

from system.chain.kernels.windows import Grouped, Hits, grouped, hits
from system.kernels.columns import I64, Mask
from system.kernels.rounding import mul_div_ceil, mul_div_floor
from system.limits import DAY_S, PPM

_FEN_PER_YUAN = 100
# An edited copy is looked for among this many claims before it with the same loose fingerprint.
_COPIES_BACK_MAX = 8


@dataclass(frozen=True, slots=True)
class FlowColumns:
    """One row per claim shown to the platform or to a bank, in order of arrival.

    Codes, int64 (n,), -1 for none: fingerprint, loose (fingerprint), debtor, supplier, bank,
    debtor_group, supplier_group.  amount_fen, issued_at_s and at_s (arrival, never decreasing):
    int64 (n,).  first: bool (n,), false where the same claim was shown before (another lot of it,
    or another bank asked), so that one invoice is not counted twice.  since_s: when observation
    began; nothing is known from before.
    """

    fingerprint: I64
    loose: I64
    debtor: I64
    supplier: I64
    bank: I64
    debtor_group: I64
    supplier_group: I64
    amount_fen: I64
    issued_at_s: I64
    at_s: I64
    first: Mask
    since_s: int


@dataclass(frozen=True, slots=True)
class MonitoringBounds:
    """When each rule fires. No published calibration was found: all values are assumed."""

    renumbered_amount_gap_ppm_max: int = 50_000
    renumbered_issue_gap_s_max: int = 10 * DAY_S
    cycle_edges_max: int = 5
    cycle_window_s: int = 90 * DAY_S
    cycle_amount_gap_ppm_max: int = 300_000
    splitting_limit_fen: int = 50_000_000  # from here on a claim gets the full checks
    splitting_band_ppm: int = 150_000  # how far below the limit still counts as just below
    splitting_window_s: int = 7 * DAY_S
    splitting_count_min: int = 3
    velocity_window_s: int = 7 * DAY_S
    velocity_history_s: int = 90 * DAY_S
    velocity_count_min: int = 6
    velocity_history_count_min: int = 4
    velocity_ratio_percent_min: int = 400
    book_window_s: int = 180 * DAY_S
    book_recent_s: int = 14 * DAY_S
    book_rows_min: int = 50
    book_share_ppm_min: int = 250_000
    book_jump_ppm_min: int = 150_000

    @property
    def history_s(self) -> int:
        """How far back the rules with windows look."""
        return max(
            self.cycle_window_s,
            self.splitting_window_s,
            self.velocity_window_s + self.velocity_history_s,
            self.book_window_s + self.book_recent_s,
        )


def duplicates(flows: FlowColumns, bounds: MonitoringBounds, new_from: int) -> Hits:
    """The document stands under an earlier claim, with the same amount.

    Figures: earlier claims, other_bank (1 when the first was shown to another bank).
    """
    log, earlier, first_row = _same_document(flows, new_from)
    row = log.order[log.new]
    same = flows.amount_fen[first_row] == flows.amount_fen[row]
    other_bank = (flows.bank[first_row] != flows.bank[row]).astype(np.int64)
    return hits(log, (earlier > 0) & same, log.new - earlier, (earlier, other_bank))


def altered_amounts(flows: FlowColumns, bounds: MonitoringBounds, new_from: int) -> Hits:
    """The document stands under an earlier claim, with another amount.

    Figures: earlier claims, first_amount_fen, amount_fen.
    """
    log, earlier, first_row = _same_document(flows, new_from)
    amount, first_amount = flows.amount_fen[log.order[log.new]], flows.amount_fen[first_row]
    fired = (earlier > 0) & (amount != first_amount)
    return hits(log, fired, log.new - earlier, (earlier, first_amount, amount))


def _same_document(flows: FlowColumns, new_from: int) -> tuple[Grouped, I64, I64]:
    log = grouped((flows.fingerprint,), flows.at_s, new_from, flows.first)
    start = log.first_after(np.full(log.new.shape, -1, np.int64))
    return log, log.new - start, log.order[start]


def renumbered(flows: FlowColumns, bounds: MonitoringBounds, new_from: int) -> Hits:
    """Same digits, parties, about the same date and amount as an earlier claim: an edited number.

    Figures: back (claims between the two, plus one), amount_gap_fen, issue_gap_s.
    """
    log = grouped((flows.loose,), flows.at_s, new_from, flows.first)
    start = log.first_after(np.full(log.new.shape, -1, np.int64))
    row = log.order[log.new]
    back, amount_gap, issue_gap = (np.zeros(row.shape, np.int64) for _ in range(3))
    tolerated = mul_div_floor(flows.amount_fen[row], bounds.renumbered_amount_gap_ppm_max, PPM)
    for step in range(_COPIES_BACK_MAX, 0, -1):  # the nearest copy is written last
        other = log.order[np.maximum(log.new - step, 0)]
        amount_off = np.abs(flows.amount_fen[row] - flows.amount_fen[other])
        issue_off = np.abs(flows.issued_at_s[row] - flows.issued_at_s[other])
        copied = (
            (log.new - step >= start)
            & (flows.fingerprint[row] != flows.fingerprint[other])
            & (amount_off <= tolerated)
            & (issue_off <= bounds.renumbered_issue_gap_s_max)
        )
        back[copied] = step
        amount_gap[copied], issue_gap[copied] = amount_off[copied], issue_off[copied]
    return hits(log, back > 0, log.new - back, (back, amount_gap, issue_gap))


def related_parties(flows: FlowColumns, bounds: MonitoringBounds, new_from: int) -> Hits:
    """Supplier and debtor are one party, or belong to one group. Figures: same_party."""
    supplier = flows.supplier[new_from:]
    same_party = (supplier >= 0) & (supplier == flows.debtor[new_from:])
    group = flows.supplier_group[new_from:]
    same_group = (group >= 0) & (group == flows.debtor_group[new_from:])
    new = np.flatnonzero(same_party | same_group)
    none = np.zeros(new.shape, np.int64)
    figures = same_party[new].astype(np.int64).reshape(-1, 1)
    return Hits(new + new_from, none, np.zeros(0, np.int64), figures)


def splitting(flows: FlowColumns, bounds: MonitoringBounds, new_from: int) -> Hits:
    """Several claims of one pair, each just below the limit, in a short time.

    Figures: count, sum_fen, limit_fen.
    """
    limit_fen = bounds.splitting_limit_fen
    band_fen = limit_fen * bounds.splitting_band_ppm // PPM
    below = (flows.amount_fen < limit_fen) & (flows.amount_fen >= limit_fen - band_fen)
    log = grouped((flows.supplier, flows.debtor), flows.at_s, new_from, flows.first & below)
    start = log.first_after(log.at_s() - bounds.splitting_window_s)
    count = log.new + 1 - start
    sums = log.running(flows.amount_fen)
    figures = (count, sums[log.new + 1] - sums[start], np.full_like(count, limit_fen))
    return hits(log, count >= bounds.splitting_count_min, start, figures)


def velocity(flows: FlowColumns, bounds: MonitoringBounds, new_from: int) -> Hits:
    """A supplier hands in far more claims, or money, than its own history leads one to expect.

    Judged only where the history was observed in full and is not nearly empty. Figures: count,
    expected_count, amount_yuan, expected_amount_yuan (for one window, rounded up, at least 1).
    """
    log = grouped((flows.supplier,), flows.at_s, new_from, flows.first)
    window_s, history_s = bounds.velocity_window_s, bounds.velocity_history_s
    start = log.first_after(log.at_s() - window_s)
    past = log.first_after(log.at_s() - window_s - history_s)
    known = log.at_s() - window_s - history_s >= flows.since_s
    known &= start - past >= bounds.velocity_history_count_min
    yuan = log.running(flows.amount_fen // _FEN_PER_YUAN)
    count, amount = log.new + 1 - start, yuan[log.new + 1] - yuan[start]
    expected = np.maximum(mul_div_ceil(start - past, window_s, history_s), 1)
    expected_amount = np.maximum(mul_div_ceil(yuan[start] - yuan[past], window_s, history_s), 1)
    ratio = bounds.velocity_ratio_percent_min
    faster = (count * 100 >= ratio * expected) | (amount * 100 >= ratio * expected_amount)
    fired = known & faster & (count >= bounds.velocity_count_min)
    return hits(log, fired, start, (count, expected, amount, expected_amount))


def debtor_concentration(flows: FlowColumns, bounds: MonitoringBounds, new_from: int) -> Hits:
    """A debtor's share of a bank's recent book jumps. Figures: share_ppm, share_before_ppm."""
    return _concentration(flows, flows.debtor, bounds, new_from)


def supplier_concentration(flows: FlowColumns, bounds: MonitoringBounds, new_from: int) -> Hits:
    """A supplier's share of a bank's recent book jumps. Figures: share_ppm, share_before_ppm."""
    return _concentration(flows, flows.supplier, bounds, new_from)


def _concentration(flows: FlowColumns, party: I64, bounds: MonitoringBounds, new_from: int) -> Hits:
    # Rows without a party (pledges elsewhere) are in nobody's share, so in no book either.
    book = grouped((flows.bank,), flows.at_s, new_from, party >= 0)
    part = grouped((flows.bank, party), flows.at_s, new_from)
    whole, whole_before, rows_before = _book_sums(book, flows, bounds)
    own, own_before, _ = _book_sums(part, flows, bounds)
    # Both list the same new rows, each in its own order: bring the book's into the part's.
    to_part = book.order[book.new].argsort()[part.order[part.new].argsort().argsort()]
    whole, whole_before, rows_before = whole[to_part], whole_before[to_part], rows_before[to_part]
    share = mul_div_floor(own, PPM, np.maximum(whole, 1))
    before = mul_div_floor(own_before, PPM, np.maximum(whole_before, 1))
    fired = (
        (rows_before >= bounds.book_rows_min)
        & (share >= bounds.book_share_ppm_min)
        & (share - before >= bounds.book_jump_ppm_min)
    )
    start = part.first_after(part.at_s() - bounds.book_recent_s)
    return hits(part, fired, start, (share, before))


def _book_sums(log: Grouped, flows: FlowColumns, bounds: MonitoringBounds) -> tuple[I64, I64, I64]:
    """Yuan in the book now, yuan in it before the recent days, and rows in it then."""
    yuan = log.running(flows.amount_fen // _FEN_PER_YUAN)
    now_s, before_s = log.at_s(), log.at_s() - bounds.book_recent_s
    recent = log.first_after(before_s)
    past = log.first_after(before_s - bounds.book_window_s)
    now = yuan[log.new + 1] - yuan[log.first_after(now_s - bounds.book_window_s)]
    return now, yuan[recent] - yuan[past], recent - past
