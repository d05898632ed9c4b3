"""Real libraries, real processes, real sockets: `make test-privacy` brings what this needs."""

from pathlib import Path

import pytest

from tests.privacy.certificates import write_certificate
from tests.privacy.parties import House


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    """A folder with a key and a certificate for each party and for a stranger."""
    pytest.importorskip("spu", reason="secure computation is not installed: make test-privacy")
    folder = Path(tmp_path_factory.mktemp("privacy"))
    for name in ("bank", "platform", "stranger"):
        write_certificate(folder, name)
    return House(folder)
