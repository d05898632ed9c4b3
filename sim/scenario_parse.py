"""From TOML to a scenario: every key is known, every number has a unit, every error has a line."""

import re
import tomllib
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from math import isfinite
from pathlib import Path
from typing import Any, TypeVar

from sim.checks import base as checks
from sim.metrics import catalog
from sim.scenario_lines import key_lines
from sim.scenario_records import (
    Claim,
    Document,
    Fault,
    MapPlan,
    Parameter,
    Replications,
    Scenario,
    Settings,
    Text,
    Value,
    canonical_text,
)
from sim.scenario_units import complaint, unit_advice, unit_of
from system.errors import InputError

Data = dict[str, Any]
Place = tuple[str | int, ...]
T = TypeVar("T")

COMPARISONS = ("level", "difference", "ratio")
OPERATORS = ("<=", ">=", "<", ">")
STOPS = ("every claim decided", "max")

_REQUIRED = (
    "name",
    "question",
    "horizon_days",
    "warmup_days",
    "seed",
    "replications",
    "products",
    "arms",
)
_OPTIONAL = ("populations", "parameters", "claims", "faults", "expect", "on_both_wirings", "map")
_OF_PARAMETERS = ("source", "assumed", "range", "step", "levels", "interval", "draw")
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_TITLE = re.compile(r"[a-z][a-z0-9_]*(-[a-z0-9_]+)*")
_TOML_LINE = re.compile(r"\(at line (\d+), column \d+\)")


def read_toml(path: Path) -> tuple[Data, Document]:
    """The data of a TOML file and where it stands. Raises InputError with the line."""
    try:
        text = path.read_bytes().decode().replace("\r\n", "\n")
        return tomllib.loads(text), Document(str(path), key_lines(text))
    except OSError as error:
        raise InputError("file", str(path), f"cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise InputError("file", path.name, "save as UTF-8", file=str(path), line=line) from None
    except tomllib.TOMLDecodeError as error:
        match = _TOML_LINE.search(str(error))
        line = int(match.group(1)) if match else text.count("\n") + 1
        remedy = f"not valid TOML: {error}"
        raise InputError("file", path.name, remedy, file=str(path), line=line) from None


def parse(data: Data, document: Document) -> Scenario:
    """The scenario of this data. Raises InputError at the first fault, in the order of the file's
    sections as DESIGN lists them."""
    reader = _Reader(document)
    reader.keys(data, (), _REQUIRED, _OPTIONAL)
    parameters = reader.parameters(data.get("parameters", {}))
    arms = reader.arms(data, parameters)
    return Scenario(
        name=reader.title(data["name"], ("name",)),
        question=reader.text(data["question"], ("question",)),
        horizon_days=reader.whole(data["horizon_days"], ("horizon_days",), low=1),
        warmup_days=reader.whole(data["warmup_days"], ("warmup_days",), low=0),
        seed=reader.whole(data["seed"], ("seed",), low=0),
        replications=reader.replications(data["replications"]),
        products=reader.tables(data, "products"),
        arms=arms,
        populations=reader.tables(data, "populations") if "populations" in data else {},
        parameters=parameters,
        values=Settings({p.name: p.value for p in parameters.values()}, document, ("parameters",)),
        claims=reader.claims(data.get("claims", []), list(arms)),
        faults=reader.each(data.get("faults", []), ("faults",), reader.fault),
        expect=reader.each(data.get("expect", []), ("expect",), reader.invariant),
        on_both_wirings=reader.caps(data.get("on_both_wirings", {}), ("on_both_wirings",)),
        map=reader.map_plan(data.get("map", {})),
        canonical=canonical_text(data),
        document=document,
    )


def parse_parameter(name: str, entry: Any, document: Document) -> Parameter:
    """One entry of [parameters] by itself. Raises InputError."""
    return _Reader(document).parameter(name, entry)


def nearest(name: str, known: list[str]) -> str:
    """The end of an error line about an unknown name."""
    near = get_close_matches(name, known, n=1)
    return f"did you mean {near[0]}?" if near else f"known: {', '.join(known) or 'none'}"


class _Reader:
    """Checks values one by one; each method takes a value and the path where it stands."""

    def __init__(self, document: Document) -> None:
        self._error = document.error
        self._document = document

    def keys(
        self, table: Any, at: Place, required: tuple[str, ...], optional: tuple[str, ...] = ()
    ) -> Data:
        """A table with all of the required keys and none that is unknown."""
        if not isinstance(table, dict):
            raise self._error(at, table, f"write a table with {', '.join(required)}")
        known = [*required, *optional]
        for key in table:
            if key not in known:
                raise self._error((*at, key), table[key], f"unknown key: {nearest(key, known)}")
        for key in required:
            if key not in table:
                raise self._error((*at, key), None, "missing: add it")
        return table

    def each(self, items: Any, at: Place, read: Callable[[Any, Place], T]) -> tuple[T, ...]:
        if not isinstance(items, list):
            raise self._error(at, items, "write a list")
        return tuple(read(item, (*at, index)) for index, item in enumerate(items))

    def word(self, value: Any, at: Place) -> str:
        if isinstance(value, str) and value.strip():
            return value
        raise self._error(at, value, "write a string that says something")

    def name(self, value: Any, at: Place) -> str:
        if isinstance(value, str) and _NAME.fullmatch(value):
            return value
        raise self._error(at, value, "write a name of a-z, 0-9 and _ that begins with a letter")

    def title(self, value: Any, at: Place) -> str:
        """A scenario's own name, which may have hyphens: it names files, never a key."""
        if isinstance(value, str) and _TITLE.fullmatch(value):
            return value
        remedy = "write a name of a-z, 0-9, _ and single hyphens that begins with a letter"
        raise self._error(at, value, remedy)

    def text(self, value: Any, at: Place) -> Text:
        table = self.keys(value, at, ("en", "zh"))
        return Text(self.word(table["en"], (*at, "en")), self.word(table["zh"], (*at, "zh")))

    def whole(self, value: Any, at: Place, *, low: int) -> int:
        if isinstance(value, int) and not isinstance(value, bool) and value >= low:
            return value
        raise self._error(at, value, f"write a whole number, {low} or more")

    def number(self, value: Any, at: Place) -> int | float:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if is_number and isfinite(value):
            return value  # type: ignore[no-any-return]
        raise self._error(at, value, "write a finite number")

    def one_of(self, value: Any, at: Place, known: tuple[str, ...]) -> str:
        if isinstance(value, str) and value in known:
            return value
        raise self._error(at, value, f"write one of: {', '.join(known)}")

    def replications(self, value: Any) -> Replications:
        at = ("replications",)
        table = self.keys(value, at, ("min", "max", "stop_when"))
        low = self.whole(table["min"], (*at, "min"), low=1)
        high = self.whole(table["max"], (*at, "max"), low=low)
        return Replications(low, high, self.one_of(table["stop_when"], (*at, "stop_when"), STOPS))

    def tables(self, data: Data, section: str) -> dict[str, Settings]:
        """The named tables of products, arms or populations; at least one."""
        tables = data[section]
        if not isinstance(tables, dict) or not tables:
            raise self._error((section,), tables, f"write at least one table [{section}.NAME]")
        return {
            self.name(name, (section, name)): self.settings(values, (section, name))
            for name, values in tables.items()
        }

    def arms(self, data: Data, parameters: Mapping[str, Parameter]) -> dict[str, Settings]:
        """The arms; one that sets a parameter for itself stays within the parameter's range."""
        arms = self.tables(data, "arms")
        for arm, settings in arms.items():
            for name, value in settings.items():
                if name in parameters:
                    self.within(value, parameters[name].bounds, ("arms", arm, name))
        return arms

    def settings(self, values: Any, at: Place) -> Settings:
        if not isinstance(values, dict):
            raise self._error(at, values, "write a table of settings")
        checked = {name: self.value(name, value, (*at, name)) for name, value in values.items()}
        return Settings(checked, self._document, at)

    def value(self, name: str, value: Any, at: Place) -> Value:
        """A scalar or a list of numbers; numbers fit the unit in which the name ends."""
        if isinstance(value, bool | str):
            return value
        if isinstance(value, list):
            return tuple(self.quantity(name, item, (*at, i)) for i, item in enumerate(value))
        if isinstance(value, int | float):
            return self.quantity(name, value, at)
        raise self._error(at, value, "write a number, true or false, a string or a list of numbers")

    def quantity(self, name: str, value: Any, at: Place) -> int | float:
        number = self.number(value, at)
        if unit_of(name) is None:
            raise self._error(at, value, unit_advice(name))
        wrong = complaint(name, number)
        if wrong:
            raise self._error(at, value, wrong)
        return number

    def parameters(self, table: Any) -> dict[str, Parameter]:
        if not isinstance(table, dict):
            raise self._error(("parameters",), table, "write a table")
        return {name: self.parameter(name, entry) for name, entry in table.items()}

    def parameter(self, name: str, entry: Any) -> Parameter:
        at = ("parameters", self.name(name, ("parameters", name)))
        table = self.keys(entry, at, ("value",), _OF_PARAMETERS)
        value = self.value(name, table["value"], (*at, "value"))
        bounds = self.bounds(name, table["range"], (*at, "range")) if "range" in table else None
        source = self.source(table, at)
        if source is None and bounds is None and not isinstance(value, bool | str):
            raise self._error((*at, "range"), None, "an assumed number needs a range: [low, high]")
        self.within(value, bounds, (*at, "value"))
        step = self.step(name, table["step"], (*at, "step")) if "step" in table else None
        interval = (
            self.bounds(name, table["interval"], (*at, "interval")) if "interval" in table else None
        )
        return Parameter(
            name=name,
            value=value,
            source=source,
            bounds=bounds,
            step=step,
            interval=interval,
            draw=self.draw(table, interval, value, at),
            levels=self.levels(name, table["levels"], at) if "levels" in table else None,
        )

    def levels(self, name: str, items: Any, at: Place) -> tuple[float, ...]:
        levels = self.each(
            items, (*at, "levels"), lambda item, where: self.quantity(name, item, where)
        )
        if not levels or list(levels) != sorted(set(levels)):
            raise self._error((*at, "levels"), items, "write one or more numbers, least first")
        return levels

    def draw(
        self, table: Data, interval: tuple[float, float] | None, value: Value, at: Place
    ) -> bool:
        draw = table.get("draw", False)
        if not isinstance(draw, bool):
            raise self._error((*at, "draw"), draw, "write true or false")
        if draw and (interval is None or isinstance(value, bool | str | tuple)):
            raise self._error((*at, "draw"), draw, "only one number with an interval is drawn")
        return draw

    def step(self, name: str, value: Any, at: Place) -> float:
        step = self.quantity(name, value, at)
        if step <= 0:
            raise self._error(at, value, "write a number above zero")
        return float(step)

    def source(self, table: Mapping[str, Any], at: Place) -> str | None:
        """The source, or None when the entry says ``assumed = true``; exactly one of the two."""
        assumed = table.get("assumed", False)
        if not isinstance(assumed, bool):
            raise self._error((*at, "assumed"), assumed, "write true, or a source instead")
        if assumed and "source" in table:
            raise self._error((*at, "assumed"), True, "keep either the source or assumed = true")
        if assumed:
            return None
        if "source" not in table:
            remedy = "missing: say where the value is from, or write assumed = true and a range"
            raise self._error((*at, "source"), None, remedy)
        return self.word(table["source"], (*at, "source"))

    def bounds(self, name: str, value: Any, at: Place) -> tuple[float, float]:
        if not isinstance(value, list) or len(value) != 2:
            raise self._error(at, value, "write two numbers: [low, high]")
        low, high = (self.quantity(name, item, (*at, i)) for i, item in enumerate(value))
        if low > high:
            raise self._error(at, value, "put the lower number first")
        return low, high

    def within(self, value: Value, bounds: tuple[float, float] | None, at: Place) -> None:
        if bounds is None:
            return
        if isinstance(value, bool | str):
            raise self._error(at, value, "only numbers have a range: remove it")
        for number in value if isinstance(value, tuple) else (value,):
            if not bounds[0] <= number <= bounds[1]:
                remedy = f"outside its range {bounds[0]}..{bounds[1]}: change one of the two"
                raise self._error(at, number, remedy)

    def claims(self, items: Any, arms: list[str]) -> tuple[Claim, ...]:
        claims = self.each(items, ("claims",), lambda item, at: self.claim(item, at, arms))
        seen: set[str] = set()
        for index, claim in enumerate(claims):
            if claim.id in seen:
                raise self._error(("claims", index, "id"), claim.id, "give each claim its own id")
            seen.add(claim.id)
        return claims

    def claim(self, item: Any, at: Place, arms: list[str]) -> Claim:
        required = ("id", "text", "metric", "arm", "compare", "operator", "threshold", "origin")
        table = self.keys(item, at, required, ("baseline",))
        compare = self.one_of(table["compare"], (*at, "compare"), COMPARISONS)
        return Claim(
            id=self.name(table["id"], (*at, "id")),
            text=self.text(table["text"], (*at, "text")),
            metric=self.metric(table["metric"], (*at, "metric")),
            arm=self.arm(table["arm"], (*at, "arm"), arms),
            baseline=self.baseline(table, at, arms, compare),
            compare=compare,
            operator=self.one_of(table["operator"], (*at, "operator"), OPERATORS),
            threshold=float(self.number(table["threshold"], (*at, "threshold"))),
            origin=self.word(table["origin"], (*at, "origin")),
        )

    def metric(self, value: Any, at: Place) -> str:
        name = self.word(value, at)
        if catalog.find(name) is None:
            raise self._error(at, name, catalog.advice(name))
        return name

    def arm(self, value: Any, at: Place, arms: list[str]) -> str:
        name = self.word(value, at)
        if name not in arms:
            raise self._error(at, name, f"no such arm: {nearest(name, arms)}")
        return name

    def baseline(self, table: Data, at: Place, arms: list[str], compare: str) -> str | None:
        """The arm to compare with: always for a difference or ratio, never for a level."""
        here = (*at, "baseline")
        if compare == "level":
            if "baseline" in table:
                raise self._error(here, table["baseline"], "a level has no baseline: remove it")
            return None
        if "baseline" not in table:
            raise self._error(here, None, f"missing: a {compare} needs the arm to compare with")
        name = self.arm(table["baseline"], here, arms)
        if name == table["arm"]:
            raise self._error(here, name, "compare with another arm than the claim's own")
        return name

    def fault(self, item: Any, at: Place) -> Fault:
        table = self.keys(item, at, ("kind", "for", "severity"), ("at", "every"))
        if ("at" in table) == ("every" in table):
            remedy = "write either at (days after the start) or every (mean days between two)"
            raise self._error((*at, "at"), table.get("at"), remedy)
        return Fault(
            kind=self.name(table["kind"], (*at, "kind")),
            at_days=self.quantity("at_days", table["at"], (*at, "at")) if "at" in table else None,
            every_days=self.mean_days(table["every"], (*at, "every")) if "every" in table else None,
            for_days=self.quantity("for_days", table["for"], (*at, "for")),
            severity=self.quantity("severity_share", table["severity"], (*at, "severity")),
        )

    def mean_days(self, value: Any, at: Place) -> int | float:
        days = self.quantity("every_days", value, at)
        if not days:
            raise self._error(at, value, "write more than 0 days")
        return days

    def caps(self, table: Any, at: Place) -> dict[str, int | float]:
        if not isinstance(table, dict):
            raise self._error(at, table, 'write a table of caps: "populations.NAME.count" = 500')
        return {path: self.number(cap, (*at, path)) for path, cap in table.items()}

    def map_plan(self, table: Any) -> MapPlan:
        sizes = ("points", "replications", "line_replications")
        self.keys(table, ("map",), (), (*sizes, "caps"))
        found = {
            name: self.whole(table[name], ("map", name), low=1) for name in sizes if name in table
        }
        return MapPlan(**found, caps=self.caps(table.get("caps", {}), ("map", "caps")))

    def invariant(self, value: Any, at: Place) -> str:
        name = self.word(value, at)
        if name not in checks.INVARIANTS:
            raise self._error(at, name, checks.advice(name))
        return name
