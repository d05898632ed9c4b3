"""Tests of the tests: every defect that is put into the contracts is noticed."""

import json
import warnings
from pathlib import Path

import pytest

from system.chain.deploy import BUILD_FOLDER
from system.errors import EvmReverted
from tests.contracts.house import House
from tests.contracts.mutant_build import ORIGINAL, Json, artifacts, node_is_ready, write_build
from tests.contracts.mutants import Mutant
from tests.contracts.mutants_own import MUTANTS

pytestmark = [pytest.mark.node, pytest.mark.slow]
by_name = {mutant.name: mutant for mutant in MUTANTS}


@pytest.fixture(scope="module")
def compiled() -> dict[str, Json]:
    """All mutants; a first run compiles them, which takes the better part of a minute."""
    if not node_is_ready():
        reason = "NOT TESTED: mutants, since Node is absent; install Node and run `make contracts`"
        warnings.warn(pytest.PytestWarning(reason), stacklevel=1)
        pytest.skip(reason)
    return artifacts()


def test_the_mutants_are_built_as_the_contracts_are(compiled: dict[str, Json]) -> None:
    path = BUILD_FOLDER / f"{ORIGINAL.built}.json"
    assert compiled[ORIGINAL.name] == json.loads(path.read_text(encoding="utf-8"))


def test_the_names_of_mutants_differ() -> None:
    assert len(by_name) == len(MUTANTS)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_the_original_passes_what_kills_the_mutant(mutant: Mutant) -> None:
    mutant.killer(House())


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_defect_is_noticed(mutant: Mutant, compiled: dict[str, Json], tmp_path: Path) -> None:
    write_build(mutant, compiled[mutant.name], tmp_path / "build")
    house = House(folder=tmp_path / "build")
    # A reverted call is a finding too: some mutants refuse what must be possible.
    with pytest.raises((AssertionError, EvmReverted, pytest.fail.Exception)):
        mutant.killer(house)
