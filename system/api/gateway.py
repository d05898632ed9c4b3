"""What one gateway process is made of."""

from dataclasses import dataclass

from system.api.rates import RateLimit
from system.api.services import Services
from system.api.tokens import TokenIssuer
from system.api.writer import Writer


@dataclass(slots=True)
class Gateway:
    """services is replaced when a commit was lost: what the old ones remember never was.

    signatures_required: of every client that moves money, not only of those with a key.
    """

    services: Services
    writer: Writer
    tokens: TokenIssuer
    rates: RateLimit
    signatures_required: bool = False
