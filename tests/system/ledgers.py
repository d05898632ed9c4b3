"""Builders for ledger tests."""

from system.adapters.memory_store import MemoryStore
from system.ledger import ledger
from system.ledger.records import LEDGER_TABLES, Account, TransferOutcome, TransferRequest
from system.ports.store import Store

NOW_S = 1_767_225_600


class Desk:
    """A ledger on a store, one transaction per call."""

    def __init__(self, store: Store | None = None) -> None:
        self.store = store or MemoryStore(LEDGER_TABLES)

    def open(self, *accounts: Account) -> None:
        with self.store.transaction() as unit:
            ledger.open_accounts(unit, accounts)

    def post(self, *requests: TransferRequest, now_s: int = NOW_S) -> list[TransferOutcome]:
        with self.store.transaction() as unit:
            return ledger.post(unit, requests, now_s)

    def expire(self, now_s: int) -> list[str]:
        with self.store.transaction() as unit:
            return ledger.expire_holds(unit, now_s)

    def account(self, account_id: str) -> Account:
        with self.store.transaction() as unit:
            (account,) = ledger.accounts(unit, [account_id])
        assert account is not None
        return account

    def balances_fen(self, *account_ids: str) -> list[int]:
        return [self.account(account_id).balance_fen for account_id in account_ids]


def funded_desk(store: Store | None = None) -> Desk:
    """vault (debit normal, no floor) has put 1,000 fen into ann's deposit; bob has nothing."""
    desk = Desk(store)
    desk.open(
        Account("vault", "bank", "debit", None),
        Account("ann", "ann", "credit"),
        Account("bob", "bob", "credit"),
        Account("dollars", "bob", "credit", currency="USD"),
    )
    desk.post(TransferRequest("fund", "vault", "ann", 1_000))
    return desk


def pay(transfer_id: str, amount_fen: int = 100, **changes: object) -> TransferRequest:
    """ann pays bob."""
    fields: dict[str, object] = {"debit_account_id": "ann", "credit_account_id": "bob"} | changes
    return TransferRequest(transfer_id, amount_fen=amount_fen, **fields)  # type: ignore[arg-type]


def resolve(
    transfer_id: str, kind: str, refers_to: str | None, amount_fen: int = 0, **changes: object
) -> TransferRequest:
    return TransferRequest(
        transfer_id,
        amount_fen=amount_fen,
        kind=kind,  # type: ignore[arg-type]
        refers_to=refers_to,
        **changes,  # type: ignore[arg-type]
    )
