"""The deployed contracts as this product uses them: what can be sent, and what comes back."""

from collections.abc import Container, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from system.chain.abi import ContractAbi, Decoded, ErrorBook
from system.chain.typed_data import Domain
from system.errors import EvmReverted
from system.limits import CHAIN_BATCH_ITEMS_MAX
from system.ports.evm import Address, Call, Evm, Log

CONTRACT_NAMES: Final = (
    "AccessManager",
    "Participants",
    "Registry",
    "LotLedger",
    "FinancingDesk",
    "Settlement",
    "DepositToken",
)
_WORD_BYTES = 32
_VIEW_GAS = 10_000_000
_VIEWER = "0x" + "01" * 20


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of operation on the chain.

    Those with ``items_max`` above one go many to a transaction, as ``function(T[], bytes32)``.
    ``priority`` orders the kinds of one relay pass: cash exists before it is paid out. Gas is a
    ceiling, twice or more what is measured (contracts/README.md), and a full batch stays below a
    block of 30M. A payment's base has room for a receivable in the most lots allowed.
    """

    contract: str
    function: str
    priority: int
    gas_base: int
    gas_item: int = 0
    items_max: int = 1

    @property
    def correlated(self) -> bool:
        """True when a single call's last parameter is its correlation id."""
        return self.items_max == 1 and self.function != "approve"


_MANY = CHAIN_BATCH_ITEMS_MAX
KINDS: Final[dict[str, Kind]] = {
    "enrol": Kind("Participants", "enrolMany", 0, 60_000, 80_000, _MANY),
    "limit": Kind("FinancingDesk", "setLimitMany", 1, 60_000, 80_000, _MANY),
    "approve": Kind("DepositToken", "approve", 1, 120_000),
    "reinstate": Kind("Participants", "reinstate", 1, 120_000),
    "suspend": Kind("Participants", "suspend", 1, 120_000),
    "mint": Kind("DepositToken", "mintMany", 2, 80_000, 120_000, _MANY),
    "register": Kind("Registry", "registerMany", 3, 80_000, 150_000, _MANY),
    "accept": Kind("Registry", "acceptMany", 4, 80_000, 350_000, _MANY),
    "reject": Kind("Registry", "rejectMany", 4, 80_000, 100_000, _MANY),
    "expire": Kind("Registry", "expireMany", 4, 80_000, 100_000, _MANY),
    "dispute": Kind("Registry", "dispute", 5, 200_000),
    "credit": Kind("Settlement", "creditNote", 5, 1_000_000),
    "resolve": Kind("Registry", "resolveDispute", 6, 200_000),
    "due": Kind("Settlement", "markDueMany", 7, 80_000, 100_000, _MANY),
    "settle": Kind("Settlement", "settleMany", 8, 6_000_000, 400_000, _MANY),
    "overdue": Kind("Settlement", "markOverdueMany", 9, 80_000, 100_000, _MANY),
    "default": Kind("Settlement", "markDefaultMany", 9, 80_000, 100_000, _MANY),
    "split": Kind("LotLedger", "split", 10, 300_000),
    "endorse": Kind("LotLedger", "endorse", 10, 300_000),
    "disburse": Kind("FinancingDesk", "disburse", 11, 600_000),
    "recourse": Kind("Settlement", "recourse", 12, 500_000),
    "write_off": Kind("Settlement", "writeOff", 12, 3_000_000),
    "burn": Kind("DepositToken", "burn", 13, 200_000),
    "pause": Kind("Registry", "pause", 0, 100_000),
}


class Contracts:
    """One deployment: seven contracts on one chain."""

    def __init__(
        self, abis: dict[str, ContractAbi], addresses: dict[str, Address], chain_id: int
    ) -> None:
        self.addresses, self.chain_id = addresses, chain_id
        self._abis = abis
        self._abi_by_address = {addresses[name]: abi for name, abi in abis.items()}
        self._errors = ErrorBook(list(abis.values()))

    @cached_property
    def registry_domain(self) -> Domain:
        """For acceptances."""
        return Domain("Shapan Registry", "1", self.chain_id, self.addresses["Registry"])

    @cached_property
    def desk_domain(self) -> Domain:
        """For quotes and verdicts."""
        address = self.addresses["FinancingDesk"]
        return Domain("Shapan FinancingDesk", "1", self.chain_id, address)

    def item(self, kind: str, *values: Any) -> bytes:
        """One operation: an element of a batch, or the whole call data of a single call."""
        shape = KINDS[kind]
        abi = self._abis[shape.contract]
        if shape.items_max > 1:
            return abi.encode_element(shape.function, values)
        return abi.encode(shape.function, *values)

    def call(self, kind: str, sender: Address, items: Sequence[bytes], correlation: bytes) -> Call:
        """The transaction that carries these operations of one kind."""
        shape = KINDS[kind]
        data = items[0]
        if shape.items_max > 1:
            abi = self._abis[shape.contract]
            data = abi.selector(shape.function) + _packed(
                items, correlation, dynamic=abi.element_is_dynamic(shape.function)
            )
        gas_max = shape.gas_base + shape.gas_item * len(items)
        return Call(sender, self.addresses[shape.contract], data, gas_max)

    def decode(self, log: Log, wanted: Container[tuple[str, str]]) -> Decoded | None:
        """The event behind a log, or None for one of other contracts or not wanted.

        wanted: pairs of contract and event name.
        """
        abi = self._abi_by_address.get(log.address)
        event = abi.events.get(log.topics[0]) if abi is not None and log.topics else None
        if event is None or (event.contract, event.name) not in wanted:
            return None
        return event.decode(log)

    def refusal(self, data: bytes) -> EvmReverted:
        """Why a transaction reverted."""
        return self._errors.decode(data)

    def view(self, evm: Evm, contract: str, function: str, *values: Any) -> tuple[Any, ...]:
        """What a view function returns at the head. Raises EvmReverted."""
        abi, address = self._abis[contract], self.addresses[contract]
        call = Call(_VIEWER, address, abi.encode(function, *values), _VIEW_GAS)
        return abi.decode_result(function, evm.call(call))


def _packed(items: Sequence[bytes], correlation: bytes, *, dynamic: bool) -> bytes:
    """(T[], bytes32): where the array starts, the correlation id, then the array."""
    head = _word(2 * _WORD_BYTES) + correlation + _word(len(items))
    if not dynamic:
        return head + b"".join(items)
    offsets, offset = [], len(items) * _WORD_BYTES
    for item in items:
        offsets.append(_word(offset))
        offset += len(item)
    return head + b"".join(offsets) + b"".join(items)


def _word(number: int) -> bytes:
    return number.to_bytes(_WORD_BYTES)
