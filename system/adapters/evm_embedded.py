"""The default chain: py-evm in this process, as eth-tester configures it. Authoritative for gas.

py-evm is driven directly rather than through eth-tester's backend, which executes every pending
transaction twice, refuses a sender's second one, and looks receipts up by scanning blocks.
Fees are zero and the block gas limit is out of reach, as on a permissioned chain; the base fee
then stays zero, so no account needs ether.
"""

from collections.abc import Sequence
from typing import Any

from eth.constants import CREATE_CONTRACT_ADDRESS
from eth.vm.message import Message
from eth_tester.backends.pyevm.main import (
    get_default_account_state,
    get_default_genesis_params,
    setup_tester_chain,
)
from eth_typing import Address as CanonicalAddress

from system.adapters.evm_blocks import Blocks, Outcome
from system.adapters.evm_interpreter import FastCancunVM
from system.adapters.evm_local import LocalChain
from system.adapters.evm_pool import Pending
from system.adapters.evm_transactions import (
    Opened,
    contract_address,
    intrinsic_gas,
    open_raw,
    sign_call,
)
from system.adapters.keys import KeyRing
from system.errors import EvmReverted
from system.ports.evm import Address, Block, Call, Signed

_GAS_LIMIT = 10**12
_NOBODY = b"\0" * 20


class EmbeddedChain(LocalChain):
    """Implements the Evm and BlockProducer ports on py-evm.

    keys: signs what prepare is asked for.  genesis_time_s: timestamp of block 0.
    """

    def __init__(self, keys: KeyRing, *, chain_id: int, genesis_time_s: int) -> None:
        self._keys = keys
        self._chain = _new_chain(chain_id, genesis_time_s)
        header = self._chain.get_canonical_block_header_by_number(0)
        self._headers = [header]
        self._head_vm: Any = None
        genesis = Block(0, header.hash, header.parent_hash, genesis_time_s)
        super().__init__(chain_id, Blocks(genesis))

    @property
    def gas_is_authoritative(self) -> bool:
        return True

    def prepare(self, call: Call, nonce: int) -> Signed:
        return sign_call(self._keys, call, nonce, chain_id=self._chain_id, gas_price_wei=0)

    def _view(self, call: Call) -> bytes:
        if self._head_vm is None:
            self._head_vm = self._chain.get_vm(self._headers[-1])
        state = self._head_vm.state
        snapshot = state.snapshot()
        try:
            computation = _run(state, call, self.nonce(call.sender))
        finally:
            state.revert(snapshot)
        if computation.is_error:
            raise EvmReverted("", {}, _revert_data(computation))
        return bytes(computation.output)

    def _open(self, raw: bytes) -> Opened:
        return open_raw(raw, chain_id=self._chain_id)

    def _execute(self, time_s: int, batch: Sequence[Pending]) -> tuple[bytes, list[Outcome]]:
        self._chain.set_header_timestamp(time_s)
        builder = self._chain.get_vm().get_transaction_builder()
        transactions = [builder.decode(pending.signed.raw) for pending in batch]
        imported, receipts, computations = self._chain.mine_all(transactions)
        header = imported.imported_block.header
        self._headers.append(header)
        self._head_vm = None
        gas_before = 0
        outcomes = []
        for pending, receipt, computation in zip(batch, receipts, computations, strict=True):
            outcomes.append(_outcome(pending, receipt, computation, gas_before))
            gas_before = receipt.gas_used
        return header.hash, outcomes

    def _rewind(self, to: Block) -> None:
        del self._headers[to.number + 1 :]
        self._chain.header = self._chain.create_header_from_parent(self._headers[-1])
        self._head_vm = None


def _new_chain(chain_id: int, genesis_time_s: int) -> Any:
    """py-evm with a genesis that depends on the arguments only."""
    overrides = {"timestamp": genesis_time_s, "gas_limit": _GAS_LIMIT}
    params = {**get_default_genesis_params(overrides), "base_fee_per_gas": 0}
    # One account, since eth-tester would fund ten of its own for an empty state.
    genesis = {_NOBODY: get_default_account_state({"balance": 0})}
    _, chain = setup_tester_chain(params, genesis, vm_configuration=((0, FastCancunVM),))
    type(chain).chain_id = chain_id  # eth-tester makes the class anew for each chain
    return chain


def _run(state: Any, call: Call, nonce: int) -> Any:
    sender = _canonical(call.sender)
    context = state.get_transaction_context_class()(gas_price=0, origin=sender)
    gas = call.gas_max - intrinsic_gas(call.to, call.data)
    if call.to is None:
        created = _canonical(contract_address(call.sender, nonce))
        message = Message(
            gas, CREATE_CONTRACT_ADDRESS, sender, 0, b"", call.data, create_address=created
        )
        return state.computation_class.apply_create_message(state, message, context)
    to = _canonical(call.to)
    message = Message(gas, to, sender, 0, call.data, state.get_code(to))
    return state.computation_class.apply_message(state, message, context)


def _outcome(pending: Pending, receipt: Any, computation: Any, gas_before: int) -> Outcome:
    call, nonce = pending.opened.call, pending.opened.nonce
    ok = not computation.is_error
    created = contract_address(call.sender, nonce) if ok and call.to is None else None
    events = tuple(
        (
            "0x" + log.address.hex(),
            tuple(topic.to_bytes(32) for topic in log.topics),
            bytes(log.data),
        )
        for log in receipt.logs
    )
    return Outcome(
        gas_used=receipt.gas_used - gas_before,
        ok=ok,
        revert_data=b"" if ok else _revert_data(computation),
        contract_address=created,
        events=events,
    )


def _revert_data(computation: Any) -> bytes:
    # Only REVERT returns data; an invalid opcode or exhausted gas returns none.
    return bytes(computation.output)


def _canonical(address: Address) -> CanonicalAddress:
    return CanonicalAddress(bytes.fromhex(address[2:]))
