"""Chains side by side on one lifecycle: `python -m benchmarks.evm [--size small|full]`.

The baseline (1.0) is what a Python developer gets first: web3 and eth-tester, automine, each
transaction signed by eth_account, its receipt fetched. Ours run the same calls in blocks, and
fetch every receipt. All give the same digest of what happened, or the run fails. Chains in this
process are compared by its CPU time, which other work on the machine disturbs least; anvil, which
computes elsewhere, by wall time. Each figure is the best of several interleaved rounds.
"""

import argparse
import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise
from typing import Any

from eth_account import Account
from eth_tester import EthereumTester, PyEVMBackend
from web3 import EthereumTesterProvider, Web3

from benchmarks.anvil import REMEDY, anvil, anvil_program
from benchmarks.evm_lifecycle import ACCOUNTS, Lifecycle
from system.adapters.evm_embedded import EmbeddedChain
from system.adapters.evm_http import HttpChain
from system.adapters.evm_revm import RevmChain
from system.adapters.keys import KeyRing, derive
from system.ports.evm import Call

# eth-tester cannot be told its chain id, so all others take it over.
CHAIN_ID = 131_277_322_940_537
GENESIS_S = 1_767_225_600
SECRET = b"a secret of the benchmark only"
TARGETS = {"embedded": 2.0, "revm": 20.0, "anvil": 5.0}
_BASELINE = "web3 + eth-tester"
_CPU, _WALL = time.process_time, time.perf_counter
Clock = Callable[[], float]

Event = tuple[bool, tuple[tuple[str, bytes, bytes], ...]]
Run = Callable[[Sequence[Call]], list[Event]]


@dataclass(frozen=True, slots=True)
class Size:
    """receivables go through in waves; flat_blocks: length of the flatness measurement."""

    receivables: int
    wave: int
    rounds: int
    flat_blocks: int
    flat_window: int


SIZES = {
    "small": Size(receivables=10, wave=10, rounds=1, flat_blocks=60, flat_window=20),
    "full": Size(receivables=100, wave=50, rounds=3, flat_blocks=5_000, flat_window=100),
}


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

    def __init__(self, keys: KeyRing) -> None:
        self._accounts = {
            keys.address(name): Account.from_key(derive(SECRET, name)) for name in ACCOUNTS
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
def _rig(name: str, keys: KeyRing) -> Iterator[Run]:
    if name == _BASELINE:
        yield TesterRig(keys).run
    elif name == "embedded":
        chain = EmbeddedChain(keys, chain_id=CHAIN_ID, genesis_time_s=GENESIS_S)
        yield PortRig(chain).run
    elif name == "revm":
        yield PortRig(RevmChain(chain_id=CHAIN_ID, genesis_time_s=GENESIS_S)).run
    else:
        program = anvil_program()
        assert program is not None
        with anvil(program, chain_id=CHAIN_ID, genesis_time_s=GENESIS_S) as url:
            yield PortRig(HttpChain(url, keys)).run


def _set_up(run: Run, life: Lifecycle) -> None:
    for block in life.setup():
        assert all(ok for ok, _ in run(block)), "set-up of the lifecycle failed"


def _clock_of(name: str) -> Clock:
    return _WALL if name == "anvil" else _CPU


def _lifecycle(run: Run, life: Lifecycle, size: Size) -> tuple[dict[Clock, float], str]:
    """Seconds per transaction by each clock, and the digest of every outcome and log."""
    _set_up(run, life)
    waves = range(0, size.receivables, size.wave)
    blocks = [block for first in waves for block in life.wave(first, size.wave)]
    events: list[Event] = []
    started = {clock: clock() for clock in (_CPU, _WALL)}
    for block in blocks:
        events += run(block)
    spent_s = {
        clock: (clock() - start) / (4 * size.receivables) for clock, start in started.items()
    }
    assert all(ok for ok, _ in events), "a step of the lifecycle was refused"
    return spent_s, sha256(repr(events).encode()).hexdigest()


def _flatness(run: Run, life: Lifecycle, size: Size, clock: Clock) -> dict[str, float]:
    """Cost of one transaction in a block of its own, early and late in a long chain."""
    _set_up(run, life)
    calls = [life.register(number) for number in range(size.flat_blocks)]
    marks = [clock()]
    for call in calls:
        run([call])
        marks.append(clock())
    spent = [after - before for before, after in pairwise(marks)]
    first, window = 10, size.flat_window
    # Medians: one pause of a shared machine is not the chain's.
    early, late = sorted(spent[first : first + window]), sorted(spent[-window:])
    early_s, late_s = early[window // 2], late[window // 2]
    return {"early_ms": early_s * 1e3, "late_ms": late_s * 1e3, "ratio": late_s / early_s}


def measure(size_name: str) -> dict[str, Any]:
    """Every chain that is installed: tx_per_s, ratio to the baseline, flatness; one digest."""
    size, keys = SIZES[size_name], KeyRing(SECRET)
    life = Lifecycle(keys, chain_id=CHAIN_ID, genesis_time_s=GENESIS_S)
    names = [_BASELINE, *TARGETS]
    if anvil_program() is None:
        names.remove("anvil")
    best_s: dict[tuple[str, Clock], float] = {}
    digests: dict[str, str] = {}
    for name in names * size.rounds:
        with _rig(name, keys) as run:
            spent_s, digests[name] = _lifecycle(run, life, size)
        for clock, value in spent_s.items():
            best_s[name, clock] = min(value, best_s.get((name, clock), value))
    assert len(set(digests.values())) == 1, f"chains disagree: {digests}"
    flat: dict[str, dict[str, float]] = {}
    for name in names[1:]:
        with _rig(name, keys) as run:
            flat[name] = _flatness(run, life, size, _clock_of(name))
    clocks = {name: _clock_of(name) for name in names}
    return {
        "workload": "evm lifecycle",
        "size": size_name,
        "transactions": 4 * size.receivables,
        "digest": digests[_BASELINE],
        "tx_per_s": {name: 1 / best_s[name, clock] for name, clock in clocks.items()},
        "ratio": {
            name: best_s[_BASELINE, clock] / best_s[name, clock] for name, clock in clocks.items()
        },
        "flat": flat,
    }


def _print(result: dict[str, Any]) -> None:
    print(f"evm lifecycle, {result['size']}: {result['transactions']} transactions")
    title = "chain (anvil: wall, others: CPU)"
    print(f"{title:<34}{'tx/s':>8}{'ratio':>9}{'target':>9}{'late/early':>12}")
    for name, rate in result["tx_per_s"].items():
        target = f"{TARGETS[name]:.0f}" if name in TARGETS else ""
        flat = f"{result['flat'][name]['ratio']:.2f}" if name in result["flat"] else ""
        print(f"{name:<34}{rate:>8,.0f}{result['ratio'][name]:>9.1f}{target:>9}{flat:>12}")
    if "anvil" not in result["tx_per_s"]:
        print(f"NOT MEASURED: anvil is absent; {REMEDY}")
    print(f"digest {result['digest']}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", choices=SIZES, default="small")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    result = measure(options.size)
    if options.json:
        print(json.dumps(result, indent=2))
    else:
        _print(result)


if __name__ == "__main__":
    main()
