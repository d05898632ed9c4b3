"""Whether a command can be worked with at all: a function of the command alone.

Checked before any state is read, so that one unusable item is an answer of its own and never
stops the others of its batch. Nothing is stored for it: corrected, it may come again under the
same command id.
"""

from collections.abc import Callable
from dataclasses import fields
from functools import cache, partial
from typing import Any, Final

from system.chain.fingerprint import check_terms
from system.chain.invoice import CURRENCY
from system.errors import InputError
from system.limits import AMOUNT_FEN_MAX, BALANCE_FEN_MAX, PPM, TEXT_CHARS_MAX, TIME_S_MAX
from system.parties.records import KycStep
from system.parties.service import ROLES_MAX

_INT64_MAX: Final = 2**63 - 1
_DOCUMENT_HASH_BYTES: Final = 32
# Every whole number of a command by its name; those that end in _s are times.
_BOUNDS: Final[dict[str, tuple[int, int]]] = {
    "amount_fen": (1, AMOUNT_FEN_MAX),
    "credit_fen": (0, AMOUNT_FEN_MAX),
    "limit_fen": (0, BALANCE_FEN_MAX),
    "lot_id": (0, _INT64_MAX),
    "nonce": (0, 2**256 - 1),  # the contracts' uint256
    "pd_ppm": (0, PPM),
    "roles": (1, ROLES_MAX),
}
_Check = Callable[[str, Any], None]


def problem_of(command: Any) -> InputError | None:
    """What makes the command unusable, or None. The first field at fault is named."""
    try:
        kind: Any = type(command)
        for name, check in _checks(kind):
            check(name, getattr(command, name))
        if hasattr(command, "invoice_number"):
            terms = (command.seller_id, command.debtor_id, command.invoice_number)
            check_terms(*terms, command.currency)
    except InputError as error:
        return error
    return None


@cache
def _checks(kind: Any) -> tuple[tuple[str, _Check], ...]:
    return tuple((field.name, _check_of(field.name, field.type)) for field in fields(kind))


def _check_of(name: str, declared: Any) -> _Check:
    if name == "currency":
        return _check_currency
    if name == "document_hash":
        return _check_hash
    if declared in (int, int | None):
        least, most = (0, TIME_S_MAX) if name.endswith("_s") else _BOUNDS[name]
        return partial(_check_number, least=least, most=most, optional=declared is not int)
    return {str: _check_text, bytes: _check_bytes, bool: _check_flag, KycStep: _check_step}[
        declared
    ]


def _check_number(name: str, value: Any, *, least: int, most: int, optional: bool) -> None:
    if value is None and optional:
        return
    if type(value) is not int or not least <= value <= most:
        raise InputError(name, value, f"give a whole number from {least} to {most}")


def _check_text(name: str, value: Any) -> None:
    if not isinstance(value, str) or len(value) > TEXT_CHARS_MAX:
        raise InputError(name, value, f"give a text of at most {TEXT_CHARS_MAX} characters")
    # Neither a NUL nor half of a surrogate pair can be stored everywhere.
    if "\0" in value or any("\ud800" <= character <= "\udfff" for character in value):
        raise InputError(name, value, "remove characters that are no text")


def _check_currency(name: str, value: Any) -> None:
    if value != CURRENCY:
        raise InputError(name, value, f"this ledger holds {CURRENCY} only")


def _check_hash(name: str, value: Any) -> None:
    if not isinstance(value, bytes) or len(value) != _DOCUMENT_HASH_BYTES:
        raise InputError(name, value, f"give {_DOCUMENT_HASH_BYTES} bytes (SHA-256)")


def _check_bytes(name: str, value: Any) -> None:
    if not isinstance(value, bytes):
        raise InputError(name, value, "give bytes")


def _check_flag(name: str, value: Any) -> None:
    if not isinstance(value, bool):
        raise InputError(name, value, "give true or false")


def _check_step(name: str, value: Any) -> None:
    if not isinstance(value, KycStep):
        raise InputError(name, value, f"give one of {', '.join(KycStep)}")
