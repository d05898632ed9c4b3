"""The banks' books for this product: which accounts exist, and which transfers a fact causes.

Every party has a deposit account whose balance equals its token balance on the chain. A bank's
own deposit is the float from which it pays out. All amounts in fen; transfer ids are derived from
what caused them, so that a repeated cause moves nothing twice.
"""

from typing import Final

from system.ledger.records import Account, TransferRequest

# Money that came in from, or went out to, accounts outside the platform.
CLEARING: Final = "receivables/clearing"
# Asked of the payment rail, and neither confirmed nor refused yet.
IN_TRANSIT: Final = "receivables/in-transit"


def deposit(party_id: str) -> str:
    """What the bank owes the party: its token balance."""
    return f"receivables/deposit/{party_id}"


def float_of(bank_id: str) -> str:
    """What the bank holds as its own deposit, seen from its asset side."""
    return f"receivables/float/{bank_id}"


def financed(bank_id: str) -> str:
    """Face value of the lots that the bank owns."""
    return f"receivables/financed/{bank_id}"


def holdback(bank_id: str) -> str:
    """Parts of financed lots that are still owed to their sellers once the debtor pays."""
    return f"receivables/holdback/{bank_id}"


def discount(bank_id: str) -> str:
    """Discount taken in advance."""
    return f"receivables/discount/{bank_id}"


def loss(bank_id: str) -> str:
    """Written-off claims less recoveries."""
    return f"receivables/loss/{bank_id}"


def clearing_account() -> Account:
    return Account(CLEARING, "platform", "debit", floor_fen=None)


def in_transit_account() -> Account:
    return Account(IN_TRANSIT, "platform", "credit")


def accounts_of(party_id: str, *, is_bank: bool) -> list[Account]:
    """The accounts that a new party needs."""
    own = [Account(deposit(party_id), party_id, "credit")]
    if is_bank:
        own += [
            Account(float_of(party_id), party_id, "debit"),
            Account(financed(party_id), party_id, "debit"),
            Account(holdback(party_id), party_id, "credit"),
            Account(discount(party_id), party_id, "credit"),
            Account(loss(party_id), party_id, "debit", floor_fen=None),
        ]
    return own


def top_up(cause: str, bank_id: str, amount_fen: int) -> TransferRequest:
    """New float of a bank; held until the tokens exist."""
    return TransferRequest(
        f"{cause}/float", float_of(bank_id), deposit(bank_id), amount_fen, "hold"
    )


def cash_in(cause: str, party_id: str, amount_fen: int, source: str = CLEARING) -> TransferRequest:
    """Cash that reached the bank for a party; held until the tokens exist."""
    return TransferRequest(f"{cause}/cash-in", source, deposit(party_id), amount_fen, "hold")


def handed_to_rail(payment_id: str, amount_fen: int) -> TransferRequest:
    """What left a deposit is on its way: it has not left the clearing account."""
    return TransferRequest(f"{payment_id}/sent", CLEARING, IN_TRANSIT, amount_fen)


def paid_by_rail(payment_id: str, amount_fen: int) -> TransferRequest:
    """The rail has paid it out of the clearing account."""
    return TransferRequest(f"{payment_id}/paid", IN_TRANSIT, CLEARING, amount_fen)


def cash_out(cause: str, party_id: str, amount_fen: int) -> TransferRequest:
    """A deposit leaves for an outside account; held until the tokens are burned."""
    return TransferRequest(f"{cause}/cash-out", deposit(party_id), CLEARING, amount_fen, "hold")


def advance_hold(request_id: str, bank_id: str, supplier_id: str, fen: int) -> TransferRequest:
    """Reserves the bank's cash for a disbursement that the chain has not confirmed yet."""
    debit, credit = deposit(bank_id), deposit(supplier_id)
    return TransferRequest(f"{request_id}/advance", debit, credit, fen, "hold")


def resolve(hold_id: str, *, done: bool) -> TransferRequest:
    """Post or void what was held."""
    if done:
        return TransferRequest(f"{hold_id}/post", kind="post_hold", refers_to=hold_id)
    return TransferRequest(f"{hold_id}/void", kind="void_hold", refers_to=hold_id)


def recourse_hold(cause: str, seller_id: str, bank_id: str, amount_fen: int) -> TransferRequest:
    """Keeps the seller's cash for the bank until the chain has moved the lot back."""
    debit, credit = deposit(seller_id), deposit(bank_id)
    return TransferRequest(f"{cause}/price", debit, credit, amount_fen, "hold")


def recourse_paid(cause: str, price_fen: int) -> TransferRequest:
    """The price on the chain, which a payment in between may have made smaller than the hold."""
    hold_id = f"{cause}/price"
    return TransferRequest(
        f"{hold_id}/post", amount_fen=price_fen, kind="post_hold", refers_to=hold_id
    )


def disbursed(
    request_id: str, bank_id: str, advance_fen: int, discount_fen: int, holdback_fen: int
) -> list[TransferRequest]:
    """The advance is paid; the bank owns a claim of advance, discount and holdback."""
    claim = financed(bank_id)
    moves = [
        TransferRequest(f"{request_id}/claim", claim, float_of(bank_id), advance_fen),
        TransferRequest(f"{request_id}/discount", claim, discount(bank_id), discount_fen),
        TransferRequest(f"{request_id}/holdback", claim, holdback(bank_id), holdback_fen),
    ]
    return [resolve(f"{request_id}/advance", done=True), *_nonzero(moves)]


def paid_to(cause: str, payer_id: str, to_id: str, amount_fen: int) -> list[TransferRequest]:
    """A deposit moves between parties."""
    return _nonzero([TransferRequest(cause, deposit(payer_id), deposit(to_id), amount_fen)])


def claim_repaid(
    cause: str, bank_id: str, principal_fen: int, holdback_fen: int
) -> list[TransferRequest]:
    """A bank's claim shrinks: cash came into its float, or a holdback reached its seller."""
    claim = financed(bank_id)
    return _nonzero(
        [
            TransferRequest(f"{cause}/repaid", float_of(bank_id), claim, principal_fen),
            TransferRequest(f"{cause}/released", holdback(bank_id), claim, holdback_fen),
        ]
    )


def claim_lost(
    cause: str, bank_id: str, principal_fen: int, holdback_fen: int
) -> list[TransferRequest]:
    """A bank gives a claim up; it will owe the holdback only if money still comes."""
    claim = financed(bank_id)
    return _nonzero(
        [
            TransferRequest(f"{cause}/loss", loss(bank_id), claim, principal_fen),
            TransferRequest(f"{cause}/forgone", holdback(bank_id), claim, holdback_fen),
        ]
    )


def recovered(cause: str, bank_id: str, amount_fen: int) -> list[TransferRequest]:
    """Cash on a claim that was given up."""
    return _nonzero(
        [TransferRequest(f"{cause}/recovered", float_of(bank_id), loss(bank_id), amount_fen)]
    )


def _nonzero(moves: list[TransferRequest]) -> list[TransferRequest]:
    return [move for move in moves if move.amount_fen]
