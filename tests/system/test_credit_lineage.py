"""From a feature back to the rows of the feed."""

import hashlib

import numpy as np
import pytest

from sim.checks.consent import no_data_without_consent
from system.credit.features import FEATURES
from system.credit.lineage import Lineage, lineage
from system.errors import InputError
from system.parties.consent import DataClass, Purpose
from tests.system.feed_world import DAY0, FeedBank, column_bank, values

END = DAY0 + 180


def six_periods() -> FeedBank:
    bank = column_bank(2)
    for day in range(DAY0, END + 5):
        bank.at(day)
        bank.receive([(0, day, 0, values(1_000 + day - DAY0)), (1, day, 0, values())])
    bank.receive([(0, END - 3, 2, values(9_000))])
    return bank


def trace(bank: FeedBank, feature: str, account: int = 0) -> Lineage | None:
    with bank.unit() as unit:
        return lineage(unit, account, END + 4, feature, Purpose.SCORING, bank.now_s)


def test_growth_leads_back_to_six_periods_and_the_days_still_held() -> None:
    bank = six_periods()
    found = trace(bank, "growth_3p_ppm")
    assert found is not None
    assert [one.day_last for one in found.periods] == [END - 1 - 30 * n for n in range(6)]
    assert [one.days_received for one in found.periods] == [30] * 6
    assert [one.day for one in found.days] == [END - n for n in range(1, 12)]
    corrected = found.days[2]
    assert (corrected.day, corrected.revision) == (END - 3, 2)
    assert corrected.values == {"gross_fen": 9_000}
    recent, before = (
        sum(one.values["gross_fen"] for one in found.periods[part])
        for part in (slice(0, 3), slice(3, 6))
    )
    growth = bank.features([0], END + 4)["growth_3p_ppm"][0]
    assert growth == (recent - before) * 1_000_000 // before


def test_the_reading_is_in_the_log_with_the_digest_of_what_was_read() -> None:
    bank = six_periods()
    found = trace(bank, "revenue_1p_fen")
    assert found is not None
    row = bank.access_rows()[found.access_sequence - 1]
    assert (row.use, row.reference) == ("lineage", "revenue_1p_fen")
    numbers = [n for one in found.periods for n in (one.values["gross_fen"], one.days_received)]
    numbers += [n for one in found.days for n in (one.values["gross_fen"], one.revision)]
    assert hashlib.sha256(np.array(numbers, "<i8").tobytes()).hexdigest() == row.digest
    assert found.digest == row.digest
    assert no_data_without_consent(bank.consent_rows(), bank.access_rows()) == "held"


def test_without_consent_there_is_no_lineage_and_no_reading() -> None:
    bank = six_periods()
    bank.withdraw([0])
    before = len(bank.access_rows())
    assert trace(bank, "growth_3p_ppm") is None
    assert len(bank.access_rows()) == before


def test_a_class_outside_the_consent_has_no_lineage() -> None:
    bank = six_periods()
    bank.grant([0], classes=DataClass.ORDERS)
    assert trace(bank, "refund_rate_3p_ppm") is None
    assert trace(bank, "revenue_3p_fen") is not None


@pytest.mark.parametrize("feature", FEATURES)
def test_every_feature_can_be_traced(feature: str) -> None:
    found = trace(six_periods(), feature)
    assert found is not None
    assert found.feature == feature


def test_an_unknown_feature_is_refused_by_name() -> None:
    with pytest.raises(InputError, match="profit"):
        trace(column_bank(), "profit")
