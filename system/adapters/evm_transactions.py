"""Legacy (EIP-155) transactions: encode, sign, recover, without a wallet library in the hot path.

Legacy rather than EIP-1559 because every chain takes them, consortium chains included, and the
fee is one explicit number. Equality with eth_account's bytes is tested.
"""

from dataclasses import dataclass

import rlp
from coincurve import PublicKey
from eth_hash.auto import keccak

from system.adapters.keys import KeyRing, address_of
from system.errors import InputError
from system.ports.evm import Address, Call, Signed

_GAS_TX = 21_000
_GAS_CREATE = 32_000
_GAS_ZERO_BYTE = 4
_GAS_OTHER_BYTE = 16
_GAS_INITCODE_WORD = 2


@dataclass(frozen=True, slots=True)
class Opened:
    """A raw transaction taken apart; the call's sender is proven."""

    call: Call
    nonce: int


def sign_call(
    keys: KeyRing, call: Call, nonce: int, *, chain_id: int, gas_price_wei: int
) -> Signed:
    """The signed raw transaction of a call that carries no ether.

    Raises InputError when its gas is too low to start, or the sender's key is missing.
    """
    check_gas(call)
    body = [nonce, gas_price_wei, call.gas_max, _bytes_of(call.to), 0, call.data]
    digest = keccak(rlp.encode([*body, chain_id, 0, 0], infer_serializer=True))
    signature = keys.sign_digest(call.sender, digest)
    r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:64])
    v = 35 + 2 * chain_id + (signature[64] - 27)
    raw = rlp.encode([*body, v, r, s], infer_serializer=True)
    return Signed(raw, keccak(raw), call.sender.lower(), nonce)


def open_raw(raw: bytes, *, chain_id: int) -> Opened:
    """Decode a raw legacy transaction and recover its sender. Raises InputError."""
    try:
        nonce, price, gas, to, value, data, v, r, s = rlp.decode(raw)
    except (rlp.DecodingError, ValueError):
        raise InputError("raw", raw[:16].hex(), "send the bytes that prepare returned") from None
    parity = int.from_bytes(v) - 35 - 2 * chain_id
    if parity not in (0, 1):
        raise InputError("chain_id", int.from_bytes(v), f"sign for chain {chain_id}")
    digest = keccak(rlp.encode([nonce, price, gas, to, value, data, _int(chain_id), b"", b""]))
    signature = r.rjust(32, b"\0") + s.rjust(32, b"\0") + bytes((parity,))
    key = PublicKey.from_signature_and_message(signature, digest, hasher=None)
    sender = address_of(key.format(compressed=False))
    to_address = "0x" + to.hex() if to else None
    return Opened(Call(sender, to_address, data, int.from_bytes(gas)), int.from_bytes(nonce))


def contract_address(sender: Address, nonce: int) -> Address:
    """Where a deployment by this sender with this nonce lands (CREATE)."""
    packed = rlp.encode([_bytes_of(sender), nonce], infer_serializer=True)
    return "0x" + keccak(packed)[12:].hex()


def intrinsic_gas(to: Address | None, data: bytes) -> int:
    """Gas that a transaction costs before its first instruction (Shanghai and Cancun rules)."""
    zeros = data.count(0)
    gas = _GAS_TX + zeros * _GAS_ZERO_BYTE + (len(data) - zeros) * _GAS_OTHER_BYTE
    if to is None:
        gas += _GAS_CREATE + _GAS_INITCODE_WORD * ((len(data) + 31) // 32)
    return gas


def check_gas(call: Call) -> None:
    """Refuse a call that could not even start: some nodes take it and never mine it.

    Raises InputError.
    """
    needed = intrinsic_gas(call.to, call.data)
    if call.gas_max < needed:
        raise InputError("gas_max", call.gas_max, f"give at least {needed} gas for this call data")


def _bytes_of(address: Address | None) -> bytes:
    return bytes.fromhex(address[2:]) if address else b""


def _int(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8)
