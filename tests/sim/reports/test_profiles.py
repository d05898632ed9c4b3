"""What regulators, QA and who compares runs find in the report."""

import json
import shutil
from pathlib import Path
from xml.etree.ElementTree import fromstring

import pytest

from benchmarks.run_library import made_run
from sim.metrics.catalog import find
from sim.reports.junit_soak import junit_of_soak
from sim.reports.pdf.render import render as pdf
from sim.reports.story.blocks import Cell, Commands, Report, Table
from sim.reports.story.dossier import FIELDS, read_dossier
from sim.reports.story.risks import RISKS
from sim.reports.story.soaked import read_soak
from sim.reports.story.source import sources_of
from sim.reports.story.stress import read_stress
from sim.reports.story.tell import tell
from sim.reports.write import write_report
from sim.scenario import packaged
from system.errors import InputError
from tests.sim.toy_runs import command, run, study_of

DOSSIER = """
signer = "Chief risk officer"
[identity]
name = "链捷贷"
[risks.double_financing]
response = "mitigate"
owner = "Head of operations"
residual = "low"
[[errata]]
day = "2026-11-29"
text = "Table 3 gave n of the wrong arm."
"""


@pytest.fixture
def dossier(tmp_path: Path) -> Path:
    path = tmp_path / "dossier.toml"
    path.write_text(DOSSIER, encoding="utf-8")
    return path


def tables(report: Report, key: str) -> list[Table]:
    [section] = [section for section in report.sections if section.key == key]
    return [block for block in section.blocks if isinstance(block, Table)]


def texts(table: Table) -> dict[str, list[str]]:
    rows = [[cell.text if isinstance(cell, Cell) else cell for cell in row] for row in table.rows]
    return {row[0]: row[1:] for row in rows}


def test_what_the_owner_wrote_is_shown_and_the_rest_is_missing(
    finished: Path, dossier: Path
) -> None:
    read = read_dossier(dossier, tuple(RISKS))
    report = tell(sources_of([finished]), "en", "regulator", read)
    [identity] = tables(report, "dossier-identity")
    assert texts(identity)["Name"] == ["链捷贷"]
    assert texts(identity)["LEI"] == ["missing"]
    fields = sum(len(of_table) for _, of_table in FIELDS.values())
    [section] = [section for section in report.sections if section.key == "dossier"]
    assert f"{fields - 1} of {fields}" in str(section.blocks)


def test_a_risk_without_a_scenario_is_unmeasured(finished: Path, dossier: Path) -> None:
    read = read_dossier(dossier, tuple(RISKS))
    report = tell(sources_of([finished]), "en", "regulator", read)
    [register] = tables(report, "risks")
    assert len(register.rows) == len(RISKS)
    double = texts(register)["A receivable is financed twice"]
    assert double[1:] == ["unmeasured", "unmeasured", "mitigate", "Head of operations", "low"]


@pytest.mark.parametrize(
    ("written", "named"),
    [
        ("[identity]\nnmae = 'x'", "did you mean name"),
        ("[identity]\nname = 3", "text in quotes"),
        ("[risks.double_financing]\nresponse = 'hope'", "avoid"),
        ("[risks.nothing]\nowner = 'x'", "unknown key"),
        ("errata = 'x'", "errata"),
        ("= 3", "cannot be read"),
    ],
)
def test_a_dossier_that_cannot_be_used_names_the_key(
    tmp_path: Path, written: str, named: str
) -> None:
    path = tmp_path / "dossier.toml"
    path.write_text(written, encoding="utf-8")
    with pytest.raises(InputError, match=named):
        read_dossier(path, tuple(RISKS))


def test_the_regulators_report_is_printed_too(finished: Path) -> None:
    pytest.importorskip("typst")
    assert pdf(tell(sources_of([finished]), "zh", "regulator")).startswith(b"%PDF-")


def test_qa_sees_how_fast_each_arm_ran(finished: Path) -> None:
    report = tell(sources_of([finished]), "en", "qa")
    [section] = [section for section in report.sections if section.key == "speed"]
    assert "half of the replications take" in str(section.blocks)
    [facts] = tables(report, "speed")
    assert "arm_s" in texts(facts)


def test_a_planted_failure_is_an_error_with_its_replay_in_junit(tmp_path: Path) -> None:
    study = study_of(tmp_path, "products.toy.trouble=fail")
    run(study)
    file = write_report([study.folder.path], "junit", "en", tmp_path / "junit.xml")
    [error, *_] = fromstring(file.read_text(encoding="utf-8")).iter("error")
    assert error.text is not None
    assert f"shapan run {study.folder.path} --replication" in error.text


def test_only_a_required_claim_fails_in_junit(finished: Path, tmp_path: Path) -> None:
    out = tmp_path / "junit.xml"
    free = fromstring(write_report([finished], "junit", "en", out).read_text(encoding="utf-8"))
    assert not list(free.iter("failure"))
    write_report([finished], "junit", "en", out, required=("instant",))
    [failure] = fromstring(out.read_text(encoding="utf-8")).iter("failure")
    assert failure.get("type") == "refuted"


def test_runs_of_one_scenario_stand_side_by_side(finished: Path, tmp_path: Path) -> None:
    slower = study_of(tmp_path, "parameters.mean_delay_s=1100", out="slower")
    run(slower)
    report = tell(sources_of([finished, slower.folder.path]), "en")
    parameters, claims, differences = tables(report, "beside-toy")
    assert texts(parameters) == {"parameters.mean_delay_s.value": ["1000", "1100"]}
    assert texts(claims)["The new way takes at most 60 % of the time"] == [
        "supported",
        "supported",
    ]
    assert differences.rows


def test_the_command_writes_each_format(finished: Path, tmp_path: Path) -> None:
    shutil.copytree(finished, tmp_path / "run")
    for kind, name in (("html", "report.html"), ("json", "report.json")):
        done = command("report", "run", "--format", kind, "--profile", "qa", cwd=tmp_path)
        assert (done.returncode, done.stdout.strip()) == (0, f"run/{name}"), done.stderr
    document = json.loads((tmp_path / "run" / "report.json").read_text(encoding="utf-8"))
    assert document["runs"][0]["status"] == "ok"


STRESS = {
    "profile": "peak",
    "seed": 1,
    "status": "missed",
    "duration_s": 60.0,
    "streams": {
        "money": {
            "unit": "transfers",
            "asked": 100,
            "answered": 99,
            "per_s": 1.7,
            "errors": {"timeout": 1},
            "latency_ms": {"p50": 4.0, "p99": 70.5},
            "latency_ms_max": 90.0,
            "saturated_above_per_s": None,
            "seconds": [
                {"second": at, "answered": 2, "p50": 4.0, "p99": 70.0 + at} for at in range(3)
            ],
        }
    },
    "checks": [
        {"name": "money_p99_ms", "value": 70.5, "limit": 50.0, "holds": False, "detail": "99"}
    ],
    "faults": [
        {
            "kind": "service_killed",
            "at_s": 3.0,
            "cause_gone_after_s": 4.5,
            "in_time_again_after_s": {"money": None},
        }
    ],
}


def test_load_in_real_time_is_told_over_time_with_its_threshold_drawn(
    finished: Path, tmp_path: Path
) -> None:
    file = tmp_path / "stress.json"
    file.write_text(json.dumps(STRESS), encoding="utf-8")
    report = tell(sources_of([finished]), "en", "qa", loads=[read_stress(file)])
    [shown] = [one for one in report.figures() if one.key == "stress-1-money"]
    drawn = [layer["data"]["values"] for layer in shown.spec["layer"]]
    assert [row["value"] for row in drawn[0]] == [4.0, 4.0, 4.0, 70.0, 71.0, 72.0]
    assert drawn[1] == [{"value": 50.0, "label": "p99 ≤ 50 ms"}]
    _, checks, faults = tables(report, "stress-1")
    assert texts(checks)["money_p99_ms"] == ["70.5", "50", "missed"]
    assert texts(faults) == {"service_killed": ["3.0 s", "4.5 s", "–"]}


def test_what_is_no_stress_document_is_refused_and_said_why(tmp_path: Path) -> None:
    file = tmp_path / "other.json"
    file.write_text('{"profile": "x"}', encoding="utf-8")
    with pytest.raises(InputError, match="streams"):
        read_stress(file)
    with pytest.raises(InputError, match="cannot be read"):
        read_stress(tmp_path / "none.json")


SOAK = {
    "seed": 7,
    "trials": 3,
    "failed": [
        {
            "trial": 1,
            "what": "limits_hold",
            "error": "over",
            "failure": "runs/soak-7/000001.json",
            "replay": "shapan run runs/soak-7/000001.toml --arms chain --replication 0",
            "shrink": "shapan shrink runs/soak-7/000001.json",
        }
    ],
    "coverage": {
        "trials_by_place": {"credit/data/columns": 1, "receivables/chain/columns": 2},
        "trials_by_fault": {"reorg": 2, "gas_spike": 0},
        "strikes": {"reorg": 1234, "gas_spike": 0},
        "events": {"credit/drawn": 8, "receivables/funded": 5, "receivables/paid": 4},
    },
    "wall_s": 12.0,
}


@pytest.fixture
def soak(tmp_path: Path) -> Path:
    path = tmp_path / "soak.json"
    path.write_text(json.dumps(SOAK), encoding="utf-8")
    return path


def test_a_soak_is_told_with_what_it_reached_and_the_commands_of_what_broke(
    finished: Path, soak: Path
) -> None:
    report = tell(sources_of([finished]), "en", "qa", soaks=[read_soak(soak)])
    failures, faults, places = tables(report, "soak-1")
    assert texts(failures) == {"1": ["limits_hold", "over"]}
    assert texts(faults) == {"reorg": ["2", "1,234"], "gas_spike": ["0", "never"]}
    assert texts(places)["Receivables financing"] == ["on the chain (columns): 2", "2"]
    [section] = [section for section in report.sections if section.key == "soak-1"]
    [commands] = [block for block in section.blocks if isinstance(block, Commands)]
    assert commands.lines == [SOAK["failed"][0]["replay"], SOAK["failed"][0]["shrink"]]


def test_what_xml_cannot_write_is_replaced_in_junit() -> None:
    [broken] = SOAK["failed"]
    told = junit_of_soak(SOAK | {"failed": [broken | {"error": "\x00 \x1b[31m \ud800 \ufffe 错"}]})
    [found] = fromstring(told.encode()).iter("failure")
    assert found.get("message") == "\ufffd \ufffd[31m \ufffd \ufffd 错"


@pytest.mark.parametrize(
    ("kind", "profile"), [("html", ""), ("html", "regulator"), ("junit", "qa"), ("json", "qa")]
)
def test_a_file_that_a_report_would_not_read_is_refused(
    finished: Path, soak: Path, tmp_path: Path, kind: str, profile: str
) -> None:
    with pytest.raises(InputError, match="--profile qa"):
        write_report([finished], kind, "en", tmp_path / "out", profile=profile, soaks=[soak])


def test_every_kind_of_risk_is_in_the_register_and_every_scenario_shows_one() -> None:
    kinds = {risk.kind[0] for risk in RISKS.values()}
    named = "technology, market, legal, model, fraud, operations, privacy"
    assert kinds == set(named.split(", "))
    assert {scenario.name for scenario in packaged()} == {r.scenario for r in RISKS.values()} - {""}


def test_what_a_risk_is_measured_by_is_measured_by_its_scenario() -> None:
    scenarios = {scenario.name: scenario for scenario in packaged()}
    for risk in RISKS.values():
        for what in filter(None, (risk.likelihood, risk.loss)):
            kind, _, name = what.rpartition(":")
            scenario = scenarios[risk.scenario]
            if kind == "claim":
                assert name in {claim.id for claim in scenario.claims}
            elif kind == "invariant":
                assert name in scenario.expect
            else:
                assert find(name) is not None, name


def test_a_share_that_is_caught_is_told_as_what_is_missed(tmp_path: Path) -> None:
    made_run(
        tmp_path / "run",
        "broker-outage",
        metrics_of=lambda arm, n: {
            "alert_recall": 0.9 - n / 10,
            "rent_income_fen_per_machine_month": 100.0 if arm == "calm" else 99.0,
        },
    )
    [register] = tables(tell(sources_of([tmp_path / "run"]), "en", "regulator"), "risks")
    found = texts(register)["The broker of readings is away, and causes are missed"]
    assert found[1].startswith("15 % (")
    assert found[2].startswith("0.99 (")


def test_each_run_has_a_table_of_its_own_so_that_none_is_too_wide_to_print(tmp_path: Path) -> None:
    for name in ("credit", "leasing", "receivables"):
        made_run(tmp_path / name, name, metrics_of=lambda arm, number: {"npl_ratio": 0.01})
    report = tell(sources_of([tmp_path / n for n in ("credit", "leasing")]), "zh", "regulator")
    assert [len(table.head) for table in tables(report, "assets")] == [3, 3]
    [section] = [section for section in report.sections if section.key == "models"]
    assert "未测量" in str(section.blocks)
