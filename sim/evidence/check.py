"""Whether a bundle is what its signer signed; each check names the file that is not."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from cryptography.exceptions import InvalidSignature

from sim.evidence.bundle import (
    PUBLIC_KEY,
    RUN,
    SIGNATURE,
    STATEMENT,
    file_sums,
)
from sim.evidence.keys import fingerprint, load_public
from sim.evidence.statement import opened
from sim.run_folder import SEAL, RunFolder
from sim.verify import DAMAGES, Check, differing_sums

_UNSTATED = (SEAL, SIGNATURE, STATEMENT)


def is_bundle(path: Path) -> bool:
    """Also where one of the two was taken away."""
    return (path / STATEMENT).is_file() or (path / SIGNATURE).is_file()


def run_inside(path: Path) -> Path:
    return path / RUN


def fingerprint_of(path: Path) -> str:
    """The fingerprint of the key that lies in the bundle. Raises what DAMAGES names."""
    return fingerprint(load_public((path / PUBLIC_KEY).read_bytes()))


def check_bundle(path: Path, expected: str | None) -> list[Check]:
    """expected: the signer's fingerprint as published elsewhere, if it is known."""
    looks: dict[str, Callable[[], str]] = {
        "bundle.plain_files": lambda: "".join(
            f"{name} is no plain file" for name in RunFolder(path).strays()[:1]
        ),
        "bundle.sums": lambda: differing_sums(RunFolder(path).sealed_sums(), file_sums(path)),
        "bundle.signature": lambda: _signature(path),
        "bundle.statement": lambda: _statement(path),
    }
    if expected is not None:
        looks["bundle.signer"] = lambda: _signer(path, expected)
    return [_look(name, look) for name, look in looks.items()]


def _look(name: str, look: Callable[[], str]) -> Check:
    try:
        detail = look()
    except DAMAGES as error:
        detail = f"cannot be read: {error!r}"
    return Check(name, not detail, detail)


def _signature(path: Path) -> str:
    key = load_public((path / PUBLIC_KEY).read_bytes())
    try:
        key.verify((path / SIGNATURE).read_bytes(), (path / SEAL).read_bytes())
    except InvalidSignature:
        return f"{SIGNATURE} does not sign {SEAL} with {PUBLIC_KEY}: one of them was changed"
    return ""


def _statement(path: Path) -> str:
    key = load_public((path / PUBLIC_KEY).read_bytes())
    try:
        found = opened(json.loads((path / STATEMENT).read_text(encoding="utf-8")), key)
    except InvalidSignature:
        return f"{STATEMENT} is not signed with {PUBLIC_KEY}: one of them was changed"
    stated = {one["name"]: one["digest"]["sha256"] for one in found["subject"]}
    now = {name: sha256 for name, sha256 in file_sums(path).items() if name not in _UNSTATED}
    return differing_sums(stated, now)


def _signer(path: Path, expected: str) -> str:
    found = fingerprint_of(path)
    return "" if found == expected.lower() else f"the key is {found}, not {expected}"
