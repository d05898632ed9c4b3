"""A house of deployed contracts with a cast of parties: what every contract test starts from.

Parties are named. The cast: ``core`` and ``retail`` owe (one group), ``alpha`` to ``delta``
supply, ``north`` and ``south`` lend. All hold deposits, have allowed the desk and the settlement
to move them, and have wide limits; a test narrows what it is about.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from system.adapters.evm_embedded import EmbeddedChain
from system.adapters.evm_revm import RevmChain
from system.adapters.keys import KeyRing
from system.chain.abi import Decoded, load_contract
from system.chain.bindings import CONTRACT_NAMES
from system.chain.deploy import BUILD_FOLDER, deploy
from system.chain.typed_data import (
    Acceptance,
    Domain,
    Quote,
    Verdict,
    acceptance_digest,
    quote_digest,
    verdict_digest,
)
from system.chain.wallets import ADMIN, OPERATOR, RISK_SIGNER
from system.errors import EvmReverted
from system.ports.evm import Address, Call, Receipt
from tests.contracts.cast import (
    ADMIN_DELAY_S,
    BANK,
    BANKS,
    CORRELATION,
    DAY_S,
    DEBTOR,
    DEBTORS,
    DEPOSIT_FEN,
    FACE_FEN,
    GENESIS_S,
    GROUP,
    GROUP_LINE,
    KYC_UNTIL_S,
    REASON,
    SUPPLIER,
    SUPPLIERS,
    TERM_S,
    ZERO,
    fingerprint,
    party_key,
)

_GAS_MAX = 25_000_000
_ALLOWANCE = 2**256 - 1


class House:
    """One deployment on a fresh chain. ``now_s`` is the time of the next transaction.

    kind: 'revm' for speed, 'embedded' for gas.  folder: a build, ours or a mutant's.
    """

    def __init__(self, kind: str = "revm", folder: Path = BUILD_FOLDER) -> None:
        self.keys = KeyRing(b"a secret of the contract tests")
        self.chain: Any = (
            RevmChain(chain_id=31_337, genesis_time_s=GENESIS_S)
            if kind == "revm"
            else EmbeddedChain(self.keys, chain_id=31_337, genesis_time_s=GENESIS_S)
        )
        self.abis = {name: load_contract(folder, name) for name in CONTRACT_NAMES}
        self.now_s = GENESIS_S + 1
        self.receipt: Receipt | None = None
        self.history: list[Decoded] = []
        self._target = ""
        self._counter = 0
        self.contracts = deploy(self.chain, self.pass_block, self.keys, {}, folder)
        self._abi_at = {self.at(name): abi for name, abi in self.abis.items()}
        self._settle_in()

    # chain

    def pass_block(self) -> None:
        """Seals what waits, or an empty block; views then see its time."""
        self.chain.seal(self.now_s)
        self.now_s += 1

    def wait(self, seconds: int) -> None:
        self.now_s += seconds

    def address(self, name: str) -> Address:
        return self.keys.address(name)

    def at(self, contract: str) -> Address:
        return self.contracts.addresses[contract]

    def run(self, by: str, contract: str, function: str, *values: Any) -> list[Decoded]:
        """One transaction in a block of its own; our events in it. Raises EvmReverted."""
        return self.run_data(by, contract, self.abis[contract].encode(function, *values))

    def run_data(self, by: str, contract: str, data: bytes) -> list[Decoded]:
        """As run, with the call data given."""
        call = Call(self.address(by), self.at(contract), data, _GAS_MAX)
        return self.transact(contract, call)

    def transact(self, contract: str, call: Call) -> list[Decoded]:
        """As run, for a contract of this kind at any address, or one yet to be created."""
        self._target = contract
        signed = self.chain.prepare(call, self.chain.nonce(call.sender))
        self.chain.send([signed])
        self.pass_block()
        [self.receipt] = self.chain.receipts([signed.tx_hash])
        assert self.receipt is not None
        if not self.receipt.ok:
            raise self.contracts.refusal(self.receipt.revert_data)
        events = self.events(self.receipt)
        self.history.extend(events)
        return events

    def events(self, receipt: Receipt) -> list[Decoded]:
        """Those of our contracts, decoded."""
        known = [log for log in receipt.logs if log.address in self._abi_at]
        return [self._abi_at[log.address].events[log.topics[0]].decode(log) for log in known]

    def view(self, contract: str, function: str, *values: Any) -> Any:
        """What a view returns at the head: the value itself where there is only one."""
        self._target = contract
        try:
            result = self.contracts.view(self.chain, contract, function, *values)
        except EvmReverted as error:
            raise self.contracts.refusal(error.data) from None
        return result[0] if len(result) == 1 else result

    @contextmanager
    def refuses(self, contract: str, error: str, **values: Any) -> Iterator[None]:
        """The block must be refused with exactly this error and these values.

        contract: the one that was called, unless only a contract behind it knows the error.
        """
        with pytest.raises(EvmReverted) as caught:
            yield
        assert (caught.value.name, caught.value.args_by_name) == (error, values)
        known = {name for name in self.abis if self._declares(name, error)}
        raiser = {self._target} & known or known
        assert contract in raiser, f"{error} came from {sorted(raiser)}"

    def _declares(self, contract: str, error: str) -> bool:
        return any(entry["name"] == error for entry in self.abis[contract].errors)

    def as_admin(self, contract: str, function: str, *values: Any) -> list[Decoded]:
        """What only the administrator may do, after the delay that it is bound by."""
        data = self.abis[contract].encode(function, *values)
        self.run(ADMIN, "AccessManager", "schedule", self.at(contract), data, 0)
        self.wait(ADMIN_DELAY_S)
        return self.run_data(ADMIN, contract, data)

    # parties

    def _settle_in(self) -> None:
        cast = (*DEBTORS, *SUPPLIERS, *BANKS)
        self.enrol(DEBTORS, DEBTOR, group=GROUP)
        self.enrol(SUPPLIERS, SUPPLIER)
        self.enrol(BANKS, BANK)
        deposits = [(self.address(name), DEPOSIT_FEN) for name in cast]
        self.run(OPERATOR, "DepositToken", "mintMany", deposits, CORRELATION)
        for name in cast:
            self.approve(name, _ALLOWANCE)
        lines = [(DEBTOR, DEBTORS), (SUPPLIER, SUPPLIERS), (BANK, BANKS)]
        limits = [(kind, self.party(name), DEPOSIT_FEN) for kind, names in lines for name in names]
        limits.append((GROUP_LINE, GROUP, DEPOSIT_FEN))
        self.run(OPERATOR, "FinancingDesk", "setLimitMany", limits, CORRELATION)

    def party(self, name: str) -> bytes:
        return party_key(self.address(name))

    def enrol(self, names: Sequence[str], roles: int, group: bytes = ZERO) -> list[Decoded]:
        items = [(self.address(name), group, roles, KYC_UNTIL_S) for name in names]
        return self.run(OPERATOR, "Participants", "enrolMany", items, CORRELATION)

    def suspend(self, name: str) -> list[Decoded]:
        return self.run(OPERATOR, "Participants", "suspend", self.address(name), CORRELATION)

    def approve(self, name: str, amount: int) -> None:
        """Lets the desk and the settlement move up to this much of the party's deposits."""
        for spender in ("FinancingDesk", "Settlement"):
            self.run(name, "DepositToken", "approve", self.at(spender), amount)

    def limit(self, kind: int, party: bytes, amount: int) -> list[Decoded]:
        items = [(kind, party, amount)]
        return self.run(OPERATOR, "FinancingDesk", "setLimitMany", items, CORRELATION)

    def used(self, kind: int, party: bytes) -> int:
        return int(self.view("FinancingDesk", "lineOf", kind, party)[1])

    def cash(self, name: str) -> int:
        return int(self.view("DepositToken", "balanceOf", self.address(name)))

    # signatures

    def fresh(self) -> int:
        """A number never returned before: nonces, payment ids."""
        self._counter += 1
        return self._counter

    def acceptance(
        self,
        claim: bytes,
        *,
        signer: str = "core",
        nonce: int | None = None,
        deadline_s: int | None = None,
        domain: Domain | None = None,
        **changes: Any,
    ) -> tuple[bytes, int, int, bytes]:
        """The struct that acceptMany takes, signed. changes: what is signed instead."""
        on_chain = self.receivable(claim)
        nonce = self.fresh() if nonce is None else nonce
        deadline_s = self.now_s + DAY_S if deadline_s is None else deadline_s
        signed = {
            "fingerprint": claim,
            "debtor": on_chain["debtor"],
            "supplier": on_chain["supplier"],
            "amount_fen": on_chain["face"],
            "currency": "CNY",
            "due_at_s": on_chain["dueAt"],
            "nonce": nonce,
            "deadline_s": deadline_s,
            **changes,
        }
        digest = acceptance_digest(domain or self.contracts.registry_domain, Acceptance(**signed))
        signature = self.keys.sign_digest(self.address(signer), digest)
        return (claim, nonce, deadline_s, signature)

    def quote(self, lot: int, bank: str = "north", **changes: Any) -> Quote:
        """An offer for the whole lot: 90 % now, 2 % discount, the rest held back."""
        value = self.lot(lot)["value"]
        advance, discount = value * 90 // 100, value * 2 // 100
        offer = {
            "lot": lot,
            "bank": self.address(bank),
            "supplier": self.lot(lot)["owner"],
            "advance_fen": advance,
            "discount_fen": discount,
            "holdback_fen": value - advance - discount,
            "recourse": True,
            "nonce": self.fresh(),
            "expires_at_s": self.now_s + DAY_S,
        }
        return Quote(**{**offer, **changes})

    def verdict(self, lot: int, **changes: Any) -> Verdict:
        values = {
            "lot": lot,
            "fingerprint": self.lot(lot)["fingerprint"],
            "clear": True,
            "expires_at_s": self.now_s + DAY_S,
        }
        return Verdict(**{**values, **changes})

    def disbursement(
        self,
        quote: Quote,
        verdict: Verdict | None = None,
        *,
        bank: str = "north",
        risk: str = RISK_SIGNER,
    ) -> tuple[Any, ...]:
        """Quote, its signature, verdict, its signature, as the desk takes them."""
        verdict = self.verdict(quote.lot) if verdict is None else verdict
        domain = self.contracts.desk_domain
        sign = self.keys.sign_digest
        return (
            _values(quote),
            sign(self.address(bank), quote_digest(domain, quote)),
            _values(verdict),
            sign(self.address(risk), verdict_digest(domain, verdict)),
        )

    # life of a receivable

    def registration(self, name: str, **changes: Any) -> tuple[Any, ...]:
        values = {
            "fingerprint": fingerprint(name),
            "debtor": self.address("core"),
            "supplier": self.address("alpha"),
            "face": FACE_FEN,
            "currency": b"CNY",
            "due_at_s": self.now_s + TERM_S,
            "document": fingerprint(f"document of {name}"),
        }
        return tuple({**values, **changes}.values())

    def register(self, name: str = "invoice", **changes: Any) -> bytes:
        """A registered receivable of alpha against core."""
        items = [self.registration(name, **changes)]
        self.run(OPERATOR, "Registry", "registerMany", items, CORRELATION)
        return fingerprint(name)

    def accept(self, claim: bytes, **changes: Any) -> list[Decoded]:
        items = [self.acceptance(claim, **changes)]
        return self.run("relay", "Registry", "acceptMany", items, CORRELATION)

    def claim(self, name: str = "invoice", **changes: Any) -> tuple[bytes, int]:
        """An accepted receivable and its root lot."""
        claim = self.register(name, **changes)
        return claim, said(self.accept(claim), "Registry", "Accepted")["lot"]

    def split(self, lot: int, values: Sequence[int], by: str = "alpha") -> list[int]:
        logs = self.run(by, "LotLedger", "split", lot, list(values), CORRELATION)
        return list(said(logs, "LotLedger", "Split")["children"])

    def endorse(self, lot: int, to: str, value: int, by: str = "alpha") -> int:
        to_account = self.address(to)
        logs = self.run(by, "LotLedger", "endorse", lot, to_account, value, CORRELATION)
        return int(said(logs, "LotLedger", "Endorsed")["child"])

    def lock(self, lot: int, bank: str = "north", by: str = "alpha") -> list[Decoded]:
        bank_account = self.address(bank)
        until_s = self.now_s + DAY_S
        return self.run(by, "FinancingDesk", "lock", lot, bank_account, until_s, CORRELATION)

    def disburse(self, *parts: Any, by: str = "alpha") -> list[Decoded]:
        """parts: what disbursement returned."""
        return self.run(by, "FinancingDesk", "disburse", *parts, CORRELATION)

    def finance(
        self, lot: int, *, by: str = "alpha", bank: str = "north", **changes: Any
    ) -> list[Decoded]:
        parts = self.disbursement(self.quote(lot, bank, **changes), bank=bank)
        return self.disburse(*parts, by=by)

    def pay(
        self, claim: bytes, amount: int, *, by: str = "core", payment: bytes | None = None
    ) -> list[Decoded]:
        payment = self.fresh().to_bytes(32) if payment is None else payment
        items = [(claim, amount, payment)]
        return self.run(by, "Settlement", "settleMany", items, CORRELATION)

    def mark(self, function: str, *claims: bytes, by: str = OPERATOR) -> list[Decoded]:
        """function: markDueMany, markOverdueMany or markDefaultMany."""
        return self.run(by, "Settlement", function, list(claims), CORRELATION)

    def dispute(self, claim: bytes, by: str = "core") -> list[Decoded]:
        return self.run(by, "Registry", "dispute", claim, REASON, CORRELATION)

    def resolve(self, claim: bytes, by: str = "core") -> list[Decoded]:
        return self.run(by, "Registry", "resolveDispute", claim, CORRELATION)

    def recourse(self, lot: int, by: str = "north") -> list[Decoded]:
        return self.run(by, "Settlement", "recourse", lot, CORRELATION)

    def credit(
        self, claim: bytes, lots: Sequence[int], amounts: Sequence[int], by: str
    ) -> list[Decoded]:
        ids, cuts = list(lots), list(amounts)
        return self.run(by, "Settlement", "creditNote", claim, ids, cuts, REASON, CORRELATION)

    def write_off(self, claim: bytes, by: str = OPERATOR) -> list[Decoded]:
        return self.run(by, "Settlement", "writeOff", claim, CORRELATION)

    # reading

    def receivable(self, claim: bytes) -> dict[str, Any]:
        names = ("debtor", "dueAt", "state", "disputed", "currency", "supplier", "face")
        return dict(zip(names, self.view("Registry", "receivable", claim), strict=True))

    def lot(self, lot: int) -> dict[str, Any]:
        return dict(zip(_LOT_FIELDS, self.view("LotLedger", "lot", lot), strict=True))


_LOT_FIELDS = (
    "fingerprint",
    "owner",
    "value",
    "parent",
    "tier",
    "state",
    "endorser",
    "seller",
    "holdback",
    "recourse",
)


def said(logs: Sequence[Decoded], contract: str, name: str) -> dict[str, Any]:
    """The values of the one event of this name."""
    found = [event for event in logs if (event.contract, event.name) == (contract, name)]
    assert len(found) == 1, f"{len(found)} events {contract}.{name}"
    return found[0].values


def _values(message: Quote | Verdict) -> tuple[Any, ...]:
    return tuple(getattr(message, name) for name in message.__dataclass_fields__)
