"""Which platform brought which merchant: a platform acts for its own merchants alone."""

from dataclasses import dataclass
from typing import Final

from system.api.access import Caller
from system.api.answers import not_found
from system.ports.store import Table, Unit


@dataclass(frozen=True, slots=True)
class PlatformMerchant:
    account: int
    party_id: str


PLATFORM_MERCHANTS: Final = Table("platform_merchant", PlatformMerchant, key=("account",))


def bind(unit: Unit, account: int, party_id: str) -> None:
    """Remember whose merchant this is. Again for the same platform: nothing."""
    [known] = unit.get(PLATFORM_MERCHANTS, [(account,)])
    if known is None:
        unit.insert(PLATFORM_MERCHANTS, [PlatformMerchant(account, party_id)])


def check_own(unit: Unit, caller: Caller, account: int, *, reading: bool) -> None:
    """Raises Problem (not found) unless the merchant is the caller's, or the caller may see all."""
    if reading and caller.sees_all():
        return
    [known] = unit.get(PLATFORM_MERCHANTS, [(account,)])
    if known is None or not caller.is_one_of(known.party_id):
        raise not_found()
