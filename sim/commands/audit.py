"""``shapan audit``: whether a bank's audit log is what it was, and the proof of one record."""

from __future__ import annotations

import json as json_text
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sim.commands import options
from system.errors import InputError

if TYPE_CHECKING:
    from system.ports.store import Unit

audit = typer.Typer(
    help="A bank's audit log: verify it, prove one record, check a proof.", no_args_is_help=True
)
_STORE = "The bank's database, as sqlite:///bank.db."
Store = Annotated[str, typer.Option("--store", envvar="SHAPAN_STORE", help=_STORE)]
_BROKEN = 1


@audit.callback()
def group() -> None:
    """A bank's audit log: verify it, prove one record, check a proof."""


@audit.command()
def verify(
    store: Store = "sqlite:///shapan.db",
    evm: Annotated[
        str | None, typer.Option("--evm", help="Also ask this node (http://HOST:PORT).")
    ] = None,
    witness: Annotated[
        str | None,
        typer.Option("--witness", help="The account that anchors, as you know it from elsewhere."),
    ] = None,
    head: Annotated[
        str | None,
        typer.Option("--head", help="NUMBER:HASH of a link that you wrote down before."),
    ] = None,
    json: options.Json = False,
) -> int:
    """Look at every row of the audit log; names the first one that was altered.

    Exit code 0: whole; 1: altered, truncated or re-ordered; 2: the store cannot be read.
    """
    from system.compliance.checkpoints import examine

    with _opened(store) as unit:
        found = examine(unit)
        known = _known(unit, head)
        chain = _on_chain(unit, evm, witness)
    problems = _problems(asdict(found), known, chain)
    document: dict[str, Any] = {
        "store": _name(store),
        "status": "broken" if problems else "whole",
        **asdict(found),
        "chain": chain,
        "problems": problems,
    }
    if json:
        options.print_json(document)
    else:
        _tell(document)
    return _BROKEN if problems else 0


@audit.command()
def prove(
    sequence: Annotated[int, typer.Argument(metavar="ROW", min=1)],
    store: Store = "sqlite:///shapan.db",
) -> int:
    """Print one row with the proof that a checkpoint covers it, as JSON for ``audit check``."""
    from system.compliance.checkpoints import as_document
    from system.compliance.checkpoints import prove as proof_of

    with _opened(store) as unit:
        options.print_json(as_document(proof_of(unit, sequence)))
    return 0


@audit.command()
def check(
    proof: Annotated[Path, typer.Argument(metavar="PROOF.json")], json: options.Json = False
) -> int:
    """Whether a proof holds: no books needed. Compare its checkpoint's hash with the chain's."""
    from system.compliance.checkpoints import from_document, holds

    try:
        document = json_text.loads(proof.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(
            "PROOF.json", str(proof), f"give a file of `audit prove`: {error}"
        ) from None
    given = from_document(document)
    held = holds(given)
    made = given.checkpoint
    said = {"holds": held, "row": given.link.sequence, "checkpoint": made.number, "hash": made.hash}
    if json:
        options.print_json(said)
    else:
        _line(said, *said)
    return 0 if held else _BROKEN


@contextmanager
def _opened(url: str) -> Iterator[Unit]:
    """The store's tables that a look needs. Raises InputError where there is no such store."""
    from system.adapters.sql_store import SqlStore, parse_url
    from system.chain.relay_records import RELAY_TABLES
    from system.compliance.records import AUDIT_TABLES

    parsed = parse_url(url)
    if parsed.get_backend_name() == "sqlite" and not Path(parsed.database or "").is_file():
        raise InputError("--store", url, "name a database that is there, as sqlite:///bank.db")
    opened = SqlStore(url, (*AUDIT_TABLES, *RELAY_TABLES))
    try:
        with opened.transaction() as unit:
            yield unit
    finally:
        opened.close()


def _known(unit: Unit, head: str | None) -> str:
    """What is wrong with a link that was written down before; empty for nothing."""
    from system.compliance.records import AUDIT

    if head is None:
        return ""
    number, _, text = head.partition(":")
    if not (number.isascii() and number.isdigit() and text):
        raise InputError("--head", head, "write NUMBER:HASH, as `audit verify` printed it")
    [link] = unit.get(AUDIT, [(int(number),)])
    if link is None:
        return f"row {number} is gone"
    return "" if link.hash == text else f"row {number} had another hash"


def _on_chain(unit: Unit, evm: str | None, witness: str | None) -> dict[str, Any] | None:
    from system.adapters.evm_http import HttpChain
    from system.adapters.evm_transactions import open_raw
    from system.adapters.keys import KeyRing
    from system.chain.anchors import examine

    if evm is None:
        return None
    # It only asks; the ring signs nothing.
    chain = HttpChain(evm, KeyRing(b"asks, and never signs"), price_checked=False)

    def opened(raw: bytes) -> Any:
        found = open_raw(raw, chain_id=chain.chain_id)
        return found.call, found.nonce

    known = witness.lower() if witness else None
    return asdict(examine(unit, chain, opened, known))


def _problems(found: dict[str, Any], known: str, chain: dict[str, Any] | None) -> list[str]:
    problems = []
    if found["fault"]:
        problems.append(f"row {found['first_altered']}: {found['fault']}")
    if known:
        problems.append(known)
    if chain and chain["first_bad"] is not None:
        problems.append(f"checkpoint {chain['first_bad']}: {chain['detail']}")
    return problems


def _name(url: str) -> str:
    """Without what may be a password."""
    from sqlalchemy import make_url

    return make_url(url).render_as_string(hide_password=True)


def _tell(document: dict[str, Any]) -> None:
    for problem in document["problems"]:
        typer.echo(f"BROKEN  {problem}")
    _line(document, "status", "links", "head", "checkpoints", "covered")
    if document["chain"]:
        _line(document["chain"], "witness", "anchored", "waiting")


def _line(document: dict[str, Any], *names: str) -> None:
    typer.echo("  ".join(f"{name}: {document[name]}" for name in names))
