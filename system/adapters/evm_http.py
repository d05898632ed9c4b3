"""Any node that speaks Ethereum's JSON-RPC. Transactions are signed here; no key leaves.

Nodes take the members of one body in any order, so only neighbours of one sender, whose nonces
order them, share a body: transactions arrive in the order in which they were sent. A node that
orders equal fees by arrival (geth; anvil with --order fifo) then mines them in that order.
"""

from collections.abc import Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any

from system.adapters.evm_jsonrpc import JsonRpc, RpcFailure
from system.adapters.evm_transactions import check_gas, sign_call
from system.adapters.keys import KeyRing
from system.errors import CannotSeal, EvmReverted, EvmUnavailable, InputError
from system.ports.evm import Block, Call, Log, Receipt, Signed
from system.settings import GAS_PRICE_VARIABLE

# Wordings of geth, Besu, Nethermind, anvil, Hardhat.
_KNOWN = ("already known", "already imported", "known transaction", "alreadyknown")
_NONCE_USED = ("nonce too low", "nonce is too low", "nonce too old", "oldnonce", "below current")
_REPLACED = ("replacement",)
_CHEAP = ("underpriced", "base fee", "basefee", "gas price", "gasprice", "gas_price", "fee cap")
_POOR = ("insufficient funds", "insufficient balance", "upfront")
_REFUSED = (
    "intrinsic gas",
    "exceeds block gas limit",
    "invalid sender",
    "chain id",
    "chainid",
    "rlp",
    "decode",
)
_HALTED = ("revert", "evm error", "out of gas", "outofgas", "invalid opcode", "stack", "vm exec")


class HttpChain:
    """Implements the Evm port on a node, and BlockProducer where the node can seal on demand.

    gas_price_wei: paid by every transaction; 0 on permissioned chains.  price_checked: False for
    who only reads.  Raises InputError for a price below the head's base fee, EvmUnavailable when
    the node does not answer in timeout_s.
    """

    time_step_s = 1

    def __init__(
        self,
        url: str,
        keys: KeyRing,
        *,
        gas_price_wei: int = 0,
        timeout_s: float = 10.0,
        price_checked: bool = True,
    ) -> None:
        self._keys = keys
        self._gas_price_wei = gas_price_wei
        self._rpc = JsonRpc(url, timeout_s=timeout_s)
        self._chain_id = int(self._rpc.ask("eth_chainId"), 16)
        # Signed bytes keep their price for ever, so a hopeless one is refused before the first.
        if price_checked:
            self._check_price()

    def _check_price(self) -> None:
        head = self._rpc.ask("eth_getBlockByNumber", "latest", False)
        base_fee_wei = int(head.get("baseFeePerGas") or "0x0", 16)
        if self._gas_price_wei < base_fee_wei:
            remedy = f"the base fee is {base_fee_wei} wei and moves: give a good deal more"
            raise InputError(GAS_PRICE_VARIABLE, self._gas_price_wei, remedy)

    @property
    def chain_id(self) -> int:
        return self._chain_id

    @property
    def gas_is_authoritative(self) -> bool:
        return True

    def prepare(self, call: Call, nonce: int) -> Signed:
        price = self._gas_price_wei
        return sign_call(self._keys, call, nonce, chain_id=self._chain_id, gas_price_wei=price)

    def send(self, batch: Sequence[Signed]) -> None:
        """Accept what can be accepted; then raise for the first that cannot.

        Raises InputError when the node refused for good, EvmUnavailable when that is not sure.
        """
        answers: list[Any] = []
        for _, neighbours in groupby(batch, key=attrgetter("sender")):
            answers += self._rpc.try_all(
                [("eth_sendRawTransaction", [_hex(signed.raw)]) for signed in neighbours]
            )
        failed = [
            (signed, answer)
            for signed, answer in zip(batch, answers, strict=True)
            if isinstance(answer, RpcFailure) and not _says(answer, _KNOWN)
        ]
        known = self._rpc.ask_all(
            [("eth_getTransactionByHash", [_hex(signed.tx_hash)]) for signed, _ in failed]
        )
        for (signed, failure), found in zip(failed, known, strict=True):
            if found is None:
                raise self._refusal(signed, failure)

    def _refusal(self, signed: Signed, failure: RpcFailure) -> InputError | EvmUnavailable:
        if _says(failure, _NONCE_USED):
            return InputError("nonce", signed.nonce, "read the account's nonce and sign again")
        if _says(failure, _CHEAP) and not _says(failure, _REPLACED):
            remedy = f"give more for what is signed from now on; the node: {failure.message}"
            return InputError(GAS_PRICE_VARIABLE, self._gas_price_wei, remedy)
        if _says(failure, _POOR):
            return InputError("sender", signed.sender, f"fund the account: {failure.message}")
        if _says(failure, (*_REPLACED, *_REFUSED)):
            return InputError("transaction", _hex(signed.tx_hash), failure.message)
        return EvmUnavailable("eth_sendRawTransaction", failure.message)

    def call(self, call: Call) -> bytes:
        check_gas(call)
        answer = self._rpc.try_all([("eth_call", [_message(call), "latest"])])[0]
        if isinstance(answer, RpcFailure):
            raise _not_returned(answer)
        return _bytes(answer)

    def nonce(self, account: str) -> int:
        return int(self._rpc.ask("eth_getTransactionCount", account, "latest"), 16)

    def head(self) -> Block:
        return _block(self._rpc.ask("eth_getBlockByNumber", "latest", False))

    def block(self, number: int) -> Block | None:
        found = self._rpc.ask("eth_getBlockByNumber", hex(number), False)
        return None if found is None else _block(found)

    def receipts(self, tx_hashes: Sequence[bytes]) -> list[Receipt | None]:
        found = self._rpc.ask_all(
            [("eth_getTransactionReceipt", [_hex(tx_hash)]) for tx_hash in tx_hashes]
        )
        known = iter(self._complete([receipt for receipt in found if receipt is not None]))
        return [None if receipt is None else next(known) for receipt in found]

    def block_receipts(self, number: int) -> list[Receipt]:
        return self._complete(self._rpc.ask("eth_getBlockReceipts", hex(number)) or [])

    def seal(self, at_s: int) -> Block:
        """One block of all that is pending, as far as the node's block gas limit allows.

        Raises CannotSeal when the node makes its own, InputError when at_s is not above the head's.
        """
        head = self.head()
        if at_s <= head.time_s:
            raise InputError("at_s", at_s, f"give a time above the head's, {head.time_s}")
        # Two requests, not one batch: a node may run the members of a batch at the same time.
        for request in (("evm_setNextBlockTimestamp", [at_s]), ("evm_mine", [])):
            answer = self._rpc.try_all([request])[0]
            if isinstance(answer, RpcFailure):
                raise _cannot_seal(request[0], answer)
        return self.head()

    def _complete(self, found: Sequence[dict[str, Any]]) -> list[Receipt]:
        """Receipts with what nodes leave out: the block's time, and why a call failed."""
        hashes = list(dict.fromkeys(receipt["blockHash"] for receipt in found))
        blocks = self._rpc.ask_all([("eth_getBlockByHash", [h, False]) for h in hashes])
        if None in blocks:
            raise EvmUnavailable("eth_getBlockByHash", "the chain was reorganised while reading")
        block_by_hash = dict(zip(hashes, blocks, strict=True))
        reasons = self._reasons(found, block_by_hash)
        return [
            _receipt(
                r,
                int(block_by_hash[r["blockHash"]]["timestamp"], 16),
                reasons.get(r["transactionHash"], b""),
            )
            for r in found
        ]

    def _reasons(
        self, found: Sequence[dict[str, Any]], block_by_hash: dict[str, dict[str, Any]]
    ) -> dict[str, bytes]:
        """What each failed transaction returned, by its hash; none where that is not certain.

        From a trace of it. Without traces from a replay, of one that is alone in its block: beside
        others, which may have run first, a replay could name another reason than the true one.
        """
        failed = [receipt for receipt in found if receipt["status"] == "0x0"]
        tracer = {"tracer": "callTracer", "tracerConfig": {"onlyTopCall": True}}
        traces = self._rpc.try_all(
            [("debug_traceTransaction", [r["transactionHash"], tracer]) for r in failed]
        )
        reasons = {}
        for receipt, trace in zip(failed, traces, strict=True):
            if not isinstance(trace, RpcFailure):
                reasons[receipt["transactionHash"]] = _bytes((trace or {}).get("output"))
            elif len(block_by_hash[receipt["blockHash"]]["transactions"]) == 1:
                reasons[receipt["transactionHash"]] = self._replay(receipt)
        return reasons

    def _replay(self, receipt: dict[str, Any]) -> bytes:
        # A refused transaction leaves the state as it was, so after the block is as good as before
        # it, and there the block's own time and number hold.
        sent = self._rpc.ask("eth_getTransactionByHash", receipt["transactionHash"])
        message = {"from": sent["from"], "data": sent["input"], "gas": sent["gas"]}
        if sent["to"]:
            message["to"] = sent["to"]
        answer = self._rpc.try_all([("eth_call", [message, receipt["blockNumber"]])])[0]
        return _error_data(answer) if isinstance(answer, RpcFailure) else b""


def _receipt(found: dict[str, Any], time_s: int, revert_data: bytes) -> Receipt:
    ok = found["status"] == "0x1"
    created = found.get("contractAddress")
    return Receipt(
        tx_hash=_bytes(found["transactionHash"]),
        block_number=int(found["blockNumber"], 16),
        block_hash=_bytes(found["blockHash"]),
        block_time_s=time_s,
        tx_index=int(found["transactionIndex"], 16),
        gas_used=int(found["gasUsed"], 16),
        ok=ok,
        revert_data=revert_data,
        contract_address=created.lower() if ok and created else None,
        logs=tuple(_log(log) for log in found["logs"]),
    )


def _log(found: dict[str, Any]) -> Log:
    return Log(
        address=found["address"].lower(),
        topics=tuple(_bytes(topic) for topic in found["topics"]),
        data=_bytes(found["data"]),
        block_number=int(found["blockNumber"], 16),
        block_hash=_bytes(found["blockHash"]),
        tx_hash=_bytes(found["transactionHash"]),
        tx_index=int(found["transactionIndex"], 16),
        log_index=int(found["logIndex"], 16),
    )


def _block(found: dict[str, Any]) -> Block:
    return Block(
        number=int(found["number"], 16),
        hash=_bytes(found["hash"]),
        parent_hash=_bytes(found["parentHash"]),
        time_s=int(found["timestamp"], 16),
    )


def _message(call: Call) -> dict[str, str]:
    message = {"from": call.sender, "data": _hex(call.data), "gas": hex(call.gas_max)}
    return message if call.to is None else {**message, "to": call.to}


def _not_returned(failure: RpcFailure) -> EvmReverted | InputError | EvmUnavailable:
    data = _error_data(failure)
    if data or _says(failure, _HALTED):
        return EvmReverted("", {}, data)
    if _says(failure, (*_CHEAP, *_POOR, *_REFUSED)):
        return InputError("call", failure.code, failure.message)
    return EvmUnavailable("eth_call", failure.message)


def _cannot_seal(method: str, failure: RpcFailure) -> InputError | EvmUnavailable:
    if failure.is_unknown_method:
        return CannotSeal("evm", method, "use a development node, or wait for the node's blocks")
    return EvmUnavailable(method, failure.message)


def _says(failure: RpcFailure, wordings: Sequence[str]) -> bool:
    message = failure.message.lower()
    return any(wording in message for wording in wordings)


def _error_data(failure: RpcFailure) -> bytes:
    """Revert data, which nodes put at different depths (Hardhat nests it once more)."""
    data = failure.data
    while isinstance(data, dict):
        data = data.get("data")
    return _bytes(data) if isinstance(data, str) and data.startswith("0x") else b""


def _hex(data: bytes) -> str:
    return "0x" + data.hex()


def _bytes(text: str | None) -> bytes:
    return bytes.fromhex(text[2:]) if text else b""
