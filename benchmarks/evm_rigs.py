"""The chains of the benchmark behind one function: calls in, what happened out."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from eth_account import Account
from eth_tester import EthereumTester, PyEVMBackend
from web3 import EthereumTesterProvider, Web3

from benchmarks.anvil import anvil, anvil_program
from benchmarks.evm_lifecycle import ACCOUNTS
from system.adapters.evm_embedded import EmbeddedChain
from system.adapters.evm_http import HttpChain
from system.adapters.evm_revm import RevmChain
from system.adapters.keys import KeyRing, derive
from system.ports.evm import Call

# eth-tester cannot be told its chain id, so all others take it over.
CHAIN_ID = 131_277_322_940_537
GENESIS_S = 1_767_225_600
KEYS = KeyRing(SECRET := b"a secret of the benchmark only")
BASELINE = "web3 + eth-tester"

Event = tuple[bool, tuple[tuple[str, bytes, bytes], ...]]
Run = Callable[[Sequence[Call]], list[Event]]


class PortRig:
    """Any chain behind our port: a block per list of calls."""

    def __init__(self, chain: Any) -> None:
        self._chain = chain
        self._nonces: dict[str, int] = {}

    def run(self, calls: Sequence[Call]) -> list[Event]:
        chain = self._chain
        batch = [chain.prepare(call, self._take_nonce(call.sender)) for call in calls]
        chain.send(batch)
        chain.seal(chain.head().time_s + 5)
        receipts = chain.receipts([signed.tx_hash for signed in batch])
        return [
            (r.ok, tuple((log.address, b"".join(log.topics), log.data) for log in r.logs))
            for r in receipts
        ]

    def _take_nonce(self, sender: str) -> int:
        nonce = self._nonces.get(sender, 0)
        self._nonces[sender] = nonce + 1
        return nonce


class TesterRig:
    """web3 on eth-tester with its defaults, nonce, gas and fees given (or it would be slower)."""

    def __init__(self) -> None:
        self._accounts = {
            KEYS.address(name): Account.from_key(derive(SECRET, name)) for name in ACCOUNTS
        }
        rich = {"balance": 10**24, "nonce": 0, "code": b"", "storage": {}}
        state = {bytes.fromhex(address[2:]): rich for address in self._accounts}
        params = PyEVMBackend.generate_genesis_params({"timestamp": GENESIS_S})
        backend = PyEVMBackend(genesis_parameters=params, genesis_state=state)
        self._eth = Web3(EthereumTesterProvider(EthereumTester(backend))).eth
        self._nonces: dict[str, int] = {}

    def run(self, calls: Sequence[Call]) -> list[Event]:
        return [self._run_one(call) for call in calls]

    def _run_one(self, call: Call) -> Event:
        nonce = self._nonces.get(call.sender, 0)
        self._nonces[call.sender] = nonce + 1
        fields: dict[str, Any] = {
            "nonce": nonce,
            "gas": call.gas_max,
            "maxFeePerGas": 2 * 10**9,
            "maxPriorityFeePerGas": 1,
            "value": 0,
            "data": call.data,
            "chainId": CHAIN_ID,
        }
        if call.to is not None:
            fields["to"] = Web3.to_checksum_address(call.to)
        signed = self._accounts[call.sender].sign_transaction(fields)
        receipt = self._eth.get_transaction_receipt(
            self._eth.send_raw_transaction(signed.raw_transaction)
        )
        logs = tuple(
            (log["address"].lower(), b"".join(map(bytes, log["topics"])), bytes(log["data"]))
            for log in receipt["logs"]
        )
        return receipt["status"] == 1, logs


@contextmanager
def rig(name: str) -> Iterator[Run]:
    """A fresh chain: BASELINE, "embedded", "revm" or "anvil" (which has to be installed)."""
    if name == BASELINE:
        yield TesterRig().run
    elif name == "embedded":
        yield PortRig(EmbeddedChain(KEYS, chain_id=CHAIN_ID, genesis_time_s=GENESIS_S)).run
    elif name == "revm":
        yield PortRig(RevmChain(chain_id=CHAIN_ID, genesis_time_s=GENESIS_S)).run
    else:
        program = anvil_program()
        assert program is not None
        with anvil(program, chain_id=CHAIN_ID, genesis_time_s=GENESIS_S) as url:
            yield PortRig(HttpChain(url, KEYS)).run
