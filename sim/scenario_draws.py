"""What data leave open about a parameter, carried into runs: each replication draws its own value.

A fitted parameter has a value and a 95 % interval around it. The law that is drawn from is normal
on either side of the value, each side as wide as the interval's, so that it has the interval's ends
as its 2.5 % and 97.5 % quantiles. Draws stay within the parameter's range. Luck is keyed by the
parameter's name, so both arms and every point of a map meet the same value.
"""

from __future__ import annotations

from scipy.special import ndtri

from sim.scenario import Parameter, Scenario, scenario_of
from sim.scenario_units import UNITS, unit_of
from sim.streams import Luck
from system.errors import InputError

_TAIL = 0.975
_UNIT_MIN = 2.0**-53


def with_draws(scenario: Scenario) -> Scenario:
    """The scenario whose fitted parameters are all drawn. Raises InputError if there is none."""
    data = scenario.as_data()
    fitted = [one for one in scenario.parameters.values() if one.interval is not None]
    if not fitted:
        remedy = "no parameter has an interval: lay what shapan fit wrote over it, --with FILE"
        raise InputError("--draw-fitted", scenario.name, remedy)
    for parameter in fitted:
        data["parameters"][parameter.name]["draw"] = True
    return scenario_of(data, scenario.document.file)


def drawn(scenario: Scenario, replication: int) -> Scenario:
    """The scenario as one replication has it."""
    values = drawn_values(scenario, replication)
    if not values:
        return scenario
    data = scenario.as_data()
    for name, value in values.items():
        data["parameters"][name]["value"] = value
    return scenario_of(data, scenario.document.file)


def drawn_values(scenario: Scenario, replication: int) -> dict[str, float | int]:
    """Drawn parameters and their values in one replication."""
    luck = Luck(scenario.seed, replication)
    return {
        name: _draw(parameter, luck.unit("fitted_parameter", name))
        for name, parameter in scenario.parameters.items()
        if parameter.draw
    }


def _draw(parameter: Parameter, unit: float) -> float | int:
    value = parameter.value
    assert parameter.interval is not None, "parsing refuses a draw without an interval"
    assert isinstance(value, int | float), "parsing refuses to draw anything but a number"
    low, high = parameter.interval
    z = float(ndtri(max(unit, _UNIT_MIN))) / float(ndtri(_TAIL))
    found = value + z * (max(high - value, 0.0) if z > 0 else max(value - low, 0.0))
    if parameter.bounds is not None:
        found = min(max(found, parameter.bounds[0]), parameter.bounds[1])
    if UNITS[unit_of(parameter.name) or ""].whole:
        return round(found)
    return float(f"{found:.6g}")
