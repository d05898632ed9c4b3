"""The registry: two people promote a model, one command brings the last one back."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from system.adapters.memory_store import MemoryStore
from system.adapters.sql_store import SqlStore
from system.compliance import audit
from system.compliance.records import AUDIT, AUDIT_TABLES
from system.credit import registry
from system.credit.model_files import ModelFile, pack_scorecard, pack_skops
from system.credit.registry import MODEL_BYTES, REGISTRY_TABLES
from system.errors import InputError, IntegrityError
from system.kernels.columns import i64
from system.ledger.idempotency import IDEMPOTENCY_TABLES
from system.ports.store import Store, Unit
from tests.system.scorecards import full_card, proposal, scorecard, without_metric

TABLES = (*REGISTRY_TABLES, *AUDIT_TABLES, *IDEMPOTENCY_TABLES)
NOW_S = 1_767_225_600


class Office:
    """Officers at work, one transaction per command."""

    def __init__(self, store: Store | None = None) -> None:
        self.store = store or MemoryStore(TABLES)
        self.commands = 0

    def next_id(self) -> str:
        self.commands += 1
        return f"c{self.commands}"

    def propose(self, base_points: int = 500, maker: str = "ann", command_id: str = "") -> str:
        file, card = proposal(base_points)
        with self.store.transaction() as unit:
            return registry.propose(
                unit, file, card, maker, NOW_S, command_id=command_id or self.next_id()
            )

    def approve(self, model_id: str, checker: str = "bob", command_id: str = "") -> str:
        with self.store.transaction() as unit:
            return registry.approve(
                unit, model_id, checker, NOW_S, command_id=command_id or self.next_id()
            )

    def reject(self, model_id: str, checker: str = "bob", reason: str = "weak") -> str:
        with self.store.transaction() as unit:
            return registry.reject(
                unit, model_id, checker, reason, NOW_S, command_id=self.next_id()
            )

    def roll_back(self, checker: str = "cat", reason: str = "drift", command_id: str = "") -> str:
        with self.store.transaction() as unit:
            return registry.roll_back(
                unit, checker, reason, NOW_S, command_id=command_id or self.next_id()
            )

    def promote(self, base_points: int) -> str:
        return self.approve(self.propose(base_points))

    @contextmanager
    def looking(self) -> Iterator[Unit]:
        with self.store.transaction() as unit:
            yield unit

    def champion_id(self) -> str | None:
        with self.looking() as unit:
            return registry.champion_id(unit)

    def states(self) -> dict[str, str]:
        with self.looking() as unit:
            return {row.model_id: row.state for row in registry.models(unit)}


def refused(field: str) -> pytest.RaisesExc[InputError]:
    return pytest.RaisesExc(InputError, check=lambda error: error.field == field)


def test_an_approved_model_decides_and_scores_like_the_one_proposed() -> None:
    office = Office()
    model_id = office.promote(500)
    row = {name: i64([120]) for name in scorecard().features}
    with office.looking() as unit:
        champion = registry.champion(unit)
        assert registry.model_file(unit, model_id) == proposal()[0]
        assert registry.model_card(unit, model_id) == proposal()[1]
    assert champion.model_id == model_id == scorecard().model_id
    assert np.array_equal(champion.score(row).reasons, scorecard().score(row).reasons)


def test_before_the_first_approval_nothing_decides() -> None:
    office = Office()
    office.propose()
    assert office.champion_id() is None
    with office.looking() as unit, refused("champion"):
        registry.champion(unit)


@pytest.mark.parametrize("checker", ["ann", "Ann", " ann ", "ａｎｎ"])
def test_nobody_approves_or_rejects_a_model_of_their_own(checker: str) -> None:
    office = Office()
    model_id = office.propose(maker="ann")
    for decide in (office.approve, office.reject):
        with refused("checker"):
            decide(model_id, checker)
    assert office.states() == {model_id: "proposed"}


def test_people_and_reasons_have_names() -> None:
    office = Office()
    with refused("maker"):
        office.propose(maker="  ")
    model_id = office.propose()
    with refused("checker"):
        office.approve(model_id, "")
    with refused("reason"):
        office.reject(model_id, reason="")
    office.approve(model_id)
    office.promote(501)
    with refused("checker"):
        office.roll_back("")
    with refused("reason"):
        office.roll_back(reason="x" * 10_000)


@pytest.mark.parametrize("name", ["auc", "ks", "brier", "calibration_error"])
def test_a_card_without_a_metric_stops_promotion(name: str) -> None:
    office = Office()
    file, card = proposal()
    with office.looking() as unit:
        registry.propose(unit, file, without_metric(card, name), "ann", NOW_S, command_id="p")
    with refused("card"):
        office.approve(file.model_id)


@pytest.mark.parametrize("part", ["data", "features", "calibration", "fairness", "limits"])
def test_a_card_without_a_part_stops_promotion(part: str) -> None:
    office = Office()
    file, card = proposal()
    bare = replace(card, **{part: None if part == "data" else ()})
    with office.looking() as unit:
        registry.propose(unit, file, bare, "ann", NOW_S, command_id="p")
    with refused("card"):
        office.approve(file.model_id)


def test_a_card_of_another_model_or_of_other_features_is_refused() -> None:
    office = Office()
    file, card = proposal()
    for wrong, field in (
        (replace(card, model_id="scorecard-0"), "card.model_id"),
        (replace(card, features=card.features[:1]), "card.features"),
    ):
        with office.looking() as unit, refused(field):
            registry.propose(unit, file, wrong, "ann", NOW_S, command_id="p")


def test_altered_bytes_are_not_even_proposed() -> None:
    file, card = proposal()
    with Office().looking() as unit, pytest.raises(IntegrityError):
        registry.propose(
            unit, replace(file, content=file.content + b" "), card, "ann", NOW_S, command_id="p"
        )


def test_a_challenger_is_kept_but_never_decides() -> None:
    from sklearn.linear_model import LogisticRegression

    x = np.arange(20.0).reshape(10, 2)
    file = pack_skops(LogisticRegression().fit(x, x[:, 0] > 9), ("a", "b"))
    card = replace(full_card(file, scorecard()), features=())
    office = Office()
    with office.looking() as unit:
        registry.propose(unit, file, card, "ann", NOW_S, command_id="p")
    with refused("format"):
        office.approve(file.model_id)


def test_a_scorecard_whose_reasons_cannot_be_told_never_decides() -> None:
    foreign = scorecard()
    features = (replace(foreign.features_points[0], reason=1_001), *foreign.features_points[1:])
    model = replace(foreign, features_points=features)
    file = pack_scorecard(model)
    office = Office()
    with office.looking() as unit:
        registry.propose(unit, file, full_card(file, model), "ann", NOW_S, command_id="p")
    with refused("features"):
        office.approve(file.model_id)


def test_a_model_is_decided_once() -> None:
    office = Office()
    with refused("model_id"):
        office.approve("scorecard-0")
    model_id = office.promote(500)
    with refused("model_id"):
        office.approve(model_id)
    with refused("model_id"):
        office.propose(500)
    rejected = office.reject(office.propose(501))
    with refused("model_id"):
        office.approve(rejected)
    assert office.states()[rejected] == "rejected"


def test_roll_back_goes_back_one_champion_at_a_time() -> None:
    office = Office()
    first, second = office.promote(500), office.promote(501)
    assert office.states() == {first: "retired", second: "champion"}
    assert office.roll_back() == first
    third = office.promote(502)
    fourth = office.promote(503)
    assert [office.roll_back(), office.roll_back()] == [third, first]
    assert office.states() == {
        first: "champion",
        second: "rolled_back",
        third: "rolled_back",
        fourth: "rolled_back",
    }
    with refused("champion"):
        office.roll_back()
    assert office.champion_id() == first


def test_a_command_sent_again_does_nothing_and_answers_the_same() -> None:
    office = Office()
    first = office.propose(500, command_id="p1")
    assert office.propose(500, command_id="p1") == first
    office.approve(first, command_id="a1")
    second = office.promote(501)
    assert office.approve(first, command_id="a1") == first
    assert office.champion_id() == second
    assert office.roll_back(command_id="r1") == first
    assert office.roll_back(command_id="r1") == first
    assert office.champion_id() == first
    with office.looking() as unit:
        assert [row.step for row in registry.steps(unit)] == [
            "propose",
            "approve",
            "propose",
            "approve",
            "roll back",
        ]


def test_a_command_id_with_other_content_is_refused() -> None:
    office = Office()
    first = office.propose(500, command_id="p1")
    for again in (
        lambda: office.propose(501, command_id="p1"),
        lambda: office.propose(500, maker="dan", command_id="p1"),
        lambda: office.approve(first, command_id="p1"),
    ):
        with refused("command_id"):
            again()


def test_a_refused_command_may_be_sent_again_once_the_reason_is_gone() -> None:
    office = Office()
    model_id = office.propose(maker="ann")
    with refused("checker"):
        office.approve(model_id, "ann", command_id="a")
    assert office.approve(model_id, "bob", command_id="a") == model_id


def test_each_step_has_its_link_in_the_audit_log() -> None:
    office = Office()
    office.promote(500)
    office.promote(501)
    office.roll_back()
    with office.looking() as unit:
        links = [(link.actor, link.action) for link in unit.scan(AUDIT)]
        whole = [(row.actor, f"model {row.step}") for row in registry.steps(unit)]
        assert audit.verify(unit) is None
    assert links == whole
    assert links[-1] == ("cat", "model roll back")


def test_bytes_altered_in_the_store_decide_nothing_even_with_a_fitting_manifest() -> None:
    office = Office()
    model_id = office.promote(500)
    row = _tampered(office, model_id)
    broken = Office(MemoryStore(TABLES))
    broken.promote(500)
    with broken.store.transaction() as unit:
        # The port refuses to overwrite an append-only row; an intruder would not ask it.
        object.__setattr__(unit.get(MODEL_BYTES, [(model_id,)])[0], "content", row.content)
    with broken.looking() as unit, pytest.raises(IntegrityError):
        registry.champion(unit)
    with broken.store.transaction() as unit:
        object.__setattr__(
            unit.get(MODEL_BYTES, [(model_id,)])[0], "manifest", row.manifest.to_json()
        )
    with broken.looking() as unit, pytest.raises(IntegrityError):
        registry.champion(unit)


def _tampered(office: Office, model_id: str) -> ModelFile:
    with office.looking() as unit:
        file = registry.model_file(unit, model_id)
    content = file.content.replace(b"500", b"700", 1)
    manifest = replace(file.manifest, sha256=sha256(content).hexdigest())
    return ModelFile(manifest, content)


def test_the_registry_lives_in_sqlite_as_well(tmp_path: object) -> None:
    store = SqlStore(f"sqlite:///{tmp_path}/models.db", TABLES)
    office = Office(store)
    first = office.promote(500)
    office.promote(501)
    assert office.roll_back() == first
    with office.looking() as unit:
        assert registry.champion(unit) == scorecard(500)
    store.close()


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from(["promote", "roll back", "reject", "again"]), max_size=12))
def test_there_is_one_champion_at_most_and_it_is_the_top_of_the_stack(moves: list[str]) -> None:
    office, stack = Office(), []
    for number, move in enumerate(moves):
        if move == "promote":
            stack.append(office.promote(400 + number))
        elif move == "reject":
            office.reject(office.propose(400 + number))
        elif move == "roll back" and len(stack) > 1:
            stack.pop()
            assert office.roll_back() == stack[-1]
        elif move == "again" and stack:
            with refused("model_id"):
                office.approve(stack[0])
        champions = [name for name, state in office.states().items() if state == "champion"]
        assert champions == stack[-1:]
        assert office.champion_id() == (stack[-1] if stack else None)
