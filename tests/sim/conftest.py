from pathlib import Path

import pytest

from tests.sim import toy_runs


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished toy run. Copy it before changing it."""
    study = toy_runs.study_of(tmp_path_factory.mktemp("finished"))
    toy_runs.run(study)
    return study.folder.path
