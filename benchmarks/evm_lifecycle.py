"""The lifecycle that every chain runs in the benchmark: register, accept, finance, settle.

Each receivable takes four transactions on the real contracts. Calls are encoded and the
off-chain signatures made beforehand, so that only the chain is measured.
"""

from collections.abc import Iterator
from typing import Any

from system.adapters.keys import KeyRing
from system.chain.deploy import BUILD_FOLDER, DEPLOYER, Deployer
from system.chain.typed_data import (
    Acceptance,
    Quote,
    Verdict,
    acceptance_digest,
    desk_domain,
    quote_digest,
    registry_domain,
    verdict_digest,
)
from system.chain.wallets import OPERATOR, RISK_SIGNER
from system.ports.evm import Call

FACE_FEN = 1_000_000
_ADVANCE_FEN, _DISCOUNT_FEN, _HOLDBACK_FEN = 900_000, 20_000, 80_000
_GAS_MAX = 1_500_000
_CORRELATION = bytes(32)
_ENOUGH = 10**15
_DEBTOR, _SUPPLIER, _BANK = 1, 2, 4
# eth-tester's blocks carry the wall clock: nothing may fall due before it.
_TERM_S = 30 * 365 * 86_400
_PARTIES = ("debtor", "supplier", "bank")
ACCOUNTS = (DEPLOYER, OPERATOR, RISK_SIGNER, *_PARTIES)


class Lifecycle:
    """Calls for receivables 0, 1, 2… of one debtor, one supplier and one bank."""

    def __init__(self, keys: KeyRing, *, chain_id: int, genesis_time_s: int) -> None:
        self.keys = keys
        self._deployer = Deployer(keys, {}, BUILD_FOLDER)
        self._due_at_s = genesis_time_s + _TERM_S
        addresses = self._deployer.addresses
        self._registry = registry_domain(chain_id, addresses["Registry"])
        self._desk = desk_domain(chain_id, addresses["FinancingDesk"])
        self._debtor, self._supplier, self._bank = map(keys.address, _PARTIES)

    def setup(self) -> list[list[Call]]:
        """Deployment, participants, limits, deposits, allowances; one list per block."""
        kinds = {self._debtor: _DEBTOR, self._supplier: _SUPPLIER, self._bank: _BANK}
        enrolled = [(account, bytes(32), kind, self._due_at_s) for account, kind in kinds.items()]
        limits = [
            (kind, bytes.fromhex(account[2:]).rjust(32, b"\0"), _ENOUGH)
            for account, kind in kinds.items()
        ]
        cash = [(self._debtor, _ENOUGH), (self._bank, _ENOUGH)]
        spenders = {self._bank: "FinancingDesk", self._debtor: "Settlement"}
        addresses = self._deployer.addresses
        return [
            list(self._deployer.calls()),
            [
                self._many("Participants", "enrolMany", enrolled),
                self._many("FinancingDesk", "setLimitMany", limits),
                self._many("DepositToken", "mintMany", cash),
            ],
            [
                self._call(owner, "DepositToken", "approve", addresses[spender], _ENOUGH)
                for owner, spender in spenders.items()
            ],
        ]

    def wave(self, first: int, count: int) -> Iterator[list[Call]]:
        """Four blocks that take this many receivables through their whole life."""
        numbers = range(first, first + count)
        yield [self.register(number) for number in numbers]
        yield [self._accept(number) for number in numbers]
        yield [self._finance(number) for number in numbers]
        yield [self._settle(number) for number in numbers]

    def register(self, number: int) -> Call:
        """The first step alone; what the flatness measurement repeats."""
        fingerprint = _fingerprint(number)
        terms = (self._debtor, self._supplier, FACE_FEN, b"CNY", self._due_at_s, fingerprint)
        return self._many("Registry", "registerMany", [(fingerprint, *terms)])

    def _accept(self, number: int) -> Call:
        fingerprint, deadline_s = _fingerprint(number), self._due_at_s - 1
        accepted = Acceptance(
            fingerprint,
            self._debtor,
            self._supplier,
            FACE_FEN,
            "CNY",
            self._due_at_s,
            number,
            deadline_s,
        )
        digest = acceptance_digest(self._registry, accepted)
        signature = self.keys.sign_digest(self._debtor, digest)
        item = (fingerprint, number, deadline_s, signature)
        return self._many("Registry", "acceptMany", [item])

    def _finance(self, number: int) -> Call:
        # Lots are numbered from one, in the order of acceptance.
        lot, expires_at_s = number + 1, self._due_at_s - 1
        amounts = (_ADVANCE_FEN, _DISCOUNT_FEN, _HOLDBACK_FEN)
        quote = (lot, self._bank, self._supplier, *amounts, False, number, expires_at_s)
        verdict = (lot, _fingerprint(number), True, expires_at_s)
        by_bank = self.keys.sign_digest(self._bank, quote_digest(self._desk, Quote(*quote)))
        risk_signer = self.keys.address(RISK_SIGNER)
        by_risk = self.keys.sign_digest(risk_signer, verdict_digest(self._desk, Verdict(*verdict)))
        values = (quote, by_bank, verdict, by_risk, _CORRELATION)
        return self._call(self._supplier, "FinancingDesk", "disburse", *values)

    def _settle(self, number: int) -> Call:
        payment = (_fingerprint(number), FACE_FEN, _fingerprint(number))
        return self._many("Settlement", "settleMany", [payment])

    def _many(self, contract: str, function: str, items: list[Any]) -> Call:
        operator = self.keys.address(OPERATOR)
        return self._call(operator, contract, function, items, _CORRELATION)

    def _call(self, sender: str, contract: str, function: str, *values: Any) -> Call:
        data = self._deployer.abis[contract].encode(function, *values)
        return Call(sender, self._deployer.addresses[contract], data, _GAS_MAX)


def _fingerprint(number: int) -> bytes:
    return (number + 1).to_bytes(32)
