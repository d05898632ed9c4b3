"""A scenario as frozen records: what a run is made of, and where each part stands in its file."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

from system.errors import InputError

Scalar = int | float | bool | str
Value = Scalar | tuple[int | float, ...]


@dataclass(frozen=True, slots=True)
class Text:
    en: str
    zh: str


@dataclass(frozen=True, slots=True)
class Replications:
    """How many: at least ``min``, at most ``max``; stops early when ``stop_when`` holds."""

    min: int
    max: int
    stop_when: str


@dataclass(frozen=True, slots=True)
class Parameter:
    """A number (or word) with its origin. The name ends in its unit.

    source: where the value is from; None when it is assumed. bounds: the range of sweeps.
    step: sweeps go from the range's lower end in these steps; None where every number will do.
    levels: the only numbers that a sweep takes; None where the range says it.
    interval: what the data leave open, as a 95 % interval; None where nobody fitted it.
    draw: whether each replication draws its own value from the interval (sim.scenario_draws).
    """

    name: str
    value: Value
    source: str | None
    bounds: tuple[float, float] | None
    step: float | None = None
    interval: tuple[float, float] | None = None
    draw: bool = False
    levels: tuple[float, ...] | None = None

    @property
    def assumed(self) -> bool:
        """Whether nothing but judgement stands behind the value."""
        return self.source is None


@dataclass(frozen=True, slots=True)
class Claim:
    """A promise as a testable statement: compare(metric of arm, of baseline) operator threshold."""

    id: str
    text: Text
    metric: str
    arm: str
    baseline: str | None
    compare: str
    operator: str
    threshold: float
    origin: str


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that breaks for ``for_days``; severity in 0..1 (see ``sim.fault_kinds``).

    Either once, ``at_days`` after the start, or again and again, drawn from the seed: then
    ``every_days`` is the mean time between two beginnings. The other one is None.
    """

    kind: str
    at_days: float | None
    every_days: float | None
    for_days: float
    severity: float


@dataclass(frozen=True, slots=True)
class MapPlan:
    """How large the map of a scenario's assumptions is, unless its caller says otherwise.

    points: of the design.  replications: at each of them.  line_replications: at each place of a
    line on which a claim's break-even is looked for.  caps: the highest values, by path, at which
    the scenario is mapped, so that many points can be afforded.
    """

    points: int = 128
    replications: int = 2
    line_replications: int = 5
    caps: Mapping[str, int | float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Document:
    """Where a scenario was read from, so that errors can name file and line."""

    file: str
    lines: Mapping[tuple[str | int, ...], int] = field(default_factory=dict)
    # Values that came from elsewhere: where from, by path.
    changes: Mapping[tuple[str | int, ...], str] = field(default_factory=dict)

    def changed(self, path: tuple[str | int, ...], origin: str) -> "Document":
        """The same document with the value at ``path`` coming from ``origin``."""
        return replace(self, changes={**self.changes, path: origin})

    def line(self, path: tuple[str | int, ...]) -> int | None:
        """The line of a key, or of the nearest table around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path)

    def error(self, path: tuple[str | int, ...], value: object, remedy: str) -> InputError:
        """The error to raise about the value at ``path``."""
        name = ".".join(str(part) for part in path)
        for length in range(len(path), 0, -1):
            if path[:length] in self.changes:
                return InputError(name, value, remedy, file=self.changes[path[:length]])
        return InputError(name, value, remedy, file=self.file, line=self.line(path))


class Settings(Mapping[str, Value]):
    """A frozen table of values with typed access; a missing or wrong one raises InputError."""

    __slots__ = ("_document", "_path", "_values")

    def __init__(
        self, values: Mapping[str, Value], document: Document, path: tuple[str | int, ...]
    ) -> None:
        self._values, self._document, self._path = dict(values), document, path

    def __getitem__(self, name: str) -> Value:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"Settings({self._values})"

    def whole(self, name: str) -> int:
        """A whole number."""
        value = self._present(name)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        raise self._wrong(name, "a whole number")

    def number(self, name: str) -> float:
        """Any number."""
        value = self._present(name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
        raise self._wrong(name, "a number")

    def flag(self, name: str) -> bool:
        """True or false."""
        value = self._present(name)
        if isinstance(value, bool):
            return value
        raise self._wrong(name, "true or false")

    def word(self, name: str) -> str:
        """A string."""
        value = self._present(name)
        if isinstance(value, str):
            return value
        raise self._wrong(name, "a string")

    def numbers(self, name: str) -> tuple[int | float, ...]:
        """A list of numbers."""
        value = self._present(name)
        if isinstance(value, tuple):
            return value
        raise self._wrong(name, "a list of numbers")

    def _present(self, name: str) -> Value:
        if name not in self._values:
            remedy = "the model needs this value: add it"
            raise self._document.error((*self._path, name), None, remedy)
        return self._values[name]

    def _wrong(self, name: str, wanted: str) -> InputError:
        return self._document.error((*self._path, name), self._values[name], f"write {wanted}")


@dataclass(frozen=True, slots=True)
class Scenario:
    """Frozen data: a question, and all that is needed to answer it.

    ``parameters`` holds each parameter with its origin, ``values`` their values alone with typed
    access. products, arms and populations: a table of settings by name.
    on_both_wirings: the highest values, by path, with which replication 0 runs on both wirings,
    where the study is too large for the slower one.
    ``canonical`` is the data as JSON with sorted keys, which the digest is made of.
    """

    name: str
    question: Text
    horizon_days: int
    warmup_days: int
    seed: int
    replications: Replications
    products: Mapping[str, Settings]
    arms: Mapping[str, Settings]
    populations: Mapping[str, Settings]
    parameters: Mapping[str, Parameter]
    values: Settings
    claims: tuple[Claim, ...]
    faults: tuple[Fault, ...]
    expect: tuple[str, ...]
    on_both_wirings: Mapping[str, int | float]
    map: MapPlan
    canonical: str
    document: Document = field(compare=False, repr=False)

    def digest(self) -> str:
        """SHA-256 (hex) of the data; comments, layout and the file's place do not matter, nor how
        large a map would be."""
        return _digest(self.as_data())

    def world_digest(self) -> str:
        """SHA-256 (hex) of all that one replication depends on: not how many there are."""
        data = self.as_data()
        del data["replications"]
        return _digest(data)

    def as_data(self) -> dict[str, Any]:
        """The data as plain JSON values; ``sim.scenario.scenario_of`` reads it back."""
        data: dict[str, Any] = json.loads(self.canonical)
        return data

    def refuse(self, path: tuple[str | int, ...], value: object, remedy: str) -> InputError:
        """The error to raise when a model cannot use a value; names file and line."""
        return self.document.error(path, value, remedy)


def canonical_text(data: Mapping[str, Any]) -> str:
    """The data as JSON with sorted keys."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _digest(data: dict[str, Any]) -> str:
    data.pop("map", None)
    return sha256(canonical_text(data).encode()).hexdigest()
