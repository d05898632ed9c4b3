"""Chains side by side on one lifecycle, and the cost of a transaction as a chain grows.

The baseline is what a Python developer gets first: web3 and eth-tester, automine, each transaction
signed by eth_account, its receipt fetched. Ours run the same calls in blocks, and fetch every
receipt. anvil computes in a process of its own, so it is compared by wall time, with the baseline
measured once more by that clock.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from benchmarks.anvil import REMEDY, anvil_program
from benchmarks.evm_lifecycle import Lifecycle
from benchmarks.evm_rigs import BASELINE, CHAIN_ID, GENESIS_S, KEYS, Event, Run, rig
from benchmarks.workload import CPU, WALL, Answer, Contender, Work, Workload

BASELINE_BY_WALL = f"{BASELINE}, by wall time"
# The first block whose cost counts as early: caches are warm, the state is still small.
EARLY_BLOCK = 10


@dataclass(frozen=True, slots=True)
class LifecycleSize:
    """Receivables go through in waves."""

    receivables: int
    wave: int
    rounds: int


@dataclass(frozen=True, slots=True)
class FlatSize:
    """blocks: how long the chain gets, with one transaction in each; window: timed at each end."""

    blocks: int
    window: int


def _absent(name: str) -> str:
    missing = name == "anvil" and anvil_program() is None
    return f"anvil is not installed; {REMEDY}" if missing else ""


def _set_up(run: Run) -> Lifecycle:
    life = Lifecycle(KEYS, chain_id=CHAIN_ID, genesis_time_s=GENESIS_S)
    for block in life.setup():
        _all_ok(run(block))
    return life


def _all_ok(events: list[Event]) -> list[Event]:
    assert all(ok for ok, _ in events), "a step of the lifecycle was refused"
    return events


@contextmanager
def _lifecycle(name: str, size: LifecycleSize) -> Iterator[Work]:
    with rig(name) as run:
        life = _set_up(run)
        waves = range(0, size.receivables, size.wave)
        blocks = [block for first in waves for block in life.wave(first, size.wave)]

        def work() -> Answer:
            events = _all_ok([event for block in blocks for event in run(block)])
            return Answer(len(events), lambda: events)

        yield work


def _lifecycle_contenders(size: LifecycleSize) -> Sequence[Contender]:
    def contender(
        chain: str, title: str, peer: str, ratio_min: float | None, by_wall: bool
    ) -> Contender:
        return Contender(
            title,
            partial(_lifecycle, chain, size),
            size.rounds,
            clock=WALL if by_wall else CPU,
            peer=peer,
            ratio_min=ratio_min,
            absent=_absent(chain),
        )

    return [
        contender(BASELINE, BASELINE, "", None, False),
        contender("embedded", "embedded", BASELINE, 2.0, False),
        contender("revm", "revm", BASELINE, 20.0, False),
        contender(BASELINE, BASELINE_BY_WALL, "", None, True),
        contender("anvil", "anvil, batched", BASELINE_BY_WALL, 5.0, True),
    ]


@contextmanager
def _from_block(name: str, first: int, window: int) -> Iterator[Work]:
    """One block with one transaction per round, after ``first`` such blocks."""
    with rig(name) as run:
        life = _set_up(run)
        for number in range(first):
            run([life.register(number)])
        # Encoded beforehand: that is not the chain's cost.
        blocks = iter([[life.register(number)] for number in range(first, first + window)])

        def work() -> Answer:
            events = _all_ok(run(next(blocks)))
            return Answer(1, lambda: events)

        yield work


def _flat_contenders(size: FlatSize) -> Iterator[Contender]:
    for chain in ("embedded", "revm", "anvil"):
        early, late = (f"{chain}, block {at:,}" for at in (EARLY_BLOCK, size.blocks))
        for title, first, peer in (
            (early, EARLY_BLOCK, ""),
            (late, size.blocks - size.window, early),
        ):
            yield Contender(
                title,
                partial(_from_block, chain, first, size.window),
                rounds=size.window,
                clock=WALL if chain == "anvil" else CPU,
                reopen=False,
                peer=peer,
                ratio_min=0.8 if peer else None,
                tale=f"from block {first}",
                absent=_absent(chain),
            )


LIFECYCLE = Workload(
    "evm",
    "tx",
    {
        "small": partial(_lifecycle_contenders, LifecycleSize(receivables=10, wave=10, rounds=1)),
        "full": partial(_lifecycle_contenders, LifecycleSize(receivables=100, wave=50, rounds=3)),
    },
)
FLATNESS = Workload(
    "evm-flat",
    "tx",
    {
        "small": partial(_flat_contenders, FlatSize(blocks=60, window=20)),
        "full": partial(_flat_contenders, FlatSize(blocks=5_000, window=100)),
    },
)
