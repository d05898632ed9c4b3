from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.api.town import Town


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    town = Town.open(tmp_path)
    yield town
    town.close()


@pytest.fixture(scope="module")
def quiet_town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """For requests that change nothing."""
    town = Town.open(tmp_path_factory.mktemp("town"))
    yield town
    town.close()
