"""Signing keys: Ed25519, one file that only its owner can read.

A private key is never printed, logged or put into a bundle; what is published is its fingerprint.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from system.errors import InputError

_OWNER_ONLY: Final = 0o600
_OTHERS: Final = 0o077


def default_place(environment: Mapping[str, str]) -> Path:
    """Where the key is looked for when none is named: $SHAPAN_KEY, else the user's settings."""
    named = environment.get("SHAPAN_KEY")
    if named:
        return Path(named)
    settings = environment.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(settings) / "shapan" / "signing-key.pem"


def new_key(path: Path) -> Ed25519PrivateKey:
    """Make a key and write it, readable by its owner alone; never over a file that is there.

    Raises InputError.
    """
    key = Ed25519PrivateKey.generate()
    text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
    except FileExistsError:
        remedy = "name another file; a key that signed something must not be lost"
        raise InputError("--out", str(path), remedy) from None
    with os.fdopen(handle, "wb") as file:
        file.write(text)
    return key


def load_key(path: Path) -> Ed25519PrivateKey:
    """The key in this file. Raises InputError, also where others could read it."""
    try:
        mode, text = path.stat().st_mode, path.read_bytes()
    except OSError:
        raise InputError("--key", str(path), "no such file: shapan keys new makes one") from None
    if mode & _OTHERS:
        raise InputError("--key", str(path), f"others can read it: chmod 600 {path}")
    try:
        key = load_pem_private_key(text, password=None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise InputError("--key", str(path), "name an Ed25519 key: shapan keys new makes one")
    return key


def public_pem(key: Ed25519PublicKey) -> bytes:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def load_public(text: bytes) -> Ed25519PublicKey:
    """Raises ValueError where the text is no Ed25519 key."""
    key = load_pem_public_key(text)
    if not isinstance(key, Ed25519PublicKey):
        raise ValueError("the public key is not Ed25519")
    return key


def fingerprint(key: Ed25519PublicKey) -> str:
    """SHA-256 (hex) of the key in DER: ``openssl pkey -pubin -outform DER | sha256sum``."""
    return sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()
