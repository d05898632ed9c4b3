"""The command line: exit codes, one JSON document, one line per refusal, nothing half-written."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sim.__main__ import call, main
from tests.sim.toy import register, write_scenario
from tests.sim.toy_runs import ROOT, command, document

CLAIM = {
    "id": str,
    "metric": str,
    "arm": str,
    "baseline": str,
    "estimate": (float, type(None)),
    "ci_low": (float, type(None)),
    "ci_high": (float, type(None)),
    "threshold": float,
    "n": int,
    "verdict": str,
    "mde": (float, type(None)),
    "level": (float, type(None)),
    "method": str,
    "pairing": (dict, type(None)),
}
FAST = ("--replications", "2", "--workers", "1")


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in that holds toy.toml."""
    register()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LANG", "C.UTF-8")
    write_scenario(tmp_path)
    return tmp_path


def _refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The one line on stderr of a call that must exit with 2 and write nothing."""
    before = sorted(Path().rglob("*"))
    assert call(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert sorted(Path().rglob("*")) == before
    return err


def test_help_answers_at_once_because_nothing_heavy_is_imported(tmp_path: Path) -> None:
    program = "import sys, sim.__main__ as cli; cli.call(['--help']); print(*sys.modules)"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "pilot" in done.stdout
    imported = {name.partition(".")[0] for name in done.stdout.split()}
    heavy = {"numpy", "pandas", "scipy", "sklearn", "pyarrow", "simpy", "mesa", "web3", "starlette"}
    assert not imported & heavy


def test_json_is_one_document_with_exactly_the_designed_keys(toy: Path) -> None:
    done = command("run", "toy.toml", "--json", "--set", "claims.instant.threshold=1", cwd=toy)
    assert done.returncode == 0, done.stderr
    found = document(done)
    assert list(found) == [
        "run", "digest", "status", "claims", "metrics", "invariants", "events", "wall_s",
    ]  # fmt: skip
    for claim in found["claims"]:
        assert list(claim) == list(CLAIM)
        for key, kind in CLAIM.items():
            assert isinstance(claim[key], kind), key
    cell = found["metrics"]["new"]["time_to_cash_s_p50"]
    assert list(cell) == ["mean", "ci_low", "ci_high", "n", "unit"]
    assert found["metrics"]["new"]["fraud_loss_rate"]["mean"] is None
    assert found["invariants"] == {"money_is_conserved": "held", "wirings_agree": "held"}
    assert (toy / found["run"] / "run.json").is_file()
    assert found["run"].startswith("runs/toy-7-")
    assert "toy" in done.stderr, "progress goes to stderr"


def test_the_hash_seed_and_the_folder_change_no_digest(toy: Path) -> None:
    digests = {
        document(
            command("run", "toy.toml", "--json", *FAST, "--out", out, cwd=toy, PYTHONHASHSEED=seed)
        )["digest"]
        for out, seed in (("a", "1"), ("b/c", "4242"))
    }
    assert len(digests) == 1


def test_the_table_speaks_the_chosen_language(toy: Path, capsys) -> None:
    assert call(["run", "toy.toml", *FAST, "--lang", "zh"]) == 0
    shown = capsys.readouterr().out
    assert "新办法更快吗？" in shown
    assert "不成立" in shown
    assert "shapan verify runs/toy-7-" in shown


def test_a_broken_invariant_exits_1(toy: Path, capsys) -> None:
    trouble = ("products.toy.trouble=invariant", "products.toy.trouble_at_count=1")
    sets = [part for change in trouble for part in ("--set", change)]
    assert call(["run", "toy.toml", *FAST, *sets, "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["status"] == "failed"
    assert "3 fen appeared" in found["invariants"]["money_is_conserved"]


def test_a_failed_replication_exits_1_and_its_replay_command_shows_it_again(
    toy: Path, capsys
) -> None:
    sets = ("--set", "products.toy.trouble=fail", "--set", "products.toy.trouble_at_count=1")
    assert call(["run", "toy.toml", *FAST, *sets, "--out", "a"]) == 1
    assert "shapan run a --replication 1" in capsys.readouterr().out
    assert call(["run", "a", "--replication", "1", "--out", "b"]) == 1
    assert [path.name for path in (toy / "b" / "failures").iterdir()] == ["000001.json"]


def test_a_required_claim_decides_the_exit_code(toy: Path) -> None:
    assert call(["run", "toy.toml", *FAST, "--require", "instant"]) == 3
    assert call(["run", "toy.toml", "--require", "halved"]) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("run",), "SCENARIO"),
        (("run", "nowhere.toml"), "nowhere.toml"),
        (("run", "toy.toml", "--set", "parameters.mean_delay=5"), "mean_delay_s"),
        (("run", "toy.toml", "--set", "parameters.mean_delay_s=-5"), "mean_delay_s"),
        (("run", "toy.toml", "--require", "instnat"), "did you mean instant?"),
        (("run", "toy.toml", "--arms", "x"), "use one of"),
        (("run", "toy.toml", "--arms", ""), "use one of"),
        (("run", "toy.toml", "--arms", "new,new"), "--arms = 'new,new': name each arm once"),
        (("run", "toy.toml", "--replications", "0"), "replications"),
        (("run", "toy.toml", "--set", "products.toy.trouble=refuse"), "write none"),
        (("run", "toy.toml", "--lang", "fr"), "use one of en, zh"),
        (("run", "toy.toml", "--with", "no.toml"), "no.toml"),
        (("run", "toy.toml", "other"), "--resume"),
        (("run", "toy.toml", "--resume"), "no unfinished run"),
        (("run", "--resume", "nowhere"), "packaged"),
        (("run", "toy.toml", "--nonsense"), "--nonsense"),
        (("run", "toy.toml", "--seed", "abc"), "--seed"),
        (("run", "toy.toml", "--workers", "0"), "--workers"),
        (("nonsense",), "nonsense"),
        (("verify", "nowhere"), "run.json"),
        (("compare", "nowhere"), "two or more"),
        (("fit", "bicycles", "data.csv"), "use receivables or credit"),
        (("replay", "bicycles", "data.csv"), "use receivables"),
        (("fit", "receivables", "data.csv", "--column", "x"), "FIELD=COLUMN"),
    ],
)
def test_unusable_input_is_one_line_and_exit_code_2(toy: Path, capsys, arguments, message) -> None:
    assert message in _refused(capsys, *arguments)


def test_a_faulty_scenario_names_file_line_key_and_remedy(toy: Path, capsys) -> None:
    path = toy / "toy.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("horizon_days = 10", "horizon_dys = 10"), encoding="utf-8")
    line = _refused(capsys, "run", "toy.toml")
    assert line.startswith("toy.toml:4: horizon_dys")
    assert "horizon_days" in line


def test_an_existing_folder_is_refused(toy: Path, capsys) -> None:
    assert call(["run", "toy.toml", *FAST, "--out", "a"]) == 0
    capsys.readouterr()
    assert "--resume" in _refused(capsys, "run", "toy.toml", "--out", "a")


def test_the_same_run_twice_gets_a_second_folder_and_both_verify(toy: Path, capsys) -> None:
    for _ in range(2):
        assert call(["run", "toy.toml", *FAST]) == 0
    one, two = sorted(path.name for path in (toy / "runs").iterdir())
    assert two == f"{one}-2"
    capsys.readouterr()
    assert call(["verify", f"runs/{two}", "--rerun", "--workers", "1", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["status"] == "ok"
    assert found["checks"][-1] == {"name": "rerun", "held": True, "detail": ""}
    assert call(["compare", f"runs/{one}", f"runs/{two}", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["parameters"] == []
    assert call(["compare", f"runs/{one}", f"runs/{two}"]) == 0
    assert "no parameter differs" in capsys.readouterr().out


def test_a_damaged_run_exits_1(finished: Path, tmp_path: Path, capsys) -> None:
    register()
    (tmp_path / "run.json").write_bytes((finished / "run.json").read_bytes())
    assert call(["verify", str(tmp_path)]) == 1
    assert "claims.json is missing" in capsys.readouterr().out


def test_scenarios_lists_what_is_packaged(capsys) -> None:
    assert call(["scenarios", "--json"]) == 0
    for scenario in json.loads(capsys.readouterr().out)["scenarios"]:
        assert {"name", "question", "arms", "products"} <= scenario.keys()


def test_what_is_broken_off_before_a_command_has_begun_exits_130(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken_off(_: object) -> int:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(9)
        return 0

    monkeypatch.setattr("sim.__main__.call", broken_off)
    before = signal.getsignal(signal.SIGTERM)
    try:
        with pytest.raises(SystemExit) as ended:
            main()
    finally:
        signal.signal(signal.SIGTERM, before)
    assert ended.value.code == 130
