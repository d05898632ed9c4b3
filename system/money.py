"""Money as integers: fen (1/100 yuan). Parsing and printing only; arithmetic is in kernels."""

import re
from decimal import Decimal

from system.errors import InputError
from system.limits import AMOUNT_FEN_MAX

FEN_PER_YUAN = 100
# Digits are bounded, so that neither a huge exponent nor a long tail of digits costs anything.
YUAN = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,2})?", re.ASCII)


def fen_of_yuan(text: str, *, field: str = "amount") -> int:
    """Exact fen of a decimal yuan amount. More than two decimals is an error, not a rounding."""
    if not YUAN.fullmatch(text):
        raise InputError(field, text, "write yuan as 1234.56, with at most two decimals (one fen)")
    return checked_fen(int(Decimal(text) * FEN_PER_YUAN), field=field)


def checked_fen(amount_fen: object, *, field: str = "amount_fen") -> int:
    """The amount, if it is a whole number of fen in 1..AMOUNT_FEN_MAX."""
    if isinstance(amount_fen, bool) or not isinstance(amount_fen, int):
        raise InputError(field, amount_fen, "give a whole number of fen")
    if not 1 <= amount_fen <= AMOUNT_FEN_MAX:
        raise InputError(field, amount_fen, f"give 1 to {AMOUNT_FEN_MAX} fen")
    return amount_fen


def yuan_of_fen(amount_fen: int) -> str:
    """'1,234.56' for 123456 fen."""
    sign = "-" if amount_fen < 0 else ""
    yuan, fen = divmod(abs(amount_fen), FEN_PER_YUAN)
    return f"{sign}{yuan:,}.{fen:02d}"
