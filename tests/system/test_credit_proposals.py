"""Proposals: training ends before a second person, with a card that misses nothing."""

from functools import lru_cache

import numpy as np
import pytest

from system.adapters.memory_store import MemoryStore
from system.compliance.records import AUDIT_TABLES
from system.credit import registry
from system.credit.card_pages import card_page
from system.credit.cards import RejectBias
from system.credit.drift import count_rows, drift_report
from system.credit.drift_records import DRIFT_TABLES, keep_reference, reference_of
from system.credit.proposals import CardNotes, Proposal, proposal_of, propose, retrain
from system.credit.registry import REGISTRY_TABLES
from system.credit.training import Sample, TrainedModel, train_champion
from system.errors import InputError
from system.kernels.columns import MISSING
from system.ledger.idempotency import IDEMPOTENCY_TABLES

NOW_S = 1_767_225_600
NAMES = ("refund_rate_3p_ppm", "rating_3p_milli", "tenure_days")
NOTES = CardNotes("legacy loans", 60_000)


def store() -> MemoryStore:
    return MemoryStore((*REGISTRY_TABLES, *DRIFT_TABLES, *AUDIT_TABLES, *IDEMPOTENCY_TABLES))


@lru_cache
def sample(seed: int = 4, n: int = 1_500) -> Sample:
    """Merchants whose refunds and short record make them fail; each is seen twice."""
    luck = np.random.Generator(np.random.Philox(seed))
    features = {name: luck.integers(0, 1_000_000, n) for name in NAMES}
    features["rating_3p_milli"][luck.random(n) < 0.2] = MISSING
    risk = features["refund_rate_3p_ppm"] / 1e6 - features["tenure_days"] / 1e6
    return Sample(
        features=features,
        target=luck.random(n) < 1 / (1 + np.exp(2 - 3 * risk)),
        observed_on=20_000 + luck.integers(0, 300, n),
        merchant=np.arange(n) // 2,
        region=luck.integers(0, 3, n),
        size_band=luck.integers(0, 2, n),
        target_text="90 days past due within 180 days",
    )


@lru_cache
def trained() -> TrainedModel:
    return train_champion(sample(), 1)


@lru_cache
def proposal() -> Proposal:
    return proposal_of(trained(), sample(), NOTES)


def test_a_proposal_misses_only_what_nobody_has_measured_yet() -> None:
    card = proposal().card
    assert card.missing() == ("reject_bias",)
    assert card.data is not None
    assert (card.data.rows, card.data.merchants) == (1_500, 750)
    assert card.data.bads == int(sample().target.sum())
    assert [fact.attribute for fact in card.fairness] == ["region", "size_band"]
    assert sum(band.n for band in card.calibration) == 1_500
    auc = next(fact for fact in card.metrics if fact.name == "auc")
    assert 550_000 < auc.low_ppm < auc.value_ppm < auc.high_ppm < 850_000
    for language, word in (("en", "Reject bias"), ("zh", "拒绝偏差")):
        assert word in card_page(card, language)  # type: ignore[arg-type]


def test_reject_bias_that_was_measured_stands_on_the_card() -> None:
    notes = CardNotes("legacy loans", 60_000, RejectBias("auc", 700_000, 650_000, 90))
    assert proposal_of(trained(), sample(), notes).card.missing() == ()


def test_training_again_proposes_and_never_promotes() -> None:
    place = store()
    with place.transaction() as unit:
        model_id = retrain(unit, sample(), NOTES, "ann", NOW_S, command_id="r", seed=1)
        assert registry.champion_id(unit) is None
        assert [row.state for row in registry.models(unit)] == ["proposed"]
    with place.transaction() as unit:
        registry.approve(unit, model_id, "bob", NOW_S, command_id="a")
        scores = registry.champion(unit).score(sample().features)
        assert scores.score.shape == (1_500,)
    assert model_id == proposal().file.model_id


def test_training_again_under_the_same_command_answers_the_same() -> None:
    place = store()
    for _ in range(2):
        with place.transaction() as unit:
            retrain(unit, sample(), NOTES, "ann", NOW_S, command_id="r", seed=1)
            assert len(registry.steps(unit)) == 1


def test_the_reference_is_kept_for_drift_and_is_silent_about_its_own_rows() -> None:
    place = store()
    with place.transaction() as unit:
        model_id = propose(unit, proposal(), "ann", NOW_S, command_id="p")
        reference = reference_of(unit, model_id)
    assert reference == proposal().reference
    assert drift_report(reference, reference).shifts[0].psi_ppm == 0
    with place.transaction() as unit:
        registry.approve(unit, model_id, "bob", NOW_S, command_id="a")
        model = registry.champion(unit)
    later = count_rows(model, sample(9).features, reference.score_edges)
    assert [a for a in drift_report(reference, later).alerts if a.kind == "psi"] == []


def test_a_reference_is_kept_once_and_asked_for_by_name() -> None:
    place = store()
    edges = proposal().reference.score_edges
    other = count_rows(trained().model, sample(9).features, edges)
    with place.transaction() as unit:
        with pytest.raises(InputError):
            reference_of(unit, "scorecard-0")
        keep_reference(unit, proposal().reference)
        keep_reference(unit, proposal().reference)
        with pytest.raises(InputError):
            keep_reference(unit, other)
