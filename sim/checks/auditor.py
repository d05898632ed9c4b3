"""The auditor: rebuilds the books from raw chain logs, transfers and the purse journal.

It shares no code with the kernels, rules and services that it audits. Each check answers "held"
or with one sentence on what broke first.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from sim.checks.chain_log import Entry
from sim.checks.chain_state import ChainState

HELD = "held"
CHAIN_INVARIANTS = (
    "money_is_conserved",
    "no_receivable_financed_twice",
    "nothing_paid_twice",
    "lots_conserve_face",
    "limits_hold",
)


class PurseTransfer(Protocol):
    """A line of the purse journal."""

    @property
    def payer(self) -> str: ...
    @property
    def payee(self) -> str: ...
    @property
    def amount_fen(self) -> int: ...


class LedgerTransfer(Protocol):
    """A row of the ledger's transfers."""

    @property
    def transfer_id(self) -> str: ...
    @property
    def debit_account_id(self) -> str: ...
    @property
    def credit_account_id(self) -> str: ...
    @property
    def amount_fen(self) -> int: ...
    @property
    def kind(self) -> str: ...


class StoredAlert(Protocol):
    """An alert as the product keeps it."""

    @property
    def alert_id(self) -> str: ...
    @property
    def evidence(self) -> str: ...


def audit_purses(journal: Iterable[PurseTransfer], balances_fen: Mapping[str, int]) -> str:
    """money_is_conserved for the simulated economy: the journal explains every balance."""
    rebuilt: dict[str, int] = {}
    for line in journal:
        if line.amount_fen <= 0:
            return f"{line.payer} pays {line.amount_fen} fen"
        rebuilt[line.payer] = rebuilt.get(line.payer, 0) - line.amount_fen
        rebuilt[line.payee] = rebuilt.get(line.payee, 0) + line.amount_fen
    for owner in sorted({*rebuilt, *balances_fen}):
        expected_fen, found_fen = rebuilt.get(owner, 0), balances_fen.get(owner, 0)
        if expected_fen != found_fen:
            return f"purse of {owner}: {expected_fen} fen by the journal, {found_fen} in the books"
    total_fen = sum(balances_fen.values())
    return HELD if total_fen == 0 else f"the purses add up to {total_fen} fen, not to zero"


def rebuild(events: Iterable[Entry], token: str) -> ChainState:
    """Follow the events of a chain (``chain_log.entries``). token: address of the deposit token."""
    state = ChainState(token)
    for entry in events:
        state.apply(entry)
    _check_faces(state)
    _check_cash(state)
    return state


def _check_faces(state: ChainState) -> None:
    """Live + redeemed + credited + written off = accepted face (written off lots stay live)."""
    for fingerprint, receivable in state.receivables.items():
        live_fen = sum(state.lots[lot].value_fen for lot in receivable.lots)
        found_fen = live_fen + receivable.paid_fen + receivable.credited_fen
        if receivable.accepted and found_fen != receivable.face_fen:
            sentence = f"{fingerprint:064x}: {found_fen} fen of {receivable.face_fen} found"
            state.broken("lots_conserve_face", sentence)


def _check_cash(state: ChainState) -> None:
    """Cash and lots move together: each claimed payment is a token transfer in its transaction."""
    for (tx, payer, payee), claimed_fen in state.claimed_fen.items():
        moved_fen = state.moved_fen.get((tx, payer, payee), 0)
        if moved_fen != claimed_fen:
            sentence = f"{payer} to {payee}: {claimed_fen} fen claimed, {moved_fen} moved"
            state.broken("money_is_conserved", sentence)
    supply_fen = sum(state.balances_fen.values())
    if supply_fen:
        state.broken("money_is_conserved", f"token balances and issue differ by {supply_fen} fen")


def chain_verdicts(state: ChainState) -> dict[str, str]:
    """The first breach of each invariant that the chain alone can show, or "held"."""
    verdicts = dict.fromkeys(CHAIN_INVARIANTS, HELD)
    for invariant, sentence in state.breaches:
        if verdicts[invariant] == HELD:
            verdicts[invariant] = sentence
    return verdicts


def ledger_balances(transfers: Iterable[LedgerTransfer]) -> dict[str, int]:
    """Credits less debits per account, of what is posted: plain, released or reversed."""
    balances_fen: dict[str, int] = {}
    for transfer in transfers:
        if transfer.kind not in ("post", "post_hold", "reverse"):
            continue
        debit, credit = transfer.debit_account_id, transfer.credit_account_id
        balances_fen[debit] = balances_fen.get(debit, 0) - transfer.amount_fen
        balances_fen[credit] = balances_fen.get(credit, 0) + transfer.amount_fen
    return balances_fen


def audit_deposits(
    state: ChainState, balances_fen: Mapping[str, int], address_of: Mapping[str, str]
) -> str:
    """ledger_equals_chain. address_of: token account by ledger account."""
    for account_id, address in sorted(address_of.items()):
        on_chain_fen = state.balances_fen.get(address, 0)
        in_books_fen = balances_fen.get(account_id, 0)
        if on_chain_fen != in_books_fen:
            return f"{account_id}: {in_books_fen} fen in the ledger, {on_chain_fen} on chain"
    return HELD


def audit_alerts(alerts: Sequence[StoredAlert]) -> str:
    """every_alert_has_evidence: each names records and figures."""
    for alert in alerts:
        try:
            evidence = json.loads(alert.evidence)
        except ValueError:
            return f"alert {alert.alert_id}: its evidence cannot be read"
        found = list(evidence.values()) if isinstance(evidence, dict) else evidence
        if not isinstance(found, list) or not any(found):
            return f"alert {alert.alert_id} has no evidence"
    return HELD
