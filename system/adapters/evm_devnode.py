"""A development node taken back to its beginning, so that one node serves one chain after another.

A chain's time only grows, and the same keys would find the contracts of the chain before. Only
anvil can go back in time; it alone is supported.
"""

from typing import Final

from system.adapters.evm_jsonrpc import JsonRpc, RpcFailure
from system.errors import EvmUnavailable, InputError

_REMEDY: Final = "give the URL of an anvil started with --order fifo, for nothing but this run"
# Above any block: a deployment alone asks for more than 30M gas, most of which it gives back.
_BLOCK_GAS_MAX: Final = 10**12


def start_over(url: str, head_time_s: int, *, timeout_s: float = 10.0) -> None:
    """Forget every block and transaction of the node; its new head has this time.

    Blocks are then sealed on demand, without fees. Raises InputError when the node cannot do it
    or orders transactions otherwise than they came, EvmUnavailable when it does not answer.
    """
    rpc = JsonRpc(url, timeout_s=timeout_s)
    info = _ask(rpc, "anvil_nodeInfo")
    if info.get("transactionOrder") != "fifo":
        raise InputError("evm", url, _REMEDY)
    _ask(rpc, "anvil_dropAllTransactions")
    _ask(rpc, "anvil_reset")
    _ask(rpc, "evm_setAutomine", False)
    _ask(rpc, "evm_setBlockGasLimit", hex(_BLOCK_GAS_MAX))
    _ask(rpc, "anvil_setNextBlockBaseFeePerGas", "0x0")
    # The only request that may set the clock back; the genesis keeps the time of anvil's start.
    _ask(rpc, "evm_setTime", head_time_s - 1)
    _ask(rpc, "evm_setNextBlockTimestamp", head_time_s)
    _ask(rpc, "evm_mine")


def _ask(rpc: JsonRpc, method: str, *params: object) -> dict[str, object]:
    # One request at a time: a node may run the members of a batch at once.
    answer = rpc.try_all([(method, list(params))])[0]
    if isinstance(answer, RpcFailure):
        if answer.is_unknown_method:
            raise InputError("evm", method, _REMEDY)
        raise EvmUnavailable(method, answer.message)
    return answer if isinstance(answer, dict) else {}
