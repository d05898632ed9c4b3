"""A toy product for the study's tests: two arms, keyed luck, and troubles on request.

``python -m tests.sim.toy ARGS…`` is the command line with the toy registered.
"""

import os
import sys
import time
from pathlib import Path

from sim import world
from sim.__main__ import call
from sim.streams import Luck
from sim.trace import EventLog
from sim.world import Outcome, Task

SCENARIO = """
name = "toy"
question = { en = "Does the new way take less time?", zh = "新办法更快吗？" }
horizon_days = 10
warmup_days = 0
seed = 7
replications = { min = 4, max = 12, stop_when = "every claim decided" }
expect = ["money_is_conserved", "wirings_agree"]

[products.toy]
trouble = "none"
trouble_at_count = 2
pause_s = 0

[arms.old]
speed_ratio = 1.0
[arms.new]
speed_ratio = 0.5

[parameters]
mean_delay_s = { value = 1000, assumed = true, range = [1, 10000] }

[[claims]]
id = "halved"
text = { en = "The new way takes at most 60 % of the time", zh = "新办法至多用六成时间" }
metric = "time_to_cash_s_p50"
arm = "new"
baseline = "old"
compare = "ratio"
operator = "<="
threshold = 0.6
origin = "brochure"

[[claims]]
id = "instant"
text = { en = "The new way takes under ten seconds", zh = "新办法不到十秒" }
metric = "time_to_cash_s_p50"
arm = "new"
compare = "level"
operator = "<"
threshold = 10
origin = "brochure"
"""


def register() -> None:
    world.register("toy", "tests.sim.toy:simulate")


def write_scenario(folder: Path, text: str = SCENARIO) -> Path:
    path = folder / "toy.toml"
    path.write_text(text, encoding="utf-8")
    return path


def simulate(task: Task) -> Outcome:
    settings = task.scenario.products["toy"]
    _make_trouble(task, settings.word("trouble"), settings.whole("trouble_at_count"))
    time.sleep(settings.whole("pause_s"))
    luck = Luck(task.scenario.seed, task.replication)
    mean_s = task.scenario.values.whole("mean_delay_s")
    speed = task.scenario.arms[task.arm].number("speed_ratio")
    log, total_s = EventLog(), 0
    for case in range(50):
        delay_s = round(speed * mean_s * (0.5 + luck.unit("delay", case)))
        total_s += delay_s
        log.add(case * 60 + delay_s, "paid", f"case-{case}", (delay_s,))
    trouble, wiring = settings.word("trouble"), task.wiring
    if trouble == "wirings" and wiring == "full":
        log.add(0, "paid", "only-on-full", (1,))
    for value in _planted(trouble):
        log.add(0, "planted", "value", (value,))
    broken = trouble == "invariant" and task.replication == settings.whole("trouble_at_count")
    return Outcome(
        metrics={"time_to_cash_s_p50": total_s / 50, "fraud_loss_rate": None},
        log=log,
        invariants={"money_is_conserved": "3 fen appeared" if broken else "held"},
        runtime={"events_per_s": 1.0},
    )


def _planted(trouble: str) -> list[int]:
    """What must never reach a log: the time of day, or the order of a set of words."""
    if trouble == "clock":
        return [time.time_ns()]  # noqa: TID251
    if trouble == "set":
        return [ord(word[0]) for word in {"ada", "bob", "cyd", "dan", "eve", "fay", "gus"}]
    return []


def _make_trouble(task: Task, trouble: str, at: int) -> None:
    if trouble == "refuse":
        raise task.scenario.refuse(("products", "toy", "trouble"), trouble, "write none")
    if trouble == "steep" and task.scenario.values.number("spare_share") > 0.6:
        raise task.scenario.refuse(("parameters", "spare_share"), None, "write at most 0.6")
    if task.replication != at:
        return
    if trouble == "fail":
        raise RuntimeError("the toy broke")
    if trouble == "die":
        os._exit(9)


if __name__ == "__main__":
    register()
    sys.exit(call(sys.argv[1:]))
