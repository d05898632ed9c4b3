"""What suppliers on the platform know of its rules: what not to ask for, when not to ask again."""

from sim.receivables.records import Invoice
from system.chain.rules import Refusal
from system.limits import DAY_S, TERM_DAYS_USUAL_MAX

# Time does not heal these: who was refused for one of them does not ask again for the same claim.
FINAL_REFUSALS = frozenset(
    {
        Refusal.FINANCING_ALREADY_DUE,
        Refusal.FINANCING_TERM_TOO_LONG,
        Refusal.FINANCING_TERM_UNUSUAL,
        Refusal.FINANCING_TIER_TOO_DEEP,
        Refusal.FINANCING_AMOUNT_TOO_SMALL,
        Refusal.FINANCING_AMOUNT_TOO_LARGE,
        Refusal.FINANCING_VERDICT_NOT_CLEAR,
    }
)


def has_usual_term(invoice: Invoice) -> bool:
    """Whether the document's own term, not what is left of it, is one that banks take.

    A claim with a longer one is never financed: not on the chain, and not on paper either, for its
    holder has left paper behind. It is collected when it falls due.
    """
    return (invoice.due_at_s - invoice.issued_at_s) // DAY_S <= TERM_DAYS_USUAL_MAX
