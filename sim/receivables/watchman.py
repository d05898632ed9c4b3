"""The auditor on its rounds: a run's invariants are checked while it runs, not only at its end.

Every day where something may break, every month elsewhere. What compares the books with the chain
waits for a moment at which nothing is under way between them.
"""

from typing import Final

from sim.checks.auditor import HELD
from sim.faults import RECOVERY_S
from sim.receivables.cash_audit import audit_economy
from sim.receivables.chain_audit import audit_platform
from sim.receivables.chain_platform import Platform
from sim.receivables.economy import Economy
from sim.receivables.rail_audit import audit_payments
from system.limits import DAY_S

_QUIET_DAYS: Final = 30
_EVENING_S: Final = 2 * 3_600
# After everybody else's doings of the same second.
_LAST: Final = 9
_COMPLETES: Final = "every_accepted_request_completes"


class Watchman:
    """Writes into ``economy.broken`` on which day it first saw what."""

    def __init__(self, economy: Economy, platform: Platform | None = None) -> None:
        self._e, self._platform = economy, platform
        self._every_s = DAY_S * (1 if economy.faults.windows else _QUIET_DAYS)
        # At midnight the day's close is under way, so the rounds are made in the evening.
        self._look_at(economy.start_s + self._every_s - _EVENING_S)

    def _look_at(self, at_s: int) -> None:
        self._e.engine.at(at_s, self._look, _LAST)

    def _look(self) -> None:
        self._look_at(self._e.engine.now_s + self._every_s)
        for verdicts in self._rounds():
            for name, sentence in verdicts.items():
                if sentence != HELD:
                    self._e.broken.setdefault(name, f"day {self._e.day}: {sentence}")

    def _rounds(self) -> list[dict[str, str]]:
        rounds = [audit_economy(self._e)]
        if self._platform is not None:
            rounds.append({_COMPLETES: self._completeness()})
            if self._platform.driver.is_at_rest:
                rounds.append(audit_platform(self._platform.system, self._e))
                rounds.append(audit_payments(self._platform, self._e))
        return rounds

    def _completeness(self) -> str:
        """A taken quote becomes cash on the chain, or fails, within a day after the last fault."""
        since_s = self._e.faults.healed_s()
        for ticket in self._e.tickets:
            under_way = ticket.state == "open" and "take_quote" in ticket.stage_s
            if not under_way or "relay_block" in ticket.stage_s:
                continue
            waited_s = self._e.engine.now_s - max(ticket.last_at_s, since_s)
            if waited_s > RECOVERY_S:
                return f"application {ticket.key}: its money has been under way for {waited_s} s"
        return HELD
