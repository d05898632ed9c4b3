from collections import Counter

from benchmarks.monitoring import SIZES, made_up_flows, monitor_by_day


def test_the_monitor_finds_the_fraud_that_was_planted() -> None:
    flows, planted = made_up_flows(SIZES["small"])
    found = Counter(str(finding.rule) for finding in monitor_by_day(flows))
    assert found["duplicate"] == planted["duplicate"]
    assert found["altered_amount"] == planted["altered"]
    assert found["related_parties"] == planted["related"]
    assert found["circular_trade"] >= planted["circle"]
