"""pain.001: the bank's customer asks for payments. Written by us, read by the rail."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from system.errors import InputError
from system.payments.records import CLEARING_SYSTEM
from system.payments.xml_shape import (
    Member,
    all_of,
    amount_fen,
    date,
    document,
    moment,
    plain_yuan,
    read_document,
    text_of,
)
from system.xml_documents import PAIN_001

_NAME: Final = "Shapan"
# The account from which the platform pays, as its bank keeps it.
PAYER_ACCOUNT: Final = "SHAPAN-CLEARING"
_PAYER_AGENT: Final = "000000000000"


@dataclass(frozen=True, slots=True)
class Instruction:
    """One payment. end_to_end_id: at most 35 characters, known to both ends, used once."""

    end_to_end_id: str
    amount_fen: int
    name: str
    account: str
    agent: str
    text: str


@dataclass(frozen=True, slots=True)
class Initiation:
    """message_id: at most 35 characters."""

    message_id: str
    instructions: tuple[Instruction, ...]


def write_initiation(message: Initiation, now_s: int) -> bytes:
    """The message as pain.001.001.09. now_s: when it is made, and asked to be carried out."""
    payments = message.instructions
    count, total = str(len(payments)), plain_yuan(sum(one.amount_fen for one in payments))
    header: list[Member] = [
        ("MsgId", message.message_id),
        ("CreDtTm", moment(now_s)),
        ("NbOfTxs", count),
        ("CtrlSum", total),
        ("InitgPty", [("Nm", _NAME)]),
    ]
    batch: list[Member] = [
        ("PmtInfId", message.message_id),
        ("PmtMtd", "TRF"),
        ("NbOfTxs", count),
        ("CtrlSum", total),
        ("ReqdExctnDt", [("Dt", date(now_s))]),
        ("Dbtr", [("Nm", _NAME)]),
        ("DbtrAcct", _account(PAYER_ACCOUNT)),
        ("DbtrAgt", _agent(_PAYER_AGENT)),
        *(("CdtTrfTxInf", _transfer(one)) for one in payments),
    ]
    return document(PAIN_001, [("CstmrCdtTrfInitn", [("GrpHdr", header), ("PmtInf", batch)])])


def _transfer(one: Instruction) -> Sequence[Member]:
    return [
        ("PmtId", [("EndToEndId", one.end_to_end_id)]),
        ("Amt", [("InstdAmt", one.amount_fen)]),
        ("CdtrAgt", _agent(one.agent)),
        ("Cdtr", [("Nm", one.name[:140])]),
        ("CdtrAcct", _account(one.account)),
        ("RmtInf", [("Ustrd", one.text[:140])]),
    ]


def _account(number: str) -> Sequence[Member]:
    return [("Id", [("Othr", [("Id", number)])])]


def _agent(number: str) -> Sequence[Member]:
    system = ("ClrSysId", [("Cd", CLEARING_SYSTEM)])
    return [("FinInstnId", [("ClrSysMmbId", [system, ("MmbId", number)])])]


def read_initiation(raw: bytes, file: str) -> Initiation:
    """What a pain.001.001.09 asks for. Raises InputError."""
    _, root = read_document(raw, (PAIN_001,), file)
    [body] = all_of(root, "CstmrCdtTrfInitn")
    found = [
        Instruction(
            text_of(one, "PmtId/EndToEndId"),
            amount_fen(one, "Amt/InstdAmt", file),
            text_of(one, "Cdtr/Nm"),
            text_of(one, "CdtrAcct/Id/Othr/Id"),
            text_of(one, "CdtrAgt/FinInstnId/ClrSysMmbId/MmbId"),
            text_of(one, "RmtInf/Ustrd"),
        )
        for one in all_of(body, "PmtInf/CdtTrfTxInf")
    ]
    if text_of(body, "GrpHdr/NbOfTxs") != str(len(found)):
        raise InputError("NbOfTxs", text_of(body, "GrpHdr/NbOfTxs"), "count them", file=file)
    return Initiation(text_of(body, "GrpHdr/MsgId"), tuple(found))
