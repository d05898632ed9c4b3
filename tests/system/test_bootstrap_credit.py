"""Merchant credit as it is wired: on columns, on a database, and on that database again."""

from pathlib import Path

import numpy as np
import pytest

from system.bootstrap_credit import build_credit
from system.credit import commands as c
from system.errors import InputError
from system.kernels.business_day import day_start_s
from tests.system.credit_world import DAY0, Clock, column


def lent(url: str) -> dict[str, list[int]]:
    """What two merchants with an officers' line owe once one has drawn and the day has ended."""
    clock = Clock(day_start_s(DAY0) + 43_200)
    system = build_credit(clock=clock, store_url=url)
    service = system.credit
    service.enrol(c.EnrolMerchants("enrol", 2, np.zeros(2, np.int64), column(DAY0, DAY0)))
    limit_fen, rate_ppm = column(5_000_000, 900_000), column(120_000, 150_000)
    grant = c.GrantBatch("grant", column(0, 1), limit_fen, rate_ppm, maker="ann", checker="bob")
    assert not service.grant(grant).code.any()
    draw = c.DrawBatch("draw", column(0), column(1_000_000))
    assert not service.draw(draw).code.any()
    clock.time_s = day_start_s(DAY0 + 1) + 43_200
    service.end_of_day(DAY0)
    assert service.differences() == {}
    found = owed(system.credit)
    system.close()
    return found


def owed(service: object) -> dict[str, list[int]]:
    names = ("limit_fen", "principal_fen", "accrued_raw", "outstanding_fen", "available_fen")
    columns = service.view(names, slice(0, 2))  # type: ignore[attr-defined]
    return {name: values.tolist() for name, values in columns.items()}


def test_columns_and_a_database_come_to_the_same(tmp_path: Path) -> None:
    found = lent("memory")
    assert found["principal_fen"] == [1_000_000, 0]
    assert found["accrued_raw"] == [1_000_000 * 120_000, 0]
    assert lent(f"sqlite:///{tmp_path}/credit.db") == found


def test_the_books_go_on_when_opened_again(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/credit.db"
    found = lent(url)
    system = build_credit(clock=Clock(day_start_s(DAY0 + 1) + 43_200), store_url=url)
    assert owed(system.credit) == found
    again = system.credit.draw(c.DrawBatch("draw", column(0), column(1_000_000)))
    assert not again.code.any()
    assert owed(system.credit) == found, "the same command again moves nothing"
    system.close()


def test_an_unknown_kind_of_store_is_refused() -> None:
    with pytest.raises(InputError, match="store"):
        build_credit(clock=Clock(0), store_url="mysql://u@h/d")
