"""Bodies and answers of payments that leave over the rail."""

from system.api.answers import Answer
from system.api.bodies import Body, Text, example


class NewAccount(Body):
    """Where an owner is paid. owner: a party id, merchant/N or lease/N.

    account: 6 to 34 capital letters and digits.  agent: the payee bank's CNAPS number.
    """

    model_config = example(
        owner="supplier-1",
        name="Supplier One",
        account="6222000000000001",
        agent="102100099996",
    )
    owner: Text
    name: Text
    account: Text
    agent: Text


class AccountAnswer(Answer):
    owner: str
    account: str


class PaymentAnswer(Answer):
    """state: held (no account is known that can be used), asked, sent, accepted, settled, rejected,
    returned.  reason: ISO 20022 code of the last two.  message_id: of the pain.001 that carries it.
    """

    payment_id: str
    product: str
    owner: str
    cause: str
    amount_fen: int
    account: str
    state: str
    reason: str
    message_id: str
    asked_at_s: int
    changed_at_s: int


class Payments(Answer):
    payments: list[PaymentAnswer]
    next: str


class MessageTaken(Answer):
    """changed: payments that it moved on.  note: what of it could not be used, if anything."""

    message_id: str
    changed: list[str]
    note: str


class UnappliedAnswer(Answer):
    cash_id: str
    amount_fen: int
    text: str
    why: str
    at_s: int


class UnappliedCash(Answer):
    """Money that reached the account and named nothing that it could pay."""

    cash: list[UnappliedAnswer]
    next: str


class MessageAnswer(Answer):
    direction: str
    message_id: str
    kind: str
    at_s: int
    note: str


class Messages(Answer):
    messages: list[MessageAnswer]
    next: str


class Again(Body):
    """Nothing to say."""
