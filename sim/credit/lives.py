"""Every merchant's life in one arm: what it asked, what it was answered, every posting."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from sim.credit.audit import journal_of
from sim.credit.facts import NEVER
from sim.credit.model import play, setting_of
from sim.credit.stage import Stage
from sim.lives import Fact, Lives
from sim.world import Task

_NAME = "merchant"


def lives_of(task: Task) -> Lives:
    """Simulate the task on columns in memory and tell it by merchant."""
    setting = setting_of(task.scenario, task.arm, task.replication)
    stage, _ = play(setting, "memory")
    found = Lives()
    found.add(_applications(stage))
    found.add_journal(journal_of(stage), _NAME)
    stage.system.close()
    return found


def _applications(stage: Stage) -> Iterator[Fact]:
    """First applications and their answers. value: PD in ppm, or the reason's number of a no."""
    made = stage.facts.applications
    for row in np.flatnonzero(made.asked_day != NEVER).tolist():
        who = f"{_NAME}/{row}"
        yield Fact(who, int(made.asked_at_s[row]), "asked_for_credit", 0)
        if made.decided_at_s[row] != NEVER:
            kind = "approved_at_pd_ppm" if made.approved[row] else "declined_for_reason"
            value = made.pd_ppm[row] if made.approved[row] else made.reason[row]
            yield Fact(who, int(made.decided_at_s[row]), kind, int(value))
    bad = stage.facts.bad_day
    for row in np.flatnonzero(bad != NEVER).tolist():
        since = int(bad[row] - stage.start_day)
        yield Fact(f"{_NAME}/{row}", stage.start_s + since * 86_400, "over_90_days_past_due", 0)
