"""A service as its users' software sees it: asked again when it fails, started again when it dies.

Every command carries an idempotency key and every pass may be repeated, so asking again is safe;
that it is, is what faults test.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, Final

from sim.twins.faulty_transactions import Killed
from system.errors import IntegrityError, OperationalError

# At once; whoever was refused or killed so often comes back later.
_REFUSALS_MAX: Final = 20
_KILLS_MAX: Final = 60


class Unreachable(Exception):
    """Asked again and again, and still no answer."""


class PatientClient:
    """Has the methods of the service that ``start`` puts together over the parts that survive.

    facts: names of the service's properties.
    """

    def __init__(self, start: Callable[[], Any], facts: Collection[str] = ()) -> None:
        self._start, self._facts = start, facts
        self._service: Any = None
        self.starts = 0

    def __getattr__(self, name: str) -> Any:
        if name in self._facts:
            return self._ask(name, lambda service: getattr(service, name))

        def ask(*args: Any, **named: Any) -> Any:
            return self._ask(name, lambda service: getattr(service, name)(*args, **named))

        return ask

    def _ask(self, name: str, question: Callable[[Any], Any]) -> Any:
        refusals = kills = 0
        while refusals < _REFUSALS_MAX and kills < _KILLS_MAX:
            try:
                if self._service is None:
                    self._service = self._start()
                    self.starts += 1
                return question(self._service)
            except Killed:
                self._service = None
                kills += 1
            except OperationalError:
                refusals += 1
            except IntegrityError as error:
                if error.what != "final transactions":
                    raise
                # No new risk until the chain holds again what the books stand on.
                raise Unreachable(str(error)) from None
        raise Unreachable(f"{name}: refused {refusals} times, killed {kills} times")
