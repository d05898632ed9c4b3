"""What the notebook got wrong about training, and the champion's training does not."""

from dataclasses import fields

import numpy as np
import pytest

from system.credit.models.measures import Measures
from system.credit.training import Sample, matured, train_champion
from system.errors import InputError

WINDOW_DAYS = 180


def panel(merchants: int = 400, months: int = 12, seed: int = 3) -> Sample:
    """A feature that marks each merchant for ever, and outcomes that it tells nothing of."""
    luck = np.random.Generator(np.random.Philox(seed))
    merchant = np.repeat(np.arange(merchants), months)
    own = luck.integers(0, 1_000_000, merchants)
    return Sample(
        features={
            "revenue_3p_fen": own[merchant],
            "tenure_days": luck.integers(0, 900, merchant.size),
        },
        target=(luck.random(merchants) < 0.1)[merchant],
        observed_on=20_000 + 30 * np.tile(np.arange(months), merchants),
        merchant=merchant,
        region=merchant % 3,
        size_band=merchant % 2,
        target_text="90 days past due within 180 days",
    )


def test_a_row_that_may_still_fail_does_not_pass_for_good() -> None:
    sample = panel()
    last = int(sample.observed_on.max())
    ripe = matured(sample, last, WINDOW_DAYS)
    assert (ripe.observed_on + WINDOW_DAYS <= last).all()
    assert ripe.target.size == (sample.observed_on + WINDOW_DAYS <= last).sum() < sample.target.size
    with pytest.raises(InputError, match="wait until day"):
        matured(sample, 20_000 + WINDOW_DAYS - 1, WINDOW_DAYS)


def test_rows_of_one_merchant_are_never_parted() -> None:
    trained = train_champion(panel(), 1)
    folds = trained.folds.reshape(400, 12)
    assert (folds == folds[:, :1]).all()
    assert np.unique(folds).size > 2


def test_months_of_one_merchant_do_not_foretell_each_other() -> None:
    """A random split of merchant-months would find the merchants again: AUC .82 for no signal."""
    sample = panel()
    risk = train_champion(sample, 1).out_of_fold.risk
    bads, goods = risk[sample.target], risk[~sample.target]
    area = (bads[:, None] > goods).mean() + (bads[:, None] == goods).mean() / 2
    assert 0.3 < area < 0.65


def test_probabilities_mean_what_they_say_and_accuracy_is_no_measure() -> None:
    sample = panel()
    found = train_champion(sample, 1).out_of_fold
    assert found.pd.mean() == pytest.approx(sample.target.mean(), abs=0.02)
    assert (found.low <= found.pd).all()
    assert (found.pd <= found.high).all()
    assert "accuracy" not in {field.name for field in fields(Measures)}
