"""Routes that change who is a client, and with which secret and key."""

from typing import Annotated, Any, Final

from pydantic import StringConstraints

from system.api.access import Role
from system.api.answers import Answer, answered
from system.api.bodies import Body, Nothing, Text, example
from system.api.operations import ClientSecret, NewClient, add_client
from system.api.route import Call, Route
from system.api.services import Services
from system.compliance import audit
from system.compliance.records import AuditEntry
from system.ports.store import Unit

_Key = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class Revocation(Body):
    """note: why; the audit log keeps its hash."""

    model_config = example(note="their laptop was stolen")
    note: Text


class NewSigner(Body):
    """signer: hex of an Ed25519 public key."""

    model_config = example(signer="5a" * 32)
    signer: _Key


class Revoked(Answer):
    model_config = answered(client_id="erp-7", revoked_at_s=1_767_240_000)
    client_id: str
    revoked_at_s: int


class SignerReplaced(Answer):
    model_config = answered(client_id="erp-7", signer="5a" * 32)
    client_id: str
    signer: str


class Admitted(Answer):
    """Its secret is made, and shown, by ``replaceClientSecret``."""

    model_config = answered(client_id="erp-7")
    client_id: str


def _admit_by_two(desk: Services, call: Call) -> Admitted:
    assert isinstance(call.body, NewClient)
    return Admitted(client_id=add_client(desk, call, call.body))


def _revoke(desk: Services, call: Call) -> Revoked:
    assert isinstance(call.body, Revocation)
    client_id, note, now_s = call.path["client_id"], call.body.note, desk.clock.now_s()
    with desk.unit() as unit:
        row, is_new = desk.clients.revoke(unit, client_id, now_s)
        if is_new:
            _leave_link(desk, unit, call, "revoke client", {"note": note})
    assert row.revoked_at_s is not None
    return Revoked(client_id=client_id, revoked_at_s=row.revoked_at_s)


def _replace_secret(desk: Services, call: Call) -> ClientSecret:
    client_id = call.path["client_id"]
    # A repeat is told its secret again, and brings it back in no other one's place.
    if not call.repeats:
        with desk.unit() as unit:
            desk.clients.replace_secret(unit, client_id, call.key)
            _leave_link(desk, unit, call, "replace client's secret", None)
    return ClientSecret(
        client_id=client_id, client_secret=desk.clients.secret_of(client_id, call.key)
    )


def _replace_signer(desk: Services, call: Call) -> SignerReplaced:
    assert isinstance(call.body, NewSigner)
    client_id, signer = call.path["client_id"], call.body.signer
    with desk.unit() as unit:
        desk.clients.replace_signer(unit, client_id, bytes.fromhex(signer))
        facts = {"signer": signer, "checker": call.checker}
        _leave_link(desk, unit, call, "replace client's signer", facts)
    return SignerReplaced(client_id=client_id, signer=signer)


def set_signer(desk: Services, client_id: str, signer: str) -> None:
    """From the bank's own host, in place of two administrators. signer: hex. Raises Problem."""
    with desk.unit() as unit:
        desk.clients.replace_signer(unit, client_id, bytes.fromhex(signer))
        entry = AuditEntry("host", "replace client's signer", f"client/{client_id}", signer)
        audit.append(unit, [entry], desk.clock.now_s())


def _leave_link(desk: Services, unit: Unit, call: Call, action: str, payload: Any) -> None:
    subject = f"client/{call.path['client_id']}"
    entry = AuditEntry(call.caller.client_id, action, subject, payload)
    audit.append(unit, [entry], desk.clock.now_s())


_RULE: Final = "any: administrators answer for all clients"
ROUTES: Final = (
    Route(
        "POST",
        "/client-admissions",
        "admitClientByTwo",
        "Admit a client, by two administrators: one alone could admit both pairs of eyes",
        "operations",
        Role.ADMINISTRATOR,
        _admit_by_two,
        Admitted,
        body=NewClient,
        object_rule=_RULE,
        four_eyes=True,
    ),
    Route(
        "POST",
        "/clients/{client_id}/revocation",
        "revokeClient",
        "Revoke a client for good: its tokens and its secret count no more, at once",
        "operations",
        Role.ADMINISTRATOR,
        _revoke,
        Revoked,
        body=Revocation,
        object_rule=_RULE,
    ),
    Route(
        "POST",
        "/clients/{client_id}/secret",
        "replaceClientSecret",
        "A new secret in place of the one before; it is shown once",
        "operations",
        Role.ADMINISTRATOR,
        _replace_secret,
        ClientSecret,
        body=Nothing,
        object_rule=_RULE,
        status=201,
        answers_secret=True,
    ),
    Route(
        "POST",
        "/clients/{client_id}/signer",
        "replaceClientSigner",
        "Another key for the client's signed requests: whoever has it moves the client's money",
        "operations",
        Role.ADMINISTRATOR,
        _replace_signer,
        SignerReplaced,
        body=NewSigner,
        object_rule=_RULE,
        signed=True,
        four_eyes=True,
    ),
)
