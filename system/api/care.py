"""Routes about people's data and about evidence: owners, erasure, keys, green tags."""

from typing import Any, Final, Literal

from system.adapters import sealed_columns
from system.api import owners, screening
from system.api.access import Role
from system.api.answers import Answer, answered, not_found
from system.api.bodies import Body, Int, Nothing, Text, example
from system.api.problems import Code, Problem
from system.api.route import Call, Route
from system.api.services import Services
from system.compliance import audit, green
from system.compliance.records import AuditEntry
from system.credit.commands import WithdrawConsent
from system.credit.retention import IDLE, erase_on_request
from system.kernels.columns import i64
from system.parties import vault
from system.parties.consent import Purpose
from system.parties.profiles import Profile, masked


class Owner(Body):
    """Who stands behind a merchant. Kept sealed; nobody's log, error or answer shows it whole."""

    model_config = example(name="王小明", id_number="11010519491231002X", phone="13800000000")
    name: Text
    id_number: Text
    phone: Text


_EVIDENCE: Final[dict[str, Any]] = {
    "kind": "receivable",
    "subject": "8f" * 32,
    "standard": "绿色债券支持项目目录 (2021) 3.2.1.1",
    "issuer": "Green Certification Co.",
    "document_hash": "ab" * 32,
    "valid_until_s": 1_900_000_000,
}


class Evidence(Body):
    """document_hash: SHA-256 of the certificate, as hex."""

    model_config = example(**_EVIDENCE)
    kind: Literal["receivable", "machine"]
    subject: Text
    standard: Text
    issuer: Text
    document_hash: Text
    valid_until_s: Int


class OwnerAnswer(Answer):
    """name: masked.  listed: the name is like one on a sanctions list; new credit is stopped."""

    model_config = answered(account=0, name=masked("王小明"), listed=False)
    account: int
    name: str
    listed: bool


class Erased(Answer):
    """owner_kept_until_s: null where the owner's identity is destroyed too; the law asks for it
    until then where there was a line."""

    model_config = answered(account=0, owner_kept_until_s=2_094_004_820)
    account: int
    owner_kept_until_s: int | None


class Rotated(Answer):
    """sealed_again: fields that an older key had sealed."""

    model_config = answered(key_version=2, sealed_again=14)
    key_version: int
    sealed_again: int


class TagAnswer(Answer):
    model_config = answered(**_EVIDENCE, seen_by="risk-a, risk-b", valid=True)
    kind: str
    subject: str
    standard: str
    issuer: str
    document_hash: str
    valid_until_s: int
    seen_by: str
    valid: bool


def _own(desk: Services, call: Call) -> int:
    account = call.number("account")
    with desk.unit() as unit:
        owners.check(unit, call.caller, "merchant", account, reading=False)
    return account


def _keep_owner(desk: Services, call: Call) -> OwnerAnswer:
    assert isinstance(call.body, Owner)
    account, body = _own(desk, call), call.body
    owner = Profile(account, **body.model_dump())
    with desk.unit() as unit:
        vault.keep(unit, desk.vault.cipher, owner)
        entry = AuditEntry(call.caller.client_id, "keep owner", f"merchant/{account}", None)
        audit.append(unit, [entry], desk.clock.now_s())
    listed = screening.screen_owner(desk, call.key, owner)
    return OwnerAnswer(account=account, name=masked(body.name), listed=listed)


def _erase(desk: Services, call: Call) -> Erased:
    account = _own(desk, call)
    state = int(desk.credit.credit.view(("state",), i64([account]))["state"][0])
    if state not in IDLE:
        text = "What a line needs is kept while it lives: close it first."
        raise Problem(Code.CONFLICT, text, {"refusal": "erasure_line_lives"})
    for purpose in Purpose:
        command = WithdrawConsent(f"{call.key}/{purpose}", i64([account]), purpose)
        desk.credit.credit.withdraw_consent(command)
    now_s = desk.clock.now_s()
    with desk.credit.book.transaction() as book:
        until_s = erase_on_request(book, account, now_s, call.caller.client_id)
    return Erased(account=account, owner_kept_until_s=until_s)


def _rotate(desk: Services, call: Call) -> Rotated:
    held = desk.vault
    with desk.unit() as unit:
        again = vault.seal_again(unit, held.cipher) + held.device_keys.seal_again(unit)
        again += sealed_columns.seal_again(unit, held.cipher)
        version = str(held.cipher.key_version)
        entry = AuditEntry(call.caller.client_id, "rotate keys", version, again)
        audit.append(unit, [entry], desk.clock.now_s())
    return Rotated(key_version=held.cipher.key_version, sealed_again=again)


def _tag(desk: Services, call: Call) -> TagAnswer:
    assert isinstance(call.body, Evidence)
    body, now_s = call.body, desk.clock.now_s()
    try:
        digest = bytes.fromhex(body.document_hash)
    except ValueError:
        raise Problem(Code.INVALID, "document_hash: give hex.") from None
    by = f"{call.caller.client_id}, {call.checker}"
    given = (body.kind, body.subject, body.standard, body.issuer)
    with desk.unit() as unit:
        green.record(unit, green.Tag(*given, digest, body.valid_until_s, by, now_s))
    return _shown(desk, body.kind, body.subject)


def _show_tag(desk: Services, call: Call) -> TagAnswer:
    return _shown(desk, call.path["kind"], call.path["subject"])


def _shown(desk: Services, kind: str, subject: str) -> TagAnswer:
    with desk.unit() as unit:
        tag = green.tag_of(unit, kind, subject)
    if tag is None:
        raise not_found()
    names = ("kind", "subject", "standard", "issuer", "valid_until_s", "seen_by")
    valid = desk.clock.now_s() < tag.valid_until_s
    facts: dict[str, Any] = {name: getattr(tag, name) for name in names}
    return TagAnswer(**facts, document_hash=tag.document_hash.hex(), valid=valid)


_ANY: Final = Role(2 * max(Role) - 1)
ROUTES: Final = (
    Route(
        "POST",
        "/credit/merchants/{account}/owner",
        "keepOwner",
        "Who stands behind a merchant: sealed, and screened against the lists",
        "credit",
        Role.PLATFORM,
        _keep_owner,
        OwnerAnswer,
        body=Owner,
        object_rule="the platform that brought the merchant",
    ),
    Route(
        "POST",
        "/credit/merchants/{account}/erasure",
        "eraseMerchant",
        "Destroy a merchant's personal and shop data; books and hashes stay whole",
        "credit",
        Role.PLATFORM,
        _erase,
        Erased,
        body=Nothing,
        object_rule="the platform that brought the merchant",
    ),
    Route(
        "POST",
        "/compliance/key-rotation",
        "rotateKeys",
        "Seal again under the newest key what older ones sealed",
        "compliance",
        Role.ADMINISTRATOR,
        _rotate,
        Rotated,
        body=Nothing,
        object_rule="any: keys are the bank's",
    ),
    Route(
        "POST",
        "/compliance/green-tags",
        "tagGreen",
        "Tag a receivable or a machine green, on evidence that two officers have seen",
        "compliance",
        Role.RISK_OFFICER,
        _tag,
        TagAnswer,
        body=Evidence,
        object_rule="any: risk officers answer for all",
        four_eyes=True,
    ),
    Route(
        "GET",
        "/green-tags/{kind}/{subject}",
        "showGreenTag",
        "A green tag and its evidence",
        "compliance",
        _ANY,
        _show_tag,
        TagAnswer,
        object_rule="any: a tag is a public claim",
    ),
)
