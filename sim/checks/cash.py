"""The cash of every application, tied to records that other code has made.

The purses are the economy's own books, so they agree with themselves whatever is paid. Here every
advance, fee and payment of a debtor in their journal answers to one record kept apart from it: an
application's terms, a line of the event log, a disbursement or payout in the contracts' logs.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from sim.checks.auditor import HELD, PurseTransfer
from sim.checks.chain_state import ChainState

CONSERVED, ONCE = "money_is_conserved", "nothing_paid_twice"
_FEES = ("fee", "platform_fee")
# Kind in the event log: what it is, and what the purses call it.
_EVENTS = {
    "paid": ("payment", ("invoice", "assigned_invoice", "settlement")),
    "recoursed": ("recourse", ("recourse",)),
    "refunded": ("refund", ("credit_refund",)),
}
EVENT_KINDS = tuple(_EVENTS)

# What identifies a payment: names, fen, seconds.
Flow = tuple[str | int, ...]


class ReasonedTransfer(PurseTransfer, Protocol):
    """A line of the purse journal with its cause and second."""

    @property
    def at_s(self) -> int: ...
    @property
    def reason(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Financed:
    """An application whose advance was paid out at ``at_s``, or lies on chain and soon will be."""

    key: str
    bank: str
    supplier: str
    amount_fen: int
    advance_fen: int
    discount_fen: int
    holdback_fen: int
    fee_fen: int
    at_s: int


@dataclass(frozen=True, slots=True)
class Payment:
    """Money on one invoice or application, as the event log has it. kind: of EVENT_KINDS."""

    kind: str
    subject: str
    amount_fen: int
    at_s: int


def audit_cash(
    journal: Sequence[ReasonedTransfer], funded: Sequence[Financed], payments: Sequence[Payment]
) -> dict[str, str]:
    """Each advance, fee and logged payment has one line in the journal, and the other way round."""
    name = "application {}".format
    advances = [((o.at_s, o.bank, o.supplier, o.advance_fen), name(o.key)) for o in funded]
    fees = [((o.at_s, o.supplier, o.fee_fen), name(o.key)) for o in funded if o.fee_fen]
    taken = [(at_s, who, fen) for at_s, who, _, fen in _lines(journal, *_FEES)]
    verdicts = [
        _match("advance", advances, _lines(journal, "advance")),
        _match("fee", fees, taken),
    ]
    for kind, (word, reasons) in _EVENTS.items():
        logged = [((o.at_s, o.amount_fen), o.subject) for o in payments if o.kind == kind]
        found = [(at_s, fen) for at_s, _, _, fen in _lines(journal, *reasons)]
        verdicts.append(_match(word, logged, found))
    return first_breach(verdicts)


def _lines(journal: Iterable[ReasonedTransfer], *reasons: str) -> list[tuple[int, str, str, int]]:
    """Second, payer, payee and fen of the journal's lines with one of these reasons."""
    return [(t.at_s, t.payer, t.payee, t.amount_fen) for t in journal if t.reason in reasons]


def audit_paper_terms(funded: Iterable[Financed]) -> str:
    """money_is_conserved: advance, discount and holdback are the amount that was pledged."""
    for one in funded:
        parts_fen = one.advance_fen + one.discount_fen + one.holdback_fen
        if parts_fen != one.amount_fen:
            return f"application {one.key}: {parts_fen} fen of {one.amount_fen} accounted for"
    return HELD


def audit_chain_cash(
    state: ChainState,
    journal: Iterable[ReasonedTransfer],
    disbursed: Iterable[Financed],
    party_of: Mapping[str, str],
) -> dict[str, str]:
    """Applications and payouts are those of the contracts, lot by lot. party_of: by address."""
    lots = [
        ((party_of[bank], party_of[supplier], advance, discount, holdback), f"lot {lot}")
        for lot, bank, supplier, advance, discount, holdback in state.disbursed
    ]
    terms = [
        (one.bank, one.supplier, one.advance_fen, one.discount_fen, one.holdback_fen)
        for one in disbursed
    ]
    payouts = [((party_of[payee], fen), f"lot {lot}") for lot, payee, fen in state.paid_out]
    lines = [(line.payee, line.amount_fen) for line in journal if line.reason == "payout"]
    return first_breach((_match("disbursement", lots, terms), _match("payout", payouts, lines)))


def first_breach(verdicts: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Of each invariant the first sentence that is not "held"."""
    first: dict[str, str] = {}
    for verdict in verdicts:
        for name, sentence in verdict.items():
            if first.get(name, HELD) == HELD:
                first[name] = sentence
    return first


def _match(kind: str, records: Sequence[tuple[Flow, str]], lines: Iterable[Flow]) -> dict[str, str]:
    """Both verdicts on one kind of payment. records: (what must be paid, whose it is)."""
    due, paid = Counter(flow for flow, _ in records), Counter(lines)
    verdicts = {CONSERVED: HELD, ONCE: HELD}
    stray = next((flow for flow in paid if flow not in due), None)
    if stray is not None:
        verdicts[CONSERVED] = f"{kind} {stray}: no record accounts for it"
    for flow, name in records:
        if paid[flow] < due[flow] and verdicts[CONSERVED] == HELD:
            verdicts[CONSERVED] = f"{name}: its {kind} {flow} was not paid"
        if paid[flow] > due[flow] and verdicts[ONCE] == HELD:
            verdicts[ONCE] = f"{name}: its {kind} {flow} was paid {paid[flow]} times"
    return verdicts
