"""What one batch touches (accounts, transfers, holds): read once, changed here, written once."""

from collections.abc import Iterable, Sequence

from system.errors import IntegrityError
from system.ledger.records import (
    ACCOUNTS,
    HOLDS,
    TRANSFERS,
    Account,
    Hold,
    HoldState,
    Kind,
    Transfer,
    TransferRequest,
)
from system.ledger.rules import Refusal
from system.limits import AMOUNT_FEN_MAX, BALANCE_FEN_MAX
from system.ports.store import Unit

EXPIRY_PREFIX = "expiry:"
# What a resolution makes of its hold, and what a later resolution is told.
STATE_AFTER: dict[Kind, HoldState] = {
    "hold": "open",
    "post_hold": "posted",
    "void_hold": "voided",
    "expire_hold": "expired",
}
CLOSED_HOLD: dict[HoldState, Refusal] = {
    "posted": Refusal.HOLD_POSTED,
    "voided": Refusal.HOLD_VOIDED,
    "expired": Refusal.HOLD_EXPIRED,
}
REVERSIBLE: tuple[Kind, ...] = ("post", "post_hold")


class _Balance:
    """One account's counters while a batch runs."""

    __slots__ = ("account", "credit_normal", "cx", "cx_held", "dr", "dr_held", "floor_fen")

    def __init__(self, account: Account) -> None:
        self.account = account
        self.credit_normal = account.normal == "credit"
        self.floor_fen = -(2**63) if account.floor_fen is None else account.floor_fen
        self.dr, self.dr_held = account.debits_posted_fen, account.debits_pending_fen
        self.cx, self.cx_held = account.credits_posted_fen, account.credits_pending_fen

    def available_fen(self) -> int:
        """What may still be spent: held money is already gone, expected money is not yet there."""
        if self.credit_normal:
            return self.cx - self.dr - self.dr_held
        return self.dr - self.cx - self.cx_held

    def row(self) -> Account:
        a = self.account
        return Account(
            a.account_id,
            a.owner_id,
            a.normal,
            a.floor_fen,
            a.currency,
            self.dr,
            self.dr_held,
            self.cx,
            self.cx_held,
            self.available_fen(),
        )


class Books:
    """Working state of one batch. ``apply`` changes it only when it does not refuse."""

    def __init__(self, unit: Unit, requests: Sequence[TransferRequest], now_s: int) -> None:
        self._unit, self._now_s = unit, now_s
        targets = [r.refers_to for r in requests if r.refers_to is not None]
        self._transfers: dict[str, Transfer] = {}
        self._load_transfers([*(r.transfer_id for r in requests), *targets])
        self._holds: dict[str, Hold] = {}
        self._reversed: set[str] = set()
        if targets:
            self._load_targets(requests, targets)
        self._balances: dict[str, _Balance] = {}
        self._load_balances(requests)
        self._new: list[Transfer] = []

    def _load_transfers(self, transfer_ids: Iterable[str]) -> None:
        keys = [(transfer_id,) for transfer_id in dict.fromkeys(transfer_ids)]
        for row in self._unit.get(TRANSFERS, keys):
            if row is not None:
                self._transfers[row.transfer_id] = row

    def _load_targets(self, requests: Sequence[TransferRequest], targets: list[str]) -> None:
        for hold in self._unit.get(HOLDS, [(target,) for target in dict.fromkeys(targets)]):
            if hold is not None:
                self._holds[hold.hold_id] = hold
        self._reversed = {
            request.refers_to
            for request in requests
            if request.kind == "reverse"
            and request.refers_to is not None
            and self._unit.find(TRANSFERS, {"refers_to": request.refers_to})
        }

    def _load_balances(self, requests: Sequence[TransferRequest]) -> None:
        wanted: dict[str, None] = {}
        for touched in (requests, self._transfers.values()):
            for item in touched:
                wanted[item.debit_account_id] = wanted[item.credit_account_id] = None
        for row in self._unit.get(ACCOUNTS, [(account_id,) for account_id in wanted]):
            if row is not None:
                self._balances[row.account_id] = _Balance(row)

    def apply(self, request: TransferRequest) -> Refusal | bool:
        """True: done. False: an earlier equal request did it. Otherwise why not."""
        if request.kind == "expire_hold" or request.transfer_id.startswith(EXPIRY_PREFIX):
            return Refusal.RESERVED
        earlier = self._transfers.get(request.transfer_id)
        if earlier is not None:
            return False if self._is_same(request, earlier) else Refusal.ID_TAKEN
        if request.expires_at_s is not None and request.kind != "hold":
            return Refusal.EXPIRY_NOT_EXPECTED
        fresh = request.kind in ("post", "hold")
        transfer = self._fresh(request) if fresh else self._resolving(request)
        return transfer if isinstance(transfer, Refusal) else self._do(transfer)

    def _is_same(self, request: TransferRequest, earlier: Transfer) -> bool:
        debit, credit = request.debit_account_id, request.credit_account_id
        amount_fen = request.amount_fen
        if request.refers_to is not None and not debit and not credit:
            debit, credit = earlier.debit_account_id, earlier.credit_account_id
            target = self._transfers.get(request.refers_to)
            amount_fen = amount_fen or (target.amount_fen if target else 0)
        return earlier == self._filled(request, debit, credit, amount_fen, earlier.at_s)

    def _filled(
        self, request: TransferRequest, debit: str, credit: str, amount_fen: int, at_s: int
    ) -> Transfer:
        return Transfer(
            request.transfer_id,
            debit,
            credit,
            amount_fen,
            request.kind,
            request.refers_to,
            request.expires_at_s,
            request.group_id,
            request.reference,
            at_s,
        )

    def _fresh(self, request: TransferRequest) -> Transfer | Refusal:
        debit_id, credit_id = request.debit_account_id, request.credit_account_id
        if request.refers_to is not None:
            return Refusal.TARGET_NOT_EXPECTED
        if not 1 <= request.amount_fen <= AMOUNT_FEN_MAX:
            return Refusal.AMOUNT_OUT_OF_RANGE
        if request.expires_at_s is not None and request.expires_at_s <= self._now_s:
            return Refusal.EXPIRY_NOT_AHEAD
        if debit_id == credit_id:
            return Refusal.ACCOUNTS_EQUAL
        debit = self._balances.get(debit_id)
        if debit is None:
            return Refusal.DEBIT_ACCOUNT_UNKNOWN
        credit = self._balances.get(credit_id)
        if credit is None:
            return Refusal.CREDIT_ACCOUNT_UNKNOWN
        if debit.account.currency != credit.account.currency:
            return Refusal.CURRENCIES_DIFFER
        return self._filled(request, debit_id, credit_id, request.amount_fen, self._now_s)

    def _resolving(self, request: TransferRequest) -> Transfer | Refusal:
        if request.debit_account_id or request.credit_account_id:
            return Refusal.ACCOUNTS_NOT_EXPECTED
        target = self._transfers.get(request.refers_to or "")
        if target is None:
            return Refusal.TARGET_UNKNOWN
        if request.kind == "reverse":
            return self._reversing(request, target)
        refusal = self._hold_refusal(target)
        if refusal is not None:
            return refusal
        amount_fen = request.amount_fen or target.amount_fen
        part_allowed = request.kind == "post_hold"
        if amount_fen != target.amount_fen and not (
            part_allowed and 1 <= amount_fen < target.amount_fen
        ):
            return Refusal.AMOUNT_DIFFERS
        debit, credit = target.debit_account_id, target.credit_account_id
        return self._filled(request, debit, credit, amount_fen, self._now_s)

    def _hold_refusal(self, target: Transfer) -> Refusal | None:
        if target.kind != "hold":
            return Refusal.TARGET_OF_OTHER_KIND
        hold = self._holds[target.transfer_id]
        if hold.state in CLOSED_HOLD:
            return CLOSED_HOLD[hold.state]
        if hold.expires_at_s is not None and hold.expires_at_s <= self._now_s:
            return Refusal.HOLD_EXPIRED
        return None

    def _reversing(self, request: TransferRequest, target: Transfer) -> Transfer | Refusal:
        if target.kind not in REVERSIBLE:
            return Refusal.TARGET_OF_OTHER_KIND
        if target.transfer_id in self._reversed:
            return Refusal.ALREADY_REVERSED
        if request.amount_fen not in (0, target.amount_fen):
            return Refusal.AMOUNT_DIFFERS
        debit, credit = target.credit_account_id, target.debit_account_id
        return self._filled(request, debit, credit, target.amount_fen, self._now_s)

    def expire(self, request: TransferRequest) -> None:
        """Release a hold whose time has come; the caller has checked that it is open and due."""
        target = self._transfers[request.refers_to or ""]
        debit, credit = target.debit_account_id, target.credit_account_id
        done = self._do(self._filled(request, debit, credit, target.amount_fen, self._now_s))
        if done is not True:
            raise IntegrityError(f"release of hold {target.transfer_id}", "always possible", done)

    def _do(self, transfer: Transfer) -> Refusal | bool:
        refusal = self._move(transfer, 1)
        if refusal is not None:
            self._move(transfer, -1)
            return refusal
        self._new.append(transfer)
        self._transfers[transfer.transfer_id] = transfer
        self._note(transfer)
        return True

    def _move(self, transfer: Transfer, sign: int) -> Refusal | None:
        """Add the transfer's effect (sign 1) or take it back (sign -1)."""
        posted_fen, held_fen = self._effect_fen(transfer)
        debit = self._balances[transfer.debit_account_id]
        credit = self._balances[transfer.credit_account_id]
        debit.dr += sign * posted_fen
        debit.dr_held += sign * held_fen
        credit.cx += sign * posted_fen
        credit.cx_held += sign * held_fen
        if max(debit.dr, debit.dr_held, credit.cx, credit.cx_held) > BALANCE_FEN_MAX:
            return Refusal.COUNTER_FULL
        if debit.available_fen() < debit.floor_fen:
            return Refusal.DEBIT_ACCOUNT_SHORT
        if credit.available_fen() < credit.floor_fen:
            return Refusal.CREDIT_ACCOUNT_SHORT
        return None

    def _effect_fen(self, transfer: Transfer) -> tuple[int, int]:
        """What it adds to the posted and to the pending counters of its two accounts."""
        kind, amount_fen = transfer.kind, transfer.amount_fen
        if kind in ("post", "reverse"):
            return amount_fen, 0
        if kind == "hold":
            return 0, amount_fen
        held_fen = self._transfers[transfer.refers_to or ""].amount_fen
        return (amount_fen if kind == "post_hold" else 0), -held_fen

    def _note(self, transfer: Transfer) -> None:
        if transfer.kind == "hold":
            hold_id = transfer.transfer_id
            self._holds[hold_id] = Hold(hold_id, "open", transfer.expires_at_s)
        elif transfer.kind == "reverse":
            self._reversed.add(transfer.refers_to or "")
        elif transfer.kind != "post":
            hold = self._holds[transfer.refers_to or ""]
            state = STATE_AFTER[transfer.kind]
            self._holds[hold.hold_id] = Hold(hold.hold_id, state, hold.expires_at_s)

    def mark(self) -> int:
        """A place to return to with ``undo_to``."""
        return len(self._new)

    def undo_to(self, mark: int) -> None:
        """Take back what was done after the mark, newest first."""
        while len(self._new) > mark:
            transfer = self._new.pop()
            self._move(transfer, -1)
            del self._transfers[transfer.transfer_id]
            self._forget(transfer)

    def _forget(self, transfer: Transfer) -> None:
        if transfer.kind == "hold":
            del self._holds[transfer.transfer_id]
        elif transfer.kind == "reverse":
            self._reversed.discard(transfer.refers_to or "")
        elif transfer.kind != "post":
            hold = self._holds[transfer.refers_to or ""]
            self._holds[hold.hold_id] = Hold(hold.hold_id, "open", hold.expires_at_s)

    def write(self) -> None:
        """Write the batch: transfers, the holds they opened or closed, the accounts they moved."""
        self._unit.insert(TRANSFERS, self._new)
        self._write_holds()
        touched: dict[str, None] = {}
        for transfer in self._new:
            touched[transfer.debit_account_id] = touched[transfer.credit_account_id] = None
        self._unit.replace(ACCOUNTS, [self._balances[account_id].row() for account_id in touched])

    def _write_holds(self) -> None:
        opened = {t.transfer_id: None for t in self._new if t.kind == "hold"}
        closed = [
            t.refers_to
            for t in self._new
            if t.kind in STATE_AFTER and t.refers_to is not None and t.refers_to not in opened
        ]
        self._unit.insert(HOLDS, [self._holds[hold_id] for hold_id in opened])
        self._unit.replace(HOLDS, [self._holds[hold_id] for hold_id in closed])
