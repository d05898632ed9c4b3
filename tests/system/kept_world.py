"""Kept chains with short windows, and what is done with them."""

import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

from system.adapters.evm_kept import KeptRevmChain
from system.adapters.evm_revm import RevmChain
from system.errors import EvmReverted
from system.ports.evm import Address, Call, Receipt
from tests.ports.evm_box import BOX_CODE

GENESIS_S = 1_767_225_600
MAKER, OTHER = "0x" + "11" * 20, "0x" + "22" * 20
Chain = RevmChain | KeptRevmChain


def opened(path: Path, transactions_per_window: int = 2) -> KeptRevmChain:
    return KeptRevmChain(
        path,
        chain_id=7,
        genesis_time_s=GENESIS_S,
        transactions_per_window=transactions_per_window,
    )


def run(chain: Chain, *calls: tuple[Address, Address | None, bytes]) -> list[Receipt | None]:
    """A block of these; gas aside, which depends on what a window met before."""
    signed = []
    for offset, (sender, to, data) in enumerate(calls):
        earlier = sum(other == sender for other, _, _ in calls[:offset])
        call = Call(sender, to, data, 300_000)
        signed.append(chain.prepare(call, chain.nonce(sender) + earlier))
    chain.send(signed)
    chain.seal(chain.head().time_s + 5)
    receipts = chain.receipts([one.tx_hash for one in signed])
    return [one and replace(one, gas_used=0) for one in receipts]


def box_of(chain: Chain) -> Address:
    [receipt] = run(chain, (MAKER, None, BOX_CODE))
    assert receipt is not None
    assert receipt.contract_address is not None
    return receipt.contract_address


def viewed(chain: Chain, box: Address, data: bytes) -> Any:
    try:
        return chain.call(Call(OTHER, box, data, 300_000))
    except EvmReverted as error:
        return error.data


def kill_state(chain: KeptRevmChain) -> None:
    os.kill(chain.state_pid, signal.SIGKILL)


def is_running(pid: int) -> bool:
    """As a process, not as the remains of one."""
    try:
        return " Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
