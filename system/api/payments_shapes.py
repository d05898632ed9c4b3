"""Bodies and answers of payments that leave over the rail."""

from system.api.answers import Answer, Page, answered
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
    model_config = answered(owner="supplier-1", account="6222000000000001")
    owner: str
    account: str


class PaymentAnswer(Answer):
    """state: held (no account is known that can be used), asked, sent, accepted, settled, rejected,
    returned.  reason: ISO 20022 code of the last two.  message_id: of the pain.001 that carries it.
    """

    model_config = answered(
        payment_id="PAY36E9EEF3020464EDC6BE13A4922D4",
        product="receivables",
        owner="supplier-1",
        cause="sweep/supplier-1/20454/9391466/cash-out",
        amount_fen=9_391_466,
        account="6222000000000001",
        state="settled",
        reason="",
        message_id="MSGA3F2B691FC0825D8BA7EB02817A45",
        asked_at_s=1_767_240_090,
        changed_at_s=1_767_240_110,
    )
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


class Payments(Page):
    payments: list[PaymentAnswer]


class MessageTaken(Answer):
    """changed: payments that it moved on.  note: what of it could not be used, if anything."""

    model_config = answered(message_id="P-1", changed=["PAY36E9EEF3020464EDC6BE13A4922D4"], note="")
    message_id: str
    changed: list[str]
    note: str


class UnappliedAnswer(Answer):
    model_config = answered(
        cash_id="camt/C-1/2",
        amount_fen=5_000_000,
        text="thanks",
        why="its text names nothing that can be paid",
        at_s=1_767_240_060,
    )
    cash_id: str
    amount_fen: int
    text: str
    why: str
    at_s: int


class UnappliedCash(Page):
    """Money that reached the account and named nothing that it could pay."""

    cash: list[UnappliedAnswer]


class MessageAnswer(Answer):
    model_config = answered(
        direction="in", message_id="P-1", kind="pacs.002", at_s=1_767_240_020, note=""
    )
    direction: str
    message_id: str
    kind: str
    at_s: int
    note: str


class Messages(Page):
    messages: list[MessageAnswer]
