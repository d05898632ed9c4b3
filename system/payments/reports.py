"""pacs.002 and camt.054: what the rail says became of payments. Read by us, written by the rail."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from system.errors import InputError
from system.payments.xml_shape import (
    Member,
    all_of,
    amount_fen,
    document,
    moment,
    read_document,
    text_of,
)
from system.xml_documents import CAMT_054, PACS_002, PAIN_001

# ISO 20022: a payment, or a message, of this name came before.
DUPLICATE: Final = "AM05"
DUPLICATES: Final = (DUPLICATE, "DU01", "DU02", "DU03", "DU04", "DU05", "DUPL")
# ISO 20022: said in words, or not at all.
_NARRATIVE: Final = "NARR"
_BOOKED: Final = "BOOK"
_CREDIT: Final = "CRDT"


@dataclass(frozen=True, slots=True)
class StatusLine:
    """How one payment stands. reason: code of a rejection, else empty."""

    end_to_end_id: str
    status: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class StatusReport:
    """pacs.002. original_id: the MsgId of the pain.001.  status, reason: of those of its payments
    that have no line; empty where the report does not say."""

    message_id: str
    original_id: str
    lines: tuple[StatusLine, ...]
    status: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One movement on the payer's account. is_credit: money came in.

    return_reason: code where a payment of ours came back, else empty.  text: what the payer wrote.
    """

    end_to_end_id: str
    amount_fen: int
    is_credit: bool
    return_reason: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Notification:
    """camt.054."""

    message_id: str
    account: str
    entries: tuple[Entry, ...]


def write_status(report: StatusReport, now_s: int) -> bytes:
    """As pacs.002.001.10."""
    lines: list[Member] = [("TxInfAndSts", _line(one)) for one in report.lines]
    header: list[Member] = [("MsgId", report.message_id), ("CreDtTm", moment(now_s))]
    group: list[Member] = [
        ("OrgnlMsgId", report.original_id),
        ("OrgnlMsgNmId", PAIN_001),
        ("GrpSts", report.status or None),
        ("StsRsnInf", _coded(report.reason)),
    ]
    body: list[Member] = [("GrpHdr", header), ("OrgnlGrpInfAndSts", group), *lines]
    return document(PACS_002, [("FIToFIPmtStsRpt", body)])


def _line(one: StatusLine) -> Sequence[Member]:
    return [
        ("OrgnlEndToEndId", one.end_to_end_id),
        ("TxSts", one.status),
        ("StsRsnInf", _coded(one.reason)),
    ]


def _coded(reason: str) -> Sequence[Member] | None:
    return [("Rsn", [("Cd", reason)])] if reason else None


def write_notification(note: Notification, now_s: int) -> bytes:
    """As camt.054.001.08."""
    header: list[Member] = [("MsgId", note.message_id), ("CreDtTm", moment(now_s))]
    told: list[Member] = [
        ("Id", note.message_id),
        ("CreDtTm", moment(now_s)),
        ("Acct", [("Id", [("Othr", [("Id", note.account)])])]),
        *(("Ntry", _entry(one, now_s)) for one in note.entries),
    ]
    return document(CAMT_054, [("BkToCstmrDbtCdtNtfctn", [("GrpHdr", header), ("Ntfctn", told)])])


def _entry(one: Entry, now_s: int) -> Sequence[Member]:
    side = _CREDIT if one.is_credit else "DBIT"
    family = "RCDT" if one.is_credit and not one.return_reason else "ICDT"
    kind = "RRTN" if one.return_reason else "DMCT"
    code = [("Cd", "PMNT"), ("Fmly", [("Cd", family), ("SubFmlyCd", kind)])]
    transaction: list[Member] = [
        ("Refs", [("EndToEndId", one.end_to_end_id)]),
        ("Amt", one.amount_fen),
        ("CdtDbtInd", side),
        ("RmtInf", [("Ustrd", one.text)] if one.text else None),
        ("RtrInf", _coded(one.return_reason)),
    ]
    return [
        ("Amt", one.amount_fen),
        ("CdtDbtInd", side),
        ("RvslInd", "true" if one.return_reason else None),
        ("Sts", [("Cd", _BOOKED)]),
        ("BookgDt", [("DtTm", moment(now_s))]),
        ("BkTxCd", [("Domn", code)]),
        ("NtryDtls", [("TxDtls", transaction)]),
    ]


def read_report(raw: bytes, file: str) -> StatusReport | Notification:
    """A pacs.002.001.10 or camt.054.001.08. Raises InputError."""
    schema, root = read_document(raw, (PACS_002, CAMT_054), file)
    if schema == PACS_002:
        return _status(all_of(root, "FIToFIPmtStsRpt")[0], file)
    return _notification(all_of(root, "BkToCstmrDbtCdtNtfctn")[0], file)


def _status(body: object, file: str) -> StatusReport:
    """A report on one of our messages; one on several is left to people."""
    lines = tuple(
        StatusLine(text_of(one, "OrgnlEndToEndId"), text_of(one, "TxSts"), _status_reason([one]))
        for one in all_of(body, "TxInfAndSts")
    )
    groups = all_of(body, "OrgnlGrpInfAndSts")
    named = (*groups, *all_of(body, "TxInfAndSts/OrgnlGrpInf"))
    originals = sorted({text_of(one, "OrgnlMsgId") for one in named})
    if len(originals) != 1 or len(groups) > 1:
        raise InputError("OrgnlMsgId", ", ".join(originals), "report on one message", file=file)
    return StatusReport(
        text_of(body, "GrpHdr/MsgId"),
        originals[0],
        lines,
        text_of(body, "OrgnlGrpInfAndSts/GrpSts"),
        _status_reason(groups),
    )


def _status_reason(told: Sequence[Any]) -> str:
    """The first code; of several, one for a duplicate, since what was paid is not to be paid
    again."""
    codes = [code.text.strip() for one in told for code in all_of(one, "StsRsnInf/Rsn/Cd")]
    return next((code for code in codes if code in DUPLICATES), codes[0] if codes else "")


def _notification(body: object, file: str) -> Notification:
    """Booked entries of one account, one for each transaction in them."""
    accounts = sorted({text_of(one, "Acct/Id/Othr/Id") for one in all_of(body, "Ntfctn")})
    if len(accounts) != 1:
        raise InputError("Acct", ", ".join(accounts), "tell of one account in a message", file=file)
    entries = [
        one
        for entry in all_of(body, "Ntfctn/Ntry")
        if text_of(entry, "Sts/Cd") == _BOOKED
        for one in _transactions(entry, file)
    ]
    return Notification(text_of(body, "GrpHdr/MsgId"), accounts[0], tuple(entries))


def _transactions(entry: Any, file: str) -> list[Entry]:
    """What a booked entry holds; one without details stands for itself.

    Raises InputError where its transactions are not its amount.
    """
    whole_fen, side = amount_fen(entry, "Amt", file), text_of(entry, "CdtDbtInd")
    details = all_of(entry, "NtryDtls/TxDtls")
    reversal = _NARRATIVE if text_of(entry, "RvslInd") in ("true", "1") else ""
    if not details:
        return [Entry("", whole_fen, side == _CREDIT, reversal, text_of(entry, "AddtlNtryInf"))]
    alone_fen = whole_fen if len(details) == 1 else 0
    found = [
        Entry(
            text_of(one, "Refs/EndToEndId"),
            amount_fen(one, "Amt", file) if all_of(one, "Amt") else alone_fen,
            (text_of(one, "CdtDbtInd") or side) == _CREDIT,
            _return_reason(one) or reversal,
            " ".join(line.text.strip() for line in all_of(one, "RmtInf/Ustrd")),
        )
        for one in details
    ]
    told_fen = sum(one.amount_fen if one.is_credit else -one.amount_fen for one in found)
    if told_fen != (whole_fen if side == _CREDIT else -whole_fen):
        remedy = "give each transaction its amount: together they are the entry's"
        raise InputError("NtryDtls", told_fen, remedy, file=file, line=entry.sourceline)
    return found


def _return_reason(transaction: Any) -> str:
    """Empty for what does not come back; a bank need not give a code of the standard."""
    returned = all_of(transaction, "RtrInf")
    return text_of(transaction, "RtrInf/Rsn/Cd") or (_NARRATIVE if returned else "")
