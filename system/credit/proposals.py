"""From a trained model to a proposal that a second person can judge: file, card, reference.

Training again never puts a model in charge by itself: it ends here, with a proposal.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from system.credit import registry
from system.credit.card_facts import calibration_bands, fairness_fact, metric_fact
from system.credit.cards import (
    DataWindow,
    FairnessFact,
    Limit,
    MetricFact,
    ModelCard,
    RejectBias,
    feature_facts,
)
from system.credit.drift import DriftCounts, count_matured, score_edges
from system.credit.drift_records import keep_reference
from system.credit.model_files import ModelFile, pack_scorecard
from system.credit.models.contract import Prediction
from system.credit.models.folds import splits
from system.credit.models.measures import measured
from system.credit.training import Sample, TrainedModel, train_champion
from system.kernels.columns import I64
from system.limits import PPM
from system.ports.store import Unit

# What holds of every model made here; a proposal may add its own.
LIMITS: Final = (
    Limit(
        "For merchants of the platform with three or more complete periods of data; not for "
        "people, and not for merchants of another platform",
        "仅用于本平台上有三个及以上完整周期数据的商户;不得用于个人,也不得用于其他平台的商户",
    ),
    Limit(
        "Learned from merchants who were granted credit; risk of those declined is extrapolated",
        "训练样本仅含已获批商户;对被拒商户的风险属于外推",
    ),
    Limit(
        "Fitted to one stretch of the economy: in a downturn PD is too low until fitted again",
        "仅反映一段经济时期;经济下行时在重新训练之前会低估违约概率",
    ),
)


@dataclass(frozen=True, slots=True)
class CardNotes:
    """What the trainer adds to the card.

    source: where the rows come from.  cut_off_ppm: upper PD up to which fairness counts a
    merchant as approved.  reject_bias: None while no rejects were explored.
    """

    source: str
    cut_off_ppm: int
    reject_bias: RejectBias | None = None


@dataclass(frozen=True, slots=True)
class Proposal:
    """Everything that ``registry.propose`` and later drift reports need."""

    file: ModelFile
    card: ModelCard
    reference: DriftCounts


def retrain(
    unit: Unit,
    sample: Sample,
    notes: CardNotes,
    maker: str,
    now_s: int,
    *,
    command_id: str,
    seed: int,
) -> str:
    """Train on a new sample and propose the result. Returns the model's id; promotes nothing.

    Equal samples and seeds give equal models. Raises InputError when the sample is too thin to
    learn from, or gives a model that is registered already.
    """
    proposal = proposal_of(train_champion(sample, seed), sample, notes)
    return propose(unit, proposal, maker, now_s, command_id=command_id)


def propose(unit: Unit, proposal: Proposal, maker: str, now_s: int, *, command_id: str) -> str:
    """Register a proposal with its reference for drift. Returns the model's id.

    Errors as ``registry.propose``.
    """
    model_id = registry.propose(
        unit, proposal.file, proposal.card, maker, now_s, command_id=command_id
    )
    keep_reference(unit, proposal.reference)
    return model_id


def proposal_of(trained: TrainedModel, sample: Sample, notes: CardNotes) -> Proposal:
    """File, card and reference of a model that was trained on the sample.

    Metrics, calibration and fairness come from predictions by models that had not seen the row.
    """
    model, file = trained.model, pack_scorecard(trained.model)
    pd_ppm, high_ppm = (
        np.rint(values * PPM).astype(np.int64)
        for values in (trained.out_of_fold.pd, trained.out_of_fold.high)
    )
    card = ModelCard(
        file.model_id,
        sample.target_text,
        _data_window(sample, notes.source),
        feature_facts(model),
        tuple(_metrics(trained, sample)),
        calibration_bands(pd_ppm, sample.target),
        tuple(_fairness(high_ppm, sample, notes.cut_off_ppm)),
        LIMITS,
        notes.reject_bias,
    )
    edges = score_edges(model, sample.features)
    return Proposal(file, card, count_matured(model, sample.features, edges, sample.target))


def _data_window(sample: Sample, source: str) -> DataWindow:
    return DataWindow(
        int(sample.observed_on.min()),
        int(sample.observed_on.max()),
        sample.target.size,
        np.unique(sample.merchant).size,
        int(sample.target.sum()),
        source,
    )


def _metrics(trained: TrainedModel, sample: Sample) -> Iterator[MetricFact]:
    folds, bad, found = trained.folds, sample.target, trained.out_of_fold
    split = f"{int(folds.max()) + 1} folds by merchant"
    by_fold = [
        measured(
            Prediction(found.risk[rows], found.pd[rows], found.low[rows], found.high[rows]),
            bad[rows],
        )
        for _, rows in splits(folds)
    ]
    for name in ("auc", "ks", "brier", "log_loss", "calibration_error"):
        yield metric_fact(name, split, [getattr(one, name) for one in by_fold], bad.size)


def _fairness(high_ppm: I64, sample: Sample, cut_off_ppm: int) -> Iterator[FairnessFact]:
    """By the PD's upper bound, which is what approval goes by."""
    for attribute, group in (("region", sample.region), ("size_band", sample.size_band)):
        yield fairness_fact(attribute, group, high_ppm, sample.target, cut_off_ppm)
