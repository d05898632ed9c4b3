import pytest

from tests.contracts.house import House


@pytest.fixture
def house() -> House:
    """A fresh deployment: takes some hundredths of a second."""
    return House()
