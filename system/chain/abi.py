"""Call data, events and errors of contracts, from the committed ABI files.

Encoders and decoders are built once per function, event and error: a call costs microseconds.
Values are plain Python: int, bool, bytes, lower-case hex addresses, tuples for structs.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from eth_hash.auto import keccak

from system.chain.abi_codec import codec_of, tuple_of
from system.errors import EvmReverted, InputError
from system.ports.evm import Log

_STATIC_INDEXED = ("uint", "int", "address", "bool", "bytes")
# The two errors that the compiler itself emits.
_BUILT_IN_ERRORS = (
    {"type": "error", "name": "Error", "inputs": [{"name": "reason", "type": "string"}]},
    {"type": "error", "name": "Panic", "inputs": [{"name": "code", "type": "uint256"}]},
)


@dataclass(frozen=True, slots=True)
class Decoded:
    """One log in the contract's own words: ``values`` by parameter name."""

    contract: str
    name: str
    values: dict[str, Any]
    log: Log


class Tuple:
    """Encodes and decodes one list of parameters."""

    def __init__(self, inputs: Sequence[dict[str, Any]]) -> None:
        self.names = tuple(item["name"] for item in inputs)
        codec = tuple_of([codec_of(item) for item in inputs])
        self.encode, self.is_dynamic = codec.encode, codec.dynamic
        self._decode = codec.decode

    def decode(self, data: bytes) -> tuple[Any, ...]:
        """The values in the data. Raises ValueError when it is too short."""
        values: tuple[Any, ...] = self._decode(data, 0)
        return values


class EventShape:
    """How one event lies in topics and data."""

    def __init__(self, contract: str, entry: dict[str, Any]) -> None:
        self.contract, self.name = contract, str(entry["name"])
        indexed = [item for item in entry["inputs"] if item["indexed"]]
        assert all(item["type"].startswith(_STATIC_INDEXED) for item in indexed)
        self._topics = Tuple(indexed)
        self._data = Tuple([item for item in entry["inputs"] if not item["indexed"]])
        self.topic = keccak(signature(entry))

    def decode(self, log: Log) -> Decoded:
        topics = self._topics.decode(b"".join(log.topics[1:]))
        values = dict(zip(self._topics.names, topics, strict=True))
        values.update(zip(self._data.names, self._data.decode(log.data), strict=True))
        return Decoded(self.contract, self.name, values, log)


class ContractAbi:
    """One contract: what can be called, what it logs, how it refuses."""

    def __init__(self, name: str, abi: Sequence[dict[str, Any]], bytecode: bytes) -> None:
        self.name, self.bytecode = name, bytecode
        self.constructor = Tuple(
            next((entry["inputs"] for entry in abi if entry["type"] == "constructor"), [])
        )
        self._functions: dict[str, tuple[bytes, Tuple, Tuple]] = {}
        self._inputs: dict[str, Sequence[dict[str, Any]]] = {}
        self._elements: dict[str, Tuple] = {}
        for entry in abi:
            if entry["type"] == "function":
                shapes = (Tuple(entry["inputs"]), Tuple(entry["outputs"]))
                # Of overloads the first is kept; none that we call is overloaded.
                self._functions.setdefault(entry["name"], (selector(entry), *shapes))
                self._inputs.setdefault(entry["name"], entry["inputs"])
        events = (EventShape(name, entry) for entry in abi if entry["type"] == "event")
        self.events = {event.topic: event for event in events}
        self.errors = [entry for entry in abi if entry["type"] == "error"]

    def encode(self, function: str, *values: Any) -> bytes:
        """Call data of a function."""
        head, inputs, _ = self._functions[function]
        return head + inputs.encode(values)

    def selector(self, function: str) -> bytes:
        """The four bytes by which a function is called."""
        return self._functions[function][0]

    def encode_element(self, function: str, values: Sequence[Any]) -> bytes:
        """One element of the array that is the function's first parameter."""
        return self._element(function).encode(values)

    def element_is_dynamic(self, function: str) -> bool:
        """True when such an element has no fixed length, so that the array holds offsets."""
        return self._element(function).is_dynamic

    def _element(self, function: str) -> Tuple:
        known = self._elements.get(function)
        if known is None:
            array = self._inputs[function][0]
            parts = array.get("components", [{"name": "", "type": array["type"][:-2]}])
            known = self._elements[function] = Tuple(parts)
        return known

    def decode_result(self, function: str, data: bytes) -> tuple[Any, ...]:
        """What a function returned."""
        return self._functions[function][2].decode(data)


class ErrorBook:
    """Every custom error of a set of contracts, by selector."""

    def __init__(self, contracts: Sequence[ContractAbi]) -> None:
        entries = [entry for contract in contracts for entry in contract.errors]
        self._errors = {
            selector(entry): (str(entry["name"]), Tuple(entry["inputs"]))
            for entry in (*_BUILT_IN_ERRORS, *entries)
        }

    def decode(self, data: bytes) -> EvmReverted:
        """The refusal in the contract's own words; an empty name when it is not known."""
        name, shape = self._errors.get(data[:4], ("", None))
        if shape is None:
            return EvmReverted("", {}, data)
        try:
            values = shape.decode(data[4:])
        except ValueError:
            return EvmReverted("", {}, data)
        return EvmReverted(name, dict(zip(shape.names, values, strict=True)), data)


def type_of(item: dict[str, Any]) -> str:
    """The canonical type of a parameter, structs written out."""
    kind = str(item["type"])
    if not kind.startswith("tuple"):
        return kind
    return f"({','.join(type_of(part) for part in item['components'])}){kind[5:]}"


def signature(entry: dict[str, Any]) -> bytes:
    """name(type,…) as hashed for selectors and topics."""
    return f"{entry['name']}({','.join(type_of(item) for item in entry['inputs'])})".encode()


def selector(entry: dict[str, Any]) -> bytes:
    """The first four bytes of a function's or error's hash."""
    return bytes(keccak(signature(entry))[:4])


@lru_cache(maxsize=64)
def load_contract(folder: Path, name: str) -> ContractAbi:
    """The committed build of one contract, read once. Raises InputError when it is not there."""
    path = folder / f"{name}.json"
    try:
        artifact = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError("contract", name, "run `make contracts`", file=str(path)) from None
    bytecode = bytes.fromhex(artifact["bytecode"].removeprefix("0x"))
    return ContractAbi(name, artifact["abi"], bytecode)
