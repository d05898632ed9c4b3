from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import pytest

from tests.ports.book_box import BookBox
from tests.ports.store_box import BANK, StoreBox
from tests.postgres import fresh_schema

STORES = [
    "memory",
    "sqlite",
    "sealed sqlite",
    pytest.param("postgresql", marks=pytest.mark.postgres),
]


BOOKS = ["columns", "sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]


def _place(request: pytest.FixtureRequest, tmp_path: Path) -> AbstractContextManager[str | None]:
    if request.param == "postgresql":
        return fresh_schema(request.getfixturevalue("postgres_url"))
    is_file = request.param.endswith("sqlite")
    return nullcontext(f"sqlite:///{tmp_path}/store.db" if is_file else None)


@pytest.fixture(params=STORES)
def box(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[StoreBox]:
    with _place(request, tmp_path) as url:
        stores = StoreBox(url, BANK if request.param.startswith("sealed") else None)
        yield stores
        stores.close()


@pytest.fixture(params=BOOKS)
def books(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BookBox]:
    with _place(request, tmp_path) as url:
        box = BookBox(url)
        yield box
        box.close()
