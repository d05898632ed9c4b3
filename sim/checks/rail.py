"""Payments that left over a rail: the bank's ledger against the rail's own books and the chain.

Reads the ledger's transfers, what the rail says it has credited and to whom, and the tokens that
were burned; nothing of the code that sends payments and hears of them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sim.checks.auditor import HELD, LedgerTransfer
from sim.checks.cash import CONSERVED, ONCE, first_breach
from sim.checks.chain_log import Entry, account

COMPLETES: Final = "every_accepted_request_completes"
_POSTED: Final = ("post", "post_hold", "reverse")


@dataclass(frozen=True, slots=True)
class Credit:
    """What the rail has put into an account, under the name that the payer gave the payment."""

    payment_id: str
    account: str
    amount_fen: int


@dataclass(frozen=True, slots=True)
class UnderWay:
    """A payment that the bank asked for at ``asked_at_s`` and has not heard the end of."""

    payment_id: str
    asked_at_s: int


def burned(events: Iterable[Entry], token: str, party_of: Mapping[str, str]) -> dict[str, int]:
    """Fen whose tokens were burned, by party. party_of: by address."""
    found: dict[str, int] = {}
    for entry in events:
        if entry.name == "Transfer" and entry.address == token and not entry.topics[1]:
            party = party_of[account(entry.topics[0])]
            found[party] = found.get(party, 0) + entry.words[0]
    return found


def audit_rail(
    transfers: Sequence[LedgerTransfer],
    in_transit: str,
    credited: Sequence[Credit],
    burned_fen: Mapping[str, int],
    party_of_account: Mapping[str, str],
    *,
    at_rest: bool,
) -> dict[str, str]:
    """Each fen that left a deposit reaches its owner's account once.

    in_transit: the ledger's account of what is under way.  at_rest: nothing may be under way.
    """
    handed_fen = _moved(t for t in transfers if t.credit_account_id == in_transit)
    arrived_fen = _moved(t for t in transfers if t.debit_account_id == in_transit)
    credited_fen = _sums((one.payment_id, one.amount_fen) for one in credited)
    by_party_fen = _by_party(credited, party_of_account)
    booked = "payment {}: {} fen booked as paid, the rail has paid {}"
    verdicts = [
        {ONCE: _within(credited_fen, handed_fen, "payment {}: the rail has paid {} fen of {}")},
        {ONCE: _within(by_party_fen, burned_fen, "{}: the rail has paid {} fen of {} burned")},
        {CONSERVED: _within(arrived_fen, credited_fen, booked)},
        {CONSERVED: _all_handed_over(handed_fen, burned_fen)},
    ]
    if at_rest:
        told = "payment {}: {} fen left, and the rail has paid {}"
        unheard = "payment {}: the rail has paid {} fen, and the books have heard of {}"
        ours_fen = {key: fen for key, fen in credited_fen.items() if key in handed_fen}
        verdicts += [
            {CONSERVED: _within(handed_fen, credited_fen, told)},
            {CONSERVED: _within(ours_fen, arrived_fen, unheard)},
        ]
    return first_breach(verdicts)


def audit_delays(
    under_way: Iterable[UnderWay], now_s: int, healed_s: int, patience_s: int
) -> dict[str, str]:
    """every_accepted_request_completes. healed_s: when the last fault was over."""
    for one in under_way:
        waited_s = now_s - max(one.asked_at_s, healed_s)
        if waited_s > patience_s:
            return {COMPLETES: f"payment {one.payment_id} has been under way for {waited_s} s"}
    return {COMPLETES: HELD}


def audit_receipts(
    used_fen: Mapping[str, int], credited: Sequence[Credit], party_of_account: Mapping[str, str]
) -> dict[str, str]:
    """money_is_conserved: nobody has of the platform's money what no rail has brought.

    used_fen: by party, what it took for arrived.
    """
    by_party_fen = _by_party(credited, party_of_account)
    told = "{}: {} fen taken for arrived, the rail has brought {}"
    return {CONSERVED: _within(used_fen, by_party_fen, told)}


def _by_party(credited: Iterable[Credit], party_of: Mapping[str, str]) -> dict[str, int]:
    """An account that is nobody's goes by its own number."""
    return _sums((party_of.get(one.account, one.account), one.amount_fen) for one in credited)


def _moved(transfers: Iterable[LedgerTransfer]) -> dict[str, int]:
    """Fen of what is posted, by payment: the first part of a transfer's id."""
    return _sums(
        (t.transfer_id.partition("/")[0], t.amount_fen) for t in transfers if t.kind in _POSTED
    )


def _sums(pairs: Iterable[tuple[str, int]]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for key, fen in pairs:
        sums[key] = sums.get(key, 0) + fen
    return sums


def _within(parts_fen: Mapping[str, int], wholes_fen: Mapping[str, int], sentence: str) -> str:
    """Held where no part is larger than its whole."""
    for key in sorted(parts_fen):
        whole_fen = wholes_fen.get(key, 0)
        if parts_fen[key] > whole_fen:
            return sentence.format(key, parts_fen[key], whole_fen)
    return HELD


def _all_handed_over(handed_fen: Mapping[str, int], burned_fen: Mapping[str, int]) -> str:
    left_fen, sent_fen = sum(burned_fen.values()), sum(handed_fen.values())
    return HELD if left_fen == sent_fen else f"{left_fen} fen burned, {sent_fen} handed to the rail"
