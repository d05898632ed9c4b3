"""Which models there are, who proposed and who approved them, and which one decides.

A model is proposed with its file and its card by one person and approved by another. One model
per product is champion; the one before it stays at hand, and a single command brings it back.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final
from unicodedata import normalize

from system.canonical import canonical_json, sha256_hex
from system.compliance import audit
from system.compliance.records import AuditEntry
from system.credit.cards import PRODUCT, ModelCard
from system.credit.model_files import Manifest, ModelFile, check_bytes, open_scorecard
from system.credit.reasons import Reason
from system.credit.scorer import SCORECARD_FORMAT, ScorecardModel
from system.errors import InputError, IntegrityError
from system.ledger.idempotency import Answered, once
from system.limits import TEXT_CHARS_MAX
from system.ports.store import Table, Unit


@dataclass(frozen=True, slots=True)
class ModelRecord:
    """state: proposed, champion, retired (another took its place), rejected, rolled_back.

    sha256: of the file, in full.  maker proposed it, checker decided on it.  replaces: the
    champion before it, or empty.
    """

    model_id: str
    product: str
    format: str
    sha256: str
    card: str
    state: str
    maker: str
    proposed_at_s: int
    checker: str = ""
    decided_at_s: int | None = None
    replaces: str = ""


@dataclass(frozen=True, slots=True)
class ModelBytes:
    """The file itself, as it was proposed."""

    model_id: str
    manifest: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Champion:
    """The model that decides for a product."""

    product: str
    model_id: str


@dataclass(frozen=True, slots=True)
class ModelStep:
    """One step in a model's life, in the order of the steps; the audit log has a link for each."""

    sequence: int
    product: str
    model_id: str
    step: str
    actor: str
    reason: str
    at_s: int


MODELS: Final = Table("credit_model", ModelRecord, key=("model_id",), index=(("product",),))
MODEL_BYTES: Final = Table("credit_model_bytes", ModelBytes, key=("model_id",), append_only=True)
CHAMPIONS: Final = Table("credit_champion", Champion, key=("product",))
MODEL_STEPS: Final = Table(
    "credit_model_step",
    ModelStep,
    key=("sequence",),
    index=(("product",), ("model_id",)),
    append_only=True,
)
REGISTRY_TABLES: Final = (MODELS, MODEL_BYTES, CHAMPIONS, MODEL_STEPS)
_CLIENT: Final = "credit-models"


@dataclass(frozen=True, slots=True)
class _Command:
    """A registry command as the idempotency table knows it."""

    key: str
    fingerprint: str
    client: str = _CLIENT


def propose(
    unit: Unit, model_file: ModelFile, card: ModelCard, maker: str, now_s: int, *, command_id: str
) -> str:
    """Put a model and its card before a second person. Returns the model's id.

    The card may miss facts; approval asks for them. Raises IntegrityError for altered bytes,
    InputError for a card of another model, or a model that is registered already.
    """

    def do() -> str:
        check_bytes(model_file)
        _check_person("maker", maker)
        model_id = model_file.model_id
        _check_card(model_file, card)
        if unit.get(MODELS, [(model_id,)]) != [None]:
            raise InputError("model_id", model_id, "it is registered; propose a new version")
        manifest = model_file.manifest
        row = ModelRecord(
            model_id,
            card.product,
            manifest.format,
            manifest.sha256,
            card.to_json(),
            "proposed",
            maker,
            now_s,
        )
        unit.insert(MODELS, [row])
        unit.insert(MODEL_BYTES, [ModelBytes(model_id, manifest.to_json(), model_file.content)])
        _note(unit, row, "propose", maker, "", now_s)
        return model_id

    request = ("propose", model_file.manifest.to_json(), card.to_json(), maker)
    return _once(unit, command_id, request, do, now_s)


def approve(unit: Unit, model_id: str, checker: str, now_s: int, *, command_id: str) -> str:
    """Make a proposed model champion; the champion so far retires. Returns the model's id.

    checker: another person than the maker. Raises InputError when it is the same one, when the
    card misses facts that promotion needs, or when the model cannot decide (not a scorecard over
    features with a reason each).
    """

    def do() -> str:
        row = _proposed(unit, model_id)
        _check_four_eyes(row, checker)
        check_promotable(_file(unit, row), ModelCard.from_json(row.card))
        before = champion_id(unit, row.product)
        _promote(unit, row.product, before, model_id)
        if before is not None:
            _change(unit, before, state="retired")
        decided = {"state": "champion", "checker": checker, "decided_at_s": now_s}
        _change(unit, model_id, **decided, replaces=before or "")
        _note(unit, row, "approve", checker, "", now_s)
        return model_id

    return _once(unit, command_id, ("approve", model_id, checker), do, now_s)


def reject(
    unit: Unit, model_id: str, checker: str, reason: str, now_s: int, *, command_id: str
) -> str:
    """Turn a proposed model down, for good. Returns the model's id. Errors as approve."""

    def do() -> str:
        row = _proposed(unit, model_id)
        _check_four_eyes(row, checker)
        _check_text("reason", reason)
        _change(unit, model_id, state="rejected", checker=checker, decided_at_s=now_s)
        _note(unit, row, "reject", checker, reason, now_s)
        return model_id

    return _once(unit, command_id, ("reject", model_id, checker, reason), do, now_s)


def roll_back(
    unit: Unit, checker: str, reason: str, now_s: int, *, command_id: str, product: str = PRODUCT
) -> str:
    """Bring the champion before this one back, at once. Returns its id.

    One person is enough: two people have approved what comes back. The model rolled back never
    decides again. Raises InputError when there is no champion before this one.
    """

    def do() -> str:
        _check_person("checker", checker)
        _check_text("reason", reason)
        current = _record(unit, _champion_of(unit, product))
        if not current.replaces:
            raise InputError("champion", current.model_id, "there is none before it; approve one")
        _promote(unit, product, current.model_id, current.replaces)
        _change(unit, current.model_id, state="rolled_back")
        _change(unit, current.replaces, state="champion")
        _note(unit, current, "roll back", checker, reason, now_s)
        return current.replaces

    return _once(unit, command_id, ("roll back", product, checker, reason), do, now_s)


def champion(unit: Unit, product: str = PRODUCT) -> ScorecardModel:
    """The model that decides. Its bytes are checked against the hash under which it was approved.

    Raises InputError when none is approved, IntegrityError for altered bytes.
    """
    return open_scorecard(model_file(unit, _champion_of(unit, product)))


def champion_id(unit: Unit, product: str = PRODUCT) -> str | None:
    """Id of the model that decides; None when none is approved."""
    (row,) = unit.get(CHAMPIONS, [(product,)])
    return row.model_id if row is not None else None


def models(unit: Unit, product: str = PRODUCT) -> list[ModelRecord]:
    """Every model of a product, by id."""
    return unit.find(MODELS, {"product": product})


def steps(unit: Unit, product: str = PRODUCT) -> list[ModelStep]:
    """What happened to a product's models, in order."""
    return unit.find(MODEL_STEPS, {"product": product})


def model_file(unit: Unit, model_id: str) -> ModelFile:
    """A registered model's file. Raises InputError for an unknown id."""
    return _file(unit, _record(unit, model_id))


def model_card(unit: Unit, model_id: str) -> ModelCard:
    """A registered model's card. Raises InputError for an unknown id."""
    return ModelCard.from_json(_record(unit, model_id).card)


def check_promotable(file: ModelFile, card: ModelCard) -> None:
    """Raises InputError, naming the first obstacle, unless this model may decide.

    Only an integer scorecard decides, since only it gives the same answer on every machine; its
    reasons must be ones that a merchant can be told. Reject bias may be unknown before the first
    rejects were explored; everything else on the card must be there.
    """
    if file.manifest.format != SCORECARD_FORMAT:
        raise InputError("format", file.manifest.format, "keep it as a challenger")
    model = open_scorecard(file)
    foreign = [part.name for part in model.features_points if part.reason not in _REASONS]
    if foreign:
        raise InputError("features", foreign, "use features that have a Reason")
    lacking = [name for name in card.missing() if name != "reject_bias"]
    if lacking:
        raise InputError("card", lacking, "fill in what the card misses, and propose it again")


_REASONS: Final = frozenset(int(reason) for reason in Reason if reason)


def _once(
    unit: Unit, command_id: str, request: tuple[str, ...], do: Callable[[], str], now_s: int
) -> str:
    """The answer of ``do``, or the stored one. Raises InputError for an id used otherwise."""
    _check_text("command_id", command_id)
    command = _Command(command_id, sha256_hex(canonical_json(request)))
    (reply,) = once(unit, [command], lambda _: [do()], now_s)
    if reply.answered is Answered.KEY_REUSED:
        raise InputError("command_id", command_id, "another command has this id; take a new one")
    return reply.response


def _proposed(unit: Unit, model_id: str) -> ModelRecord:
    row = _record(unit, model_id)
    if row.state != "proposed":
        raise InputError("model_id", model_id, f"it is {row.state}; only a proposed one is decided")
    return row


def _record(unit: Unit, model_id: str) -> ModelRecord:
    (row,) = unit.get(MODELS, [(model_id,)])
    if row is None:
        raise InputError("model_id", model_id, "propose it first")
    return row


def _file(unit: Unit, row: ModelRecord) -> ModelFile:
    (held,) = unit.get(MODEL_BYTES, [(row.model_id,)])
    if held is None:
        raise IntegrityError("bytes of a registered model", row.model_id, None)
    file = ModelFile(Manifest.from_json(held.manifest), held.content)
    check_bytes(file)
    # Bytes and manifest altered together still differ from what people approved.
    if file.manifest.sha256 != row.sha256:
        raise IntegrityError("model file", row.sha256, file.manifest.sha256)
    return file


def _champion_of(unit: Unit, product: str) -> str:
    found = champion_id(unit, product)
    if found is None:
        raise InputError("champion", product, "no model is approved: propose and approve one")
    return found


def _promote(unit: Unit, product: str, before: str | None, model_id: str) -> None:
    row = Champion(product, model_id)
    (unit.insert if before is None else unit.replace)(CHAMPIONS, [row])


def _change(unit: Unit, model_id: str, **fields: Any) -> None:
    unit.replace(MODELS, [replace(_record(unit, model_id), **fields)])


def _note(unit: Unit, row: ModelRecord, step: str, actor: str, reason: str, now_s: int) -> None:
    last = unit.last(MODEL_STEPS)
    sequence = last.sequence + 1 if last is not None else 1
    made = ModelStep(sequence, row.product, row.model_id, step, actor, reason, now_s)
    unit.insert(MODEL_STEPS, [made])
    payload = [sequence, row.product, row.sha256, sha256_hex(row.card), reason]
    audit.append(unit, [AuditEntry(actor, f"model {step}", row.model_id, payload)], now_s)


def _check_card(file: ModelFile, card: ModelCard) -> None:
    if card.model_id != file.model_id:
        raise InputError("card.model_id", card.model_id, f"give the card of {file.model_id}")
    if card.features and tuple(fact.name for fact in card.features) != file.manifest.features:
        named = ", ".join(file.manifest.features)
        raise InputError("card.features", [fact.name for fact in card.features], f"name {named}")


def _check_four_eyes(row: ModelRecord, checker: str) -> None:
    _check_person("checker", checker)
    if _same_person(checker, row.maker):
        raise InputError("checker", checker, "another person than the maker must decide")


def _same_person(one: str, other: str) -> bool:
    """True for names that only case, width or outer spaces tell apart."""
    return _plain(one) == _plain(other)


def _plain(name: str) -> str:
    return normalize("NFKC", name).strip().casefold()


def _check_person(field: str, name: str) -> None:
    _check_text(field, name)
    if not _plain(name):
        raise InputError(field, name, "name the person")


def _check_text(field: str, text: str) -> None:
    if not isinstance(text, str) or not 1 <= len(text) <= TEXT_CHARS_MAX:
        raise InputError(field, text, f"give 1 to {TEXT_CHARS_MAX} characters")
