"""The nouns of identity: parties, what they may do, and how well they are known."""

from dataclasses import dataclass
from enum import IntFlag, StrEnum
from typing import Literal

from system.ports.store import Table

KycState = Literal["unknown", "pending", "verified", "expired", "suspended"]


class Role(IntFlag):
    """What a party may act as. The bits are those of the Participants contract."""

    DEBTOR = 1
    SUPPLIER = 2
    BANK = 4


@dataclass(frozen=True, slots=True)
class Party:
    """An enterprise or a bank. roles: the sum of its Role bits.

    group_id: the corporate group whose exposure it shares, None when it stands alone.
    address: its lower-case account on chain, None without one. A new party is ``unknown``.
    """

    party_id: str
    name: str
    roles: int
    group_id: str | None = None
    address: str | None = None
    kyc_state: KycState = "unknown"
    kyc_expires_at_s: int | None = None


class KycStep(StrEnum):
    SUBMIT = "submit"  # documents are in
    REJECT = "reject"
    APPROVE = "approve"  # with an expiry; again before it for renewal
    EXPIRE = "expire"  # its expiry has passed
    SUSPEND = "suspend"
    REINSTATE = "reinstate"  # with an expiry


@dataclass(frozen=True, slots=True)
class KycChange:
    """expires_at_s is needed by approve and reinstate, and by no other step."""

    party_id: str
    step: KycStep
    expires_at_s: int | None = None


class KycRefusal(StrEnum):
    """Why a change is refused, in precedence order."""

    PARTY_UNKNOWN = "party_unknown"
    STEP_NOT_ALLOWED = "step_not_allowed"
    EXPIRY_NOT_EXPECTED = "expiry_not_expected"
    EXPIRY_NOT_AHEAD = "expiry_not_ahead"
    NOT_YET_EXPIRED = "not_yet_expired"


PARTIES = Table(
    "parties",
    Party,
    key=("party_id",),
    unique=(("address",),),
    index=(("group_id",), ("kyc_state",)),
)
PARTIES_TABLES = (PARTIES,)
