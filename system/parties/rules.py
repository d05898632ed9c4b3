"""The life of a party's verification: which step leads where, and why a step is refused."""

from system.parties.records import KycChange, KycRefusal, KycState, KycStep, Party

# The only transitions there are.
STEPS: dict[tuple[KycState, KycStep], KycState] = {
    ("unknown", KycStep.SUBMIT): "pending",
    ("expired", KycStep.SUBMIT): "pending",
    ("pending", KycStep.REJECT): "unknown",
    ("pending", KycStep.APPROVE): "verified",
    ("verified", KycStep.APPROVE): "verified",
    ("verified", KycStep.EXPIRE): "expired",
    ("pending", KycStep.SUSPEND): "suspended",
    ("verified", KycStep.SUSPEND): "suspended",
    ("expired", KycStep.SUSPEND): "suspended",
    ("suspended", KycStep.REINSTATE): "verified",
}
WITH_EXPIRY = (KycStep.APPROVE, KycStep.REINSTATE)


def refusal_of(party: Party | None, change: KycChange, now_s: int) -> KycRefusal | None:
    """The first reason against the change, or None."""
    if party is None:
        return KycRefusal.PARTY_UNKNOWN
    if (party.kyc_state, change.step) not in STEPS:
        return KycRefusal.STEP_NOT_ALLOWED
    if change.step not in WITH_EXPIRY and change.expires_at_s is not None:
        return KycRefusal.EXPIRY_NOT_EXPECTED
    if change.step in WITH_EXPIRY and (change.expires_at_s or 0) <= now_s:
        return KycRefusal.EXPIRY_NOT_AHEAD
    if change.step is KycStep.EXPIRE and (party.kyc_expires_at_s or 0) > now_s:
        return KycRefusal.NOT_YET_EXPIRED
    return None
