from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

from tests.ports.store_box import StoreBox
from tests.postgres import fresh_schema

STORES = ["memory", "sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]


@pytest.fixture(params=STORES)
def box(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[StoreBox]:
    place = nullcontext(None if request.param == "memory" else f"sqlite:///{tmp_path}/store.db")
    if request.param == "postgresql":
        place = fresh_schema(request.getfixturevalue("postgres_url"))
    with place as url:
        stores = StoreBox(url)
        yield stores
        stores.close()
