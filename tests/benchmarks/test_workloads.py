"""Every workload, small: all its contenders tell the same story, whatever their speed."""

import pytest

from benchmarks.workload import Contender
from benchmarks.workloads import WORKLOADS


def digest_of(contender: Contender) -> str:
    """The digest after all rounds, without timing."""
    with contender.open() as work:
        for _ in range(1 if contender.reopen else contender.rounds):
            answer = work()
        assert answer.count > 0
        return answer.digest()


# The ledger waits for the disk at every commit: 2 to 18 s, by what else the disk is doing.
MARKED = [
    pytest.param(name, marks=[pytest.mark.slow] if name == "ledger" else []) for name in WORKLOADS
]


@pytest.mark.parametrize("name", MARKED)
def test_all_contenders_of_the_small_workload_tell_the_same_story(name: str) -> None:
    digests: dict[str, set[str]] = {}
    for contender in WORKLOADS[name].sizes["small"]():
        if not contender.absent:
            digests.setdefault(contender.tale, set()).add(digest_of(contender))
    assert digests
    assert all(len(told) == 1 for told in digests.values())


def test_the_replication_ends_the_same_way_twice() -> None:
    (contender,) = WORKLOADS["replication"].sizes["small"]()
    assert digest_of(contender) == digest_of(contender)


@pytest.mark.parametrize("size", ["small", "full"])
@pytest.mark.parametrize("name", WORKLOADS)
def test_every_contender_has_its_own_name_and_a_peer_that_takes_part(name: str, size: str) -> None:
    contenders = list(WORKLOADS[name].sizes[size]())
    names = [contender.name for contender in contenders]
    clocks = {contender.name: contender.clock for contender in contenders}
    assert len(set(names)) == len(names)
    for contender in contenders:
        assert not contender.peer or clocks[contender.peer] is contender.clock
