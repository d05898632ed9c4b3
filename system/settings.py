"""Settings from the environment, typed and checked once, at the start."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from system.errors import InputError

EVM_KINDS = ("embedded", "revm")


@dataclass(frozen=True, slots=True)
class Settings:
    """store_url: ``memory`` or a database URL. evm: embedded, revm, or a node's http(s) URL.

    confirmations: blocks above a transaction's own before its effects are final.
    """

    store_url: str = "sqlite:///shapan.db"
    evm: str = "embedded"
    chain_id: int = 31337
    confirmations: int = 0


def settings_from(environment: Mapping[str, str]) -> Settings:
    """Settings of SHAPAN_STORE, SHAPAN_EVM, SHAPAN_CHAIN_ID, SHAPAN_CONFIRMATIONS.

    Raises InputError that names the variable.
    """
    usual = Settings()
    return Settings(
        store_url=_store(environment.get("SHAPAN_STORE", usual.store_url)),
        evm=_evm(environment.get("SHAPAN_EVM", usual.evm)),
        chain_id=_whole(environment, "SHAPAN_CHAIN_ID", usual.chain_id, 1, 2**53),
        confirmations=_whole(environment, "SHAPAN_CONFIRMATIONS", usual.confirmations, 0, 10_000),
    )


def _store(value: str) -> str:
    if value != "memory" and not value.startswith(("sqlite:", "postgresql")):
        remedy = "write memory, sqlite:///FILE.db or postgresql://USER@HOST/DATABASE"
        # The scheme only: the rest may hold a password.
        raise InputError("SHAPAN_STORE", value.partition(":")[0], remedy)
    return value


def _evm(value: str) -> str:
    if value not in EVM_KINDS and not value.startswith(("http://", "https://")):
        raise InputError("SHAPAN_EVM", value, "write embedded, revm or http://HOST:PORT")
    return value


def _whole(environment: Mapping[str, str], name: str, usual: int, least: int, most: int) -> int:
    text = environment.get(name)
    if text is None:
        return usual
    if not re.fullmatch(r"[0-9]{1,16}", text) or not least <= int(text) <= most:
        raise InputError(name, text, f"give a whole number from {least} to {most}")
    return int(text)
