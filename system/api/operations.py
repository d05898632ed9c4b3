"""Routes of the gateway itself: clients, parties, approvals, audit."""

from collections.abc import Iterable
from functools import reduce
from operator import or_
from typing import Annotated, Any, Final, Literal

from pydantic import StringConstraints

from system.api.access import SCOPES, Caller, Role
from system.api.answers import Answer, Taken, answered, not_found, refusal_problem
from system.api.bodies import Body, Int, Text, body_of, example, values
from system.api.problems import Code, Problem
from system.api.route import Call, Route
from system.api.services import Services
from system.chain.commands import ChangeKyc, EnrolParty
from system.compliance import audit
from system.compliance.records import AuditEntry
from system.errors import DuplicateRow
from system.parties import feedback
from system.parties.feedback import Feedback
from system.parties.records import PARTIES


def _one_of(names: Iterable[str]) -> StringConstraints:
    return StringConstraints(pattern=f"^({'|'.join(names)})$")


RoleName = Annotated[str, _one_of(role.name.lower() for role in Role if role.name)]
ScopeName = Annotated[str, _one_of(SCOPES)]


class NewClient(Body):
    """roles, scopes: names.  signer: hex of an Ed25519 public key, for requests that move money."""

    model_config = example(
        client_id="erp-7",
        party_id="supplier-1",
        roles=["supplier"],
        scopes=["receivables"],
    )
    client_id: Text
    party_id: str = ""
    roles: list[RoleName]
    scopes: list[ScopeName]
    signer: Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{64})?$")] = ""


class Opinion(Body):
    """How likely is it that you recommend this product? words: kept with consent only."""

    model_config = example(product="credit", score=9, words="", consented=False)
    product: Literal["receivables", "credit", "leasing"]
    score: Int
    words: str = ""
    consented: bool = False


class Thanks(Answer):
    model_config = answered(product="credit")
    product: str


class ClientSecret(Answer):
    """The secret is shown this once."""

    model_config = answered(client_id="erp-7", client_secret="62" * 32)
    client_id: str
    client_secret: str


class PartyAnswer(Answer):
    model_config = answered(
        party_id="supplier-1",
        name="Supplier One",
        roles=2,
        group_id=None,
        kyc_state="verified",
        kyc_expires_at_s=1_900_000_000,
    )
    party_id: str
    name: str
    roles: int
    group_id: str | None
    kyc_state: str
    kyc_expires_at_s: int | None


def _admit(desk: Services, call: Call) -> ClientSecret:
    assert isinstance(call.body, NewClient)
    client = _client_of(call.body)
    if not call.repeats:
        with desk.unit() as unit:
            if desk.clients.takes_two(unit):
                raise Problem(
                    Code.CONFLICT, "It takes two administrators: POST /client-admissions."
                )
        add_client(desk, call, call.body)
    secret = desk.clients.secret_of(client.client_id, call.key)
    return ClientSecret(client_id=client.client_id, client_secret=secret)


def add_client(desk: Services, call: Call, body: NewClient) -> str:
    """Admit a client and leave a link of the audit log; its id. Raises Problem, InputError."""
    client, now_s = _client_of(body), desk.clock.now_s()
    try:
        with desk.unit() as unit:
            desk.clients.admit(unit, client, call.key, now_s)
            audit.append(unit, [_admission(call, client)], now_s)
    except DuplicateRow:
        raise Problem(Code.CONFLICT, "There is a client of this id.") from None
    return client.client_id


def _client_of(body: NewClient) -> Caller:
    roles = reduce(or_, (Role[name.upper()] for name in body.roles), Role(0))
    signer = bytes.fromhex(body.signer)
    return Caller(body.client_id, body.party_id, roles, tuple(body.scopes), signer)


def _admission(call: Call, client: Caller) -> AuditEntry:
    facts = {
        "party_id": client.party_id,
        "roles": int(client.roles),
        "scopes": list(client.scopes),
        "signer": client.signer.hex(),
    } | ({"checker": call.checker} if call.checker else {})
    return AuditEntry(call.caller.client_id, "admit client", f"client/{client.client_id}", facts)


def _opinion(desk: Services, call: Call) -> Thanks:
    assert isinstance(call.body, Opinion)
    body, now_s = call.body, desk.clock.now_s()
    said = Feedback(
        call.key,
        body.product,
        call.caller.client_id,
        now_s,
        body.score,
        body.words,
        body.consented,
    )
    with desk.unit() as unit:
        feedback.give(unit, said)
    return Thanks(product=body.product)


def _enrol(desk: Services, call: Call) -> Taken:
    assert call.body is not None
    command = EnrolParty(command_id=call.key, **values(call.body, EnrolParty))
    [outcome] = desk.receivables.receivables.enrol([command])
    if outcome.refusal:
        raise refusal_problem(outcome.refusal, outcome.detail)
    return Taken(command_id=outcome.command_id, reference=outcome.reference)


def _change_kyc(desk: Services, call: Call) -> Taken:
    assert call.body is not None
    command = ChangeKyc(call.key, call.path["party_id"], **values(call.body, ChangeKyc))
    [outcome] = desk.receivables.receivables.change_kyc([command])
    if outcome.refusal:
        raise refusal_problem(outcome.refusal, outcome.detail)
    return Taken(command_id=outcome.command_id, reference=outcome.reference)


def _show_party(desk: Services, call: Call) -> PartyAnswer:
    party_id = call.path["party_id"]
    if not (call.caller.sees_all() or call.caller.is_one_of(party_id)):
        raise not_found()
    with desk.unit() as unit:
        [row] = unit.get(PARTIES, [(party_id,)])
    if row is None:
        raise not_found()
    return PartyAnswer(**{name: getattr(row, name) for name in PartyAnswer.model_fields})


_ANY: Final = Role(2 * max(Role) - 1)
_KYC_EXAMPLE: Final[dict[str, Any]] = {"step": "suspend"}
_PARTY_EXAMPLE: Final[dict[str, Any]] = {
    "party_id": "supplier-1",
    "name": "Supplier One",
    "roles": 2,
    "kyc_expires_at_s": 1_900_000_000,
}
assert "operations" in SCOPES

ROUTES: Final = (
    Route(
        "POST",
        "/clients",
        "admitClient",
        "Admit a client; its secret is shown once. For a bank with one administrator",
        "operations",
        Role.ADMINISTRATOR,
        _admit,
        ClientSecret,
        body=NewClient,
        object_rule="any: administrators admit",
        status=201,
        answers_secret=True,
    ),
    Route(
        "POST",
        "/parties",
        "enrolParty",
        "Admit a party whose documents were checked",
        "parties",
        Role.ADMINISTRATOR,
        _enrol,
        Taken,
        body=body_of(EnrolParty, ("command_id",), _PARTY_EXAMPLE),
        object_rule="any: administrators admit",
        status=202,
    ),
    Route(
        "POST",
        "/parties/{party_id}/kyc",
        "changeKyc",
        "One step in a party's verification",
        "parties",
        Role.RISK_OFFICER,
        _change_kyc,
        Taken,
        body=body_of(ChangeKyc, ("command_id", "party_id"), _KYC_EXAMPLE),
        object_rule="any: risk officers answer for all",
        status=202,
    ),
    Route(
        "GET",
        "/parties/{party_id}",
        "showParty",
        "A party and the state of its verification",
        "parties",
        _ANY,
        _show_party,
        PartyAnswer,
        object_rule="the party itself; officers and supervisors see all",
    ),
    Route(
        "POST",
        "/feedback",
        "giveFeedback",
        "How likely a customer is to recommend a product",
        "operations",
        Role.SUPPLIER | Role.CORE_ENTERPRISE | Role.PLATFORM | Role.LESSOR,
        _opinion,
        Thanks,
        body=Opinion,
        object_rule="any: the caller's own opinion",
        status=201,
    ),
)
