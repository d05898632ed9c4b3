"""What crosses to a bank's core: a voucher out, balances in, as JSON in fen."""

import json
from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from system.canonical import canonical_json, day_of_iso, iso_day
from system.errors import InputError
from system.ports.core import Entries, Turnover

# An account of the general ledger sums up many of ours.
_Fen = Annotated[int, Field(ge=-(2**63), lt=2**63)]


class _Balances(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")
    day: str
    balances_fen: dict[str, _Fen]


def checked(entries: Entries) -> Entries:
    """Raises InputError unless debits and credits are equal in sum, and none below zero."""
    debits_fen = sum(line.debit_fen for line in entries.lines)
    credits_fen = sum(line.credit_fen for line in entries.lines)
    if debits_fen != credits_fen:
        both = f"{debits_fen} and {credits_fen} fen"
        raise InputError("lines", both, "debits and credits must be equal")
    if any(min(line.debit_fen, line.credit_fen) < 0 for line in entries.lines):
        raise InputError("lines", entries.voucher_id, "no turnover is below zero")
    return entries


def voucher_document(entries: Entries) -> str:
    """The same entries are the same text."""
    return canonical_json(
        {
            "voucher_id": entries.voucher_id,
            "day": iso_day(entries.day),
            "currency": "CNY",
            "lines": [
                {"account": one.account, "debit_fen": one.debit_fen, "credit_fen": one.credit_fen}
                for one in sorted(entries.lines, key=lambda line: line.account)
            ],
            "total_fen": sum(line.debit_fen for line in entries.lines),
        }
    )


def read_voucher(document: str) -> Entries:
    """What ``voucher_document`` wrote."""
    told = json.loads(document)
    lines = tuple(Turnover(**line) for line in told["lines"])
    return Entries(told["voucher_id"], day_of_iso(told["day"]), lines)


def read_balances(name: str, document: bytes, day: int) -> Mapping[str, int]:
    """A core's balances of this day. Raises InputError that names the file."""
    try:
        told = _Balances.model_validate_json(document)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "document"
        raise InputError(name, where, f"{first['msg']}: give day and balances_fen") from None
    if told.day != iso_day(day):
        raise InputError(name, told.day, f"the file's name says {iso_day(day)}")
    return told.balances_fen
