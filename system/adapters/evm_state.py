"""What a window of blocks changed: read from pyrevm's journal, the only place that tells it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from system.ports.evm import Address

# pyrevm shows Rust's debug form; its version is pinned, and every account must be understood.
_ACCOUNT: Final = re.compile(
    r"(0x[0-9a-f]{40}): Account \{ info: AccountInfo \{ "
    r"balance: (\d+), nonce: (\d+), code_hash: 0x[0-9a-f]{64}, code: (.*?) \}, "
    r"storage: \{(.*?)\}, status: AccountStatus\(([^)]*)\) \}"
)
_SLOT: Final = re.compile(
    r"(\d+): StorageSlot \{ previous_or_original_value: (\d+), present_value: (\d+)"
)
_CODE: Final = re.compile(r"bytecode: 0x([0-9a-f]*), state: (?:Raw|Analysed \{ len: (\d+))")


@dataclass(frozen=True, slots=True)
class Account:
    """An account as a window left it. code: None where the window did not deploy it.

    slots: those that the window changed, key and value.
    """

    address: Address
    balance_wei: int
    nonce: int
    code: bytes | None
    slots: tuple[tuple[int, int], ...]


def changed_accounts(journal: str) -> Iterator[Account]:
    """Every account that was touched. journal: pyrevm's ``journal_str`` of a machine that began
    with the state before the window."""
    state = journal.partition(", transient_storage: ")[0]
    found = list(_ACCOUNT.finditer(state))
    assert len(found) == state.count(": Account {"), "pyrevm shows its journal in another form"
    for one in found:
        address, balance, nonce, code, slots, status = one.groups()
        assert "SelfDestructed" not in status, f"{address} took itself away, which no rule covers"
        deployed = _deployed(code) if "Created" in status else None
        changed = tuple(
            (int(key), int(present))
            for key, before, present in _SLOT.findall(slots)
            if present != before
        )
        yield Account(address, int(balance), int(nonce), deployed, changed)


def _deployed(code: str) -> bytes:
    """Without the zeros that revm pads it with once it has looked at it."""
    found = _CODE.search(code)
    assert found is not None, f"pyrevm shows code in another form: {code[:99]}"
    raw = bytes.fromhex(found[1])
    return raw if found[2] is None else raw[: int(found[2])]
