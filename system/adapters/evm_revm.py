"""The volume chain: the same bytecode on pyrevm, about two orders of magnitude faster than py-evm.

What it does not give, and what follows:
- No transaction boundary: storage slots stay warm, so gas is not authoritative, and a contract
  must not depend on transient storage being cleared.
- pyrevm frees nothing: about 6 kB per transaction of the receivables' lifecycle (its journal, and
  state), 9 kB with blocks and receipts. One process per replication, and about 100,000 transactions
  (1 GB) in each. A chain that lives longer is ``evm_kept``'s, which frees both.
- Transactions are opaque and unsigned: this chain trusts its caller. Signatures that contracts
  check themselves (EIP-712) are real.
- BLOCKHASH is made up by pyrevm.
"""

import re
from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Any

from system.adapters.evm_blocks import Blocks, Mined, Outcome
from system.adapters.evm_local import LocalChain
from system.adapters.evm_pool import Pending
from system.adapters.evm_transactions import Opened, check_gas, contract_address
from system.errors import EvmReverted, EvmUnavailable, InputError
from system.ports.evm import Block, Call, Signed

# pyrevm silently runs its newest rules for a name that it does not know.
_FORK = "CANCUN"
_GAS_LIMIT = 10**12
# revm pads stored code with a PUSH32's worth of zeros, and pyrevm shows them.
_CODE_PADDING = 33
_DEPLOYMENT = b"\0" * 21
# How pyrevm's errors begin where a state that is not its own could not be read.
_UNREAD = "Database("
_FAILURE = re.compile(r"gas_used: (\d+)(?:, output: 0x([0-9a-f]*))?")


class RevmChain(LocalChain):
    """Implements the Evm and BlockProducer ports on pyrevm.

    genesis_time_s: timestamp of block 0.  time_step_s: 0 lets blocks of one second have one time,
    as consortium chains with shorter periods do.  blocks: makes the place where blocks are kept.
    Raises InputError when pyrevm is not installed.
    """

    def __init__(
        self,
        *,
        chain_id: int,
        genesis_time_s: int,
        time_step_s: int = 1,
        blocks: Callable[[Block], Blocks] = Blocks,
    ) -> None:
        self.time_step_s = time_step_s
        self._revm = _load_revm()
        self._genesis = Block(
            0, block_hash(b"\0" * 32, 0, genesis_time_s, ()), b"\0" * 32, genesis_time_s
        )
        super().__init__(chain_id, blocks(self._genesis))
        self._vm = self._new_vm()
        # The number of the last block that was executed, and the state before it.
        self._before_last: tuple[int, Any] | None = None

    @property
    def gas_is_authoritative(self) -> bool:
        return False

    def prepare(self, call: Call, nonce: int) -> Signed:
        check_gas(call)
        sender = call.sender.lower()
        raw = b"".join(
            (
                bytes.fromhex(sender[2:]),
                nonce.to_bytes(8),
                call.gas_max.to_bytes(8),
                b"\1" + bytes.fromhex(call.to[2:]) if call.to else _DEPLOYMENT,
                call.data,
            )
        )
        return Signed(raw, sha256(raw).digest(), sender, nonce)

    def _view(self, call: Call) -> bytes:
        checkpoint = self._vm.snapshot()
        try:
            told = bytes(self._run(call, self.nonce(call.sender)))
        except RuntimeError as error:
            self._vm.revert(checkpoint)
            raise EvmReverted("", {}, _failure(error)[1]) from None
        self._vm.revert(checkpoint)
        return told

    def _run(self, call: Call, nonce: int) -> Any:
        """Raises RuntimeError where it reverts, EvmUnavailable where the state cannot be read; then
        what the machine holds is worth nothing."""
        try:
            return self._called(call, nonce)
        except RuntimeError as error:
            if not str(error).startswith(_UNREAD):
                raise
        except BaseException as error:
            # Rust's own end, as when no file can be opened. It is no Exception.
            if type(error).__name__ != "PanicException":
                raise
        # Without the cause: it tells the address, with the word that opens it.
        raise EvmUnavailable("read its state", "what serves it is gone")

    def _called(self, call: Call, nonce: int) -> Any:
        if call.to is not None:
            return self._vm.message_call(call.sender, call.to, call.data, gas=call.gas_max)
        # pyrevm does not count calls, so the deployer's nonce is set to the chain's.
        account = self._revm.AccountInfo(nonce=nonce)
        self._vm.insert_account_info(call.sender, account)
        address = self._vm.deploy(call.sender, call.data, gas=call.gas_max)
        code = self._vm.get_code(address) or b""
        return code[: max(0, len(code) - _CODE_PADDING)]

    def _open(self, raw: bytes) -> Opened:
        if len(raw) < 57:
            raise InputError("raw", raw.hex(), "send the bytes that prepare returned")
        to = raw[36:57]
        call = Call(
            sender="0x" + raw[:20].hex(),
            to=None if to == _DEPLOYMENT else "0x" + to[1:].hex(),
            data=raw[57:],
            gas_max=int.from_bytes(raw[28:36]),
        )
        return Opened(call, int.from_bytes(raw[20:28]))

    def _execute(self, time_s: int, batch: Sequence[Pending]) -> tuple[bytes, list[Outcome]]:
        head = self.head()
        self._remember(head.number + 1)
        self._enter_block(head.number + 1, time_s)
        try:
            outcomes = [self._apply(pending.opened) for pending in batch]
        except BaseException:
            self._undo_block()
            raise
        hashes = [pending.signed.tx_hash for pending in batch]
        return block_hash(head.hash, head.number + 1, time_s, hashes), outcomes

    def _undo_block(self) -> None:
        """Half of a block never was."""
        assert self._before_last is not None
        self._vm.revert(self._before_last[1])
        self._before_last = None
        head = self.head()
        self._enter_block(head.number, head.time_s)

    def _apply(self, opened: Opened) -> Outcome:
        call = opened.call
        try:
            self._run(call, opened.nonce)
        except RuntimeError as error:
            return _failed(error, call)
        result = self._vm.result
        events = tuple(
            (log.address.lower(), tuple(log.data[0]), log.data[1]) for log in result.logs
        )
        created = contract_address(call.sender, opened.nonce) if call.to is None else None
        return Outcome(result.gas_used, True, b"", created, events)

    def _remember(self, number: int) -> None:
        """Of two states before blocks only the later is kept: pyrevm cannot hold many."""
        if self._before_last is not None:
            self._vm.commit()
        self._before_last = (number, self._vm.snapshot())

    def _rewind(self, to: Block) -> None:
        if self._before_last is not None and self._before_last[0] == to.number + 1:
            self._vm.revert(self._before_last[1])
            # What is asked next is asked at the head: its number and time are no part of the state.
            self._enter_block(to.number, to.time_s)
            self._before_last = None
        else:
            self._run_again()

    def _run_again(self) -> None:
        """pyrevm can neither copy a state nor go back far: the chain is run from its beginning."""
        self._vm, self._before_last = self._new_vm(), None
        for mined in self._to_run_again():
            self._enter_block(mined.block.number, mined.block.time_s)
            for pending in mined.transactions:
                self._apply(pending.opened)

    def _to_run_again(self) -> Sequence[Mined]:
        """The blocks after the state that a new machine has."""
        return self._blocks.in_memory()[1:]

    def _enter_block(self, number: int, time_s: int) -> None:
        self._vm.set_block_env(self._block_env(number, time_s))

    def _block_env(self, number: int, time_s: int) -> Any:
        return self._revm.BlockEnv(number=number, timestamp=time_s, basefee=0, gas_limit=_GAS_LIMIT)

    def _new_vm(self) -> Any:
        """One with the state before all blocks of ``_to_run_again``."""
        return self._machine(self._genesis)

    def _machine(self, head: Block, **state_elsewhere: str) -> Any:
        env = self._revm.Env(cfg=self._revm.CfgEnv(chain_id=self._chain_id))
        vm = self._revm.EVM(spec_id=_FORK, env=env, gas_limit=_GAS_LIMIT, **state_elsewhere)
        vm.set_block_env(self._block_env(head.number, head.time_s))
        return vm


def _load_revm() -> Any:
    try:
        import pyrevm
    except ImportError:
        remedy = "install pyrevm (Python 3.11 or 3.12), or choose the embedded chain"
        raise InputError("evm", "revm", remedy) from None
    return pyrevm


def _failed(error: RuntimeError, call: Call) -> Outcome:
    try:
        gas_used, revert_data = _failure(error)
    except InputError:
        # No rule of the EVM lets it run, such as code that is too large: a block takes its gas.
        gas_used, revert_data = call.gas_max, b""
    return Outcome(gas_used, False, revert_data, None, ())


def _failure(error: RuntimeError) -> tuple[int, bytes]:
    """Gas used and revert data: pyrevm reports them only in its message."""
    found = _FAILURE.search(str(error))
    if found is None:
        raise InputError("call", str(error), "give more gas or correct the call") from error
    return int(found[1]), bytes.fromhex(found[2] or "")


def block_hash(parent: bytes, number: int, time_s: int, tx_hashes: Sequence[bytes]) -> bytes:
    header = parent + number.to_bytes(8) + time_s.to_bytes(8)
    return sha256(header + b"".join(tx_hashes)).digest()
