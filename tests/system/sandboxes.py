"""The regulator's sandbox, set as a test needs it."""

from dataclasses import replace

from system.compliance import sandbox
from system.compliance.sandbox import Terms
from system.ports.store import Unit

WIDE = Terms("", True, 10**6, 10**16, 10**16, 3_650)


def admit(unit: Unit, product: str, **narrower: int) -> None:
    """Terms that admit everything but what is given here."""
    sandbox.set_terms(unit, replace(WIDE, product=product, **narrower), "risk", 1)


def stop(unit: Unit, *, stopped: bool = True) -> None:
    sandbox.throw_switch(unit, "risk", "losses", 1, stopped=stopped)
