"""The seam between the study and the product models: one arm of one replication in, facts out.

A product model is a function ``simulate(task) -> Outcome`` that is named here by its import path
and imported on first use, so that the command line starts fast and that worker processes can find
it. A model that lives elsewhere (a test's toy, a user's own product) is added with ``register``
before the study starts; the study hands the path on to its workers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from system.errors import InputError

if TYPE_CHECKING:  # importing these at run time would make every worker pay for them
    from sim.scenario import Scenario
    from sim.trace import EventLog

# wiring -> (evm, store) behind the ports, where the user names none.
WIRINGS: dict[str, tuple[str, str]] = {
    "full": ("embedded", "sqlite"),
    "columns": ("revm", "memory"),
}


@dataclass(frozen=True, slots=True)
class Task:
    """One arm of one replication.

    wiring: "full" or "columns".  evm: "embedded", "revm" or the URL of an anvil, which each task
    takes back to its beginning.  store: "memory", "sqlite" (a temporary database of this task) or
    a database URL, in which each task has an empty place of its own.
    """

    scenario: Scenario
    arm: str
    replication: int
    wiring: str
    evm: str
    store: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one task came to. Everything but ``runtime`` is equal on every machine.

    metrics: name -> value; None where the metric is not defined in this run (nothing to count).
    invariants: name -> "held", or one sentence on what broke first.
    runtime: wall-clock facts, kept outside the digest.
    """

    metrics: dict[str, float | int | None]
    log: EventLog
    invariants: dict[str, str]
    runtime: dict[str, float]


def is_node(evm: str) -> bool:
    """Whether this is a node outside, which holds one chain at a time."""
    return evm.startswith(("http://", "https://"))


_models: dict[str, str] = {
    "receivables": "sim.receivables.model:simulate_receivables",
    "credit": "sim.credit.model:simulate_credit",
    "leasing": "sim.leasing.model:simulate_leasing",
}
# The same enterprises in all of these products at once.
_JOINT = frozenset(_models)
_JOINT_MODEL = "sim.joint.model:simulate_joint"


def register(product: str, path: str) -> None:
    """Name the model of a product: ``package.module:function``."""
    _models[product] = path


def model_path(scenario: Scenario) -> str:
    """The import path of the model that runs this scenario. Raises InputError."""
    products = list(scenario.products)
    if set(products) == _JOINT:
        return _JOINT_MODEL
    if len(products) != 1 or products[0] not in _models:
        raise InputError("products", products, f"name exactly one of {', '.join(sorted(_models))}")
    return _models[products[0]]


def simulate(task: Task) -> Outcome:
    """Run one arm of one replication with its product's model."""
    return resolve(model_path(task.scenario))(task)


def resolve(path: str) -> Callable[[Task], Outcome]:
    """The function behind ``package.module:function``."""
    module, _, name = path.partition(":")
    model: Callable[[Task], Outcome] = getattr(import_module(module), name)
    return model
