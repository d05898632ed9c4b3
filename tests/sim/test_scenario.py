"""Scenarios: what a file says is what runs, and a fault in it is named with its line."""

import pickle
from pathlib import Path

import pytest

from sim import scenario as scenarios
from sim.scenario import Scenario
from system.errors import InputError

EXAMPLE = Path(__file__).parent / "example.toml"
TEXT = EXAMPLE.read_text(encoding="utf-8")


def example() -> Scenario:
    return scenarios.load(str(EXAMPLE))


def refusal(tmp_path: Path, old: str, new: str) -> InputError:
    """The error about the example in which ``old`` is replaced."""
    assert TEXT.count(old) >= 1, old
    path = tmp_path / "letters.toml"
    path.write_text(TEXT.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        scenarios.load(str(path))
    error = caught.value
    assert error.file == str(path)
    assert "\n" not in str(error)
    return error


def line_of(text: str) -> int:
    return TEXT[: TEXT.index(text)].count("\n") + 1


def test_a_scenario_holds_what_its_file_says() -> None:
    scenario = example()
    assert (scenario.name, scenario.horizon_days, scenario.seed) == ("letters", 30, 7)
    assert scenario.question.zh == "骑车送信是否比步行更快？"
    assert (scenario.replications.min, scenario.replications.max) == (4, 8)
    assert list(scenario.products) == ["letters"]
    assert scenario.arms["bicycle"].whole("carry_s") == 1800
    assert scenario.populations["sender"].number("letters_per_day") == 1.5
    assert scenario.parameters["rain_share"].source == "town diary 1926"
    assert scenario.parameters["rain_share"].bounds == (0.1, 0.5)
    assert scenario.parameters["fog_share"].assumed
    assert scenario.values.numbers("shifts_s") == (28800, 50400)
    assert [claim.id for claim in scenario.claims] == ["faster", "cheap"]
    assert scenario.claims[1].baseline is None
    assert scenario.faults[0].for_days == 2.5
    assert scenario.expect == ("money_is_conserved",)


CASES = [
    ("warmup_days = 5", "warmup = 5", "warmup", "did you mean warmup_days?"),
    ("seed = 7", "seed = -7", "seed", "0 or more"),
    ("horizon_days = 30", "horizon_days = 30.5", "horizon_days", "whole number"),
    ("horizon_days = 30", "horizon_days = true", "horizon_days", "whole number"),
    ("max = 8", "max = 3", "replications.max", "4 or more"),
    ("carry_s = 7200", "carry_s = -1", "arms.feet.carry_s", "whole seconds"),
    ("carry_s = 7200", "carry_s = 0.5", "arms.feet.carry_s", "whole seconds"),
    ("carry_s = 7200", "carry = 7200", "arms.feet.carry", "end the name in a unit"),
    ("carry_s = 7200", "carry_s = {}", "arms.feet.carry_s", "a number, true or false"),
    ("carry_s = 7200", "carry_s = 1979-05-27", "arms.feet.carry_s", "a number, true or false"),
    ("value = 80,", "value = -80,", "parameters.stamp_fen.value", "whole fen"),
    ("value = 80,", "value = 80.5,", "parameters.stamp_fen.value", "whole fen"),
    ("value = 80,", "valeu = 80,", "parameters.stamp_fen.valeu", "did you mean value?"),
    ("value = 0.3,", "value = nan,", "parameters.rain_share.value", "finite"),
    ("value = 0.3,", "value = 0.6,", "parameters.rain_share.value", "outside its range 0.1..0.5"),
    ("value = 0.3,", "value = 1.2,", "parameters.rain_share.value", "0 to 1"),
    ("value = [28800,", "value = [-8,", "parameters.shifts_s.value.0", "whole seconds"),
    (', source = "price list"', "", "parameters.stamp_fen.source", "assumed = true"),
    (', source = "price list"', ', source = ""', "parameters.stamp_fen.source", "says something"),
    ("[0.1, 0.5]", "[0.5, 0.1]", "parameters.rain_share.range", "lower number first"),
    ("[0.1, 0.5]", "[0.1]", "parameters.rain_share.range", "two numbers"),
    ("range = [0.0, 0.2]", "", "parameters.fog_share.range", "needs a range"),
    ("value = 0.05", "value = 0.05\nsource = 'x'", "parameters.fog_share.assumed", "keep either"),
    ("rain_share =", "rain =", "parameters.rain.value", "end the name in a unit"),
    ("time_to_cash_s_p50", "time_to_cash_s_p5", "claims.0.metric", "time_to_cash_s_p50?"),
    ("fraud_loss_rate", "financed_share_by_tier", "claims.1.metric", "financed_share_by_tier.1"),
    ("fraud_loss_rate", "brier.1", "claims.1.metric", "not measured in parts"),
    ('arm = "bicycle"', 'arm = "bycicle"', "claims.0.arm", "did you mean bicycle?"),
    ('baseline = "feet"', "", "claims.0.baseline", "a ratio needs the arm"),
    ('baseline = "feet"', 'baseline = "bicycle"', "claims.0.baseline", "another arm"),
    ('compare = "level"', 'compare = "ration"', "claims.1.compare", "level, difference, ratio"),
    ('operator = "<="', 'operator = "=<"', "claims.0.operator", "<=, >=, <, >"),
    ("threshold = 0.5", 'threshold = "0.5"', "claims.0.threshold", "finite number"),
    ('id = "cheap"', 'id = "faster"', "claims.1.id", "its own id"),
    ("money_is_conserved", "money_is_consumed", "expect.0", "money_is_conserved?"),
    ("severity = 1", "severity = 2", "faults.0.severity", "0 to 1"),
    ("every claim decided", "tired", "replications.stop_when", "every claim decided, max"),
]


# Where the fault is not on the line that was changed; a missing key has the line of its table.
ELSEWHERE = {
    ("parameters.fog_share.assumed", "value = 0.05\nsource = 'x'"): "assumed = true",
    ("parameters.fog_share.range", ""): "[parameters.fog_share]",
    ("claims.0.baseline", ""): "[[claims]]",
}


@pytest.mark.parametrize(("old", "new", "field", "remedy"), CASES)
def test_a_fault_in_the_file_is_one_line_with_its_key_and_its_remedy(
    tmp_path: Path, old: str, new: str, field: str, remedy: str
) -> None:
    error = refusal(tmp_path, old, new)
    assert error.field == field
    assert remedy in error.remedy
    elsewhere = ELSEWHERE.get((field, new))
    expected = TEXT.replace(old, new, 1).split("\n")[: error.line][-1]
    assert (elsewhere or new.partition("\n")[0]) in expected
    assert elsewhere or error.line == line_of(old)


@pytest.mark.parametrize(
    ("caps", "remedy"),
    [
        ('"populations.sendr.count" = 3', "did you mean sender?"),
        ('"populations.sender" = 3', "cap a number"),
        ('"populations.sender.count" = "few"', "finite number"),
    ],
)
def test_a_cap_for_both_wirings_on_what_is_not_there_is_named_with_its_line(
    tmp_path: Path, caps: str, remedy: str
) -> None:
    path = tmp_path / "letters.toml"
    path.write_text(f"{TEXT}\n[on_both_wirings]\n{caps}\n", encoding="utf-8")
    with pytest.raises(InputError, match="on_both_wirings") as caught:
        scenarios.load(str(path))
    assert remedy in caught.value.remedy
    assert caught.value.line == (TEXT + "\n\n").count("\n") + 1


def test_the_error_names_the_exact_line_of_the_value(tmp_path: Path) -> None:
    assert refusal(tmp_path, "value = 80,", "value = -80,").line == line_of("stamp_fen")
    assert refusal(tmp_path, "severity = 1", "severity = 2").line == line_of("severity")
    assert refusal(tmp_path, 'id = "cheap"', 'id = "faster"').line == line_of('id = "cheap"')
    assert refusal(tmp_path, 'origin = "a bet"', "").line == line_of("[[claims]]")


def test_malformed_toml_is_the_same_kind_of_error_with_its_line(tmp_path: Path) -> None:
    error = refusal(tmp_path, "seed = 7", "seed = = 7")
    assert (error.line, error.field) == (line_of("seed"), "file")
    assert "not valid TOML" in error.remedy
    unfinished = refusal(tmp_path, "severity = 1\n", 'severity = """')
    assert unfinished.line is not None


def test_a_file_that_is_not_utf_8_or_not_there_is_an_input_error(tmp_path: Path) -> None:
    path = tmp_path / "latin.toml"
    path.write_bytes(b'name = "x"\n# caf\xe9\n')
    with pytest.raises(InputError, match="UTF-8") as caught:
        scenarios.load(str(path))
    assert caught.value.line == 2
    with pytest.raises(InputError, match="cannot be read"):
        scenarios.load(str(tmp_path / "absent.toml"))
    with pytest.raises(InputError, match="packaged:"):
        scenarios.load("absent")


def test_every_packaged_scenario_loads_under_its_own_name() -> None:
    for scenario in scenarios.packaged():
        assert scenarios.load(scenario.name) == scenario


def test_a_scenario_survives_pickling_and_a_round_trip_through_its_data() -> None:
    scenario = example()
    assert pickle.loads(pickle.dumps(scenario)) == scenario
    again = scenarios.scenario_of(scenario.as_data(), "run.json")
    assert again == scenario
    assert again.digest() == scenario.digest()


def test_the_digest_ignores_layout_and_sees_every_value(tmp_path: Path) -> None:
    same = tmp_path / "same.toml"
    same.write_text("# moved\r\n" + TEXT.replace("\n", "\r\n"), encoding="utf-8", newline="")
    assert scenarios.load(str(same)).digest() == example().digest()
    assert scenarios.apply(example(), ["seed=8"]).digest() != example().digest()


def test_overrides_reach_every_part_of_a_scenario() -> None:
    changed = scenarios.apply(
        example(),
        [
            "parameters.rain_share=0.2",
            "parameters.fog_share = 0.1",
            "parameters.shifts_s=[0, 60]",
            "populations.sender.count=40",
            "arms.feet.carry_s=3600",
            "horizon_days=90",
            "replications.min=10",
            "replications.max=12",
            "replications.stop_when=max",
            "claims.cheap.threshold=0.02",
            "faults.0.at=20",
            "question.en=Why?",
        ],
    )
    assert changed.values.number("rain_share") == 0.2
    assert changed.parameters["rain_share"].source == "set by hand"
    assert changed.parameters["fog_share"].assumed
    assert changed.values.numbers("shifts_s") == (0, 60)
    assert changed.populations["sender"].whole("count") == 40
    assert changed.arms["feet"].whole("carry_s") == 3600
    assert (changed.horizon_days, changed.replications.min) == (90, 10)
    assert changed.replications.stop_when == "max"
    assert changed.claims[1].threshold == 0.02
    assert changed.faults[0].at_days == 20
    assert changed.question.en == "Why?"
    assert example().horizon_days == 30


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("seed", "write path=value"),
        ("sede=3", "did you mean seed?"),
        ("parameters.rain_shar=0.2", "did you mean rain_share?"),
        ("parameters.rain_share=0.7", "outside its range"),
        ("parameters.rain_share=wet", "write a value like 0.3"),
        ("parameters.stamp_fen=0.5", "whole fen"),
        ("parameters=1", "names a table"),
        ("claims=1", "names a table"),
        ("claims.slow.threshold=1", "known: faster, cheap"),
        ("arms.feet.carry_s=true", "write a value like 7200"),
        ("arms.feet.carry_s.x=1", "no x there"),
        ("replications.max=2", "4 or more"),
    ],
)
def test_an_override_that_cannot_be_used_says_what_to_write(override: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        scenarios.apply(example(), [override])
    assert caught.value.line is None
    assert "\n" not in str(caught.value)


def overlaid(tmp_path: Path, text: str) -> Scenario:
    path = tmp_path / "fit.toml"
    path.write_text(text, encoding="utf-8")
    return scenarios.overlay(example(), str(path))


def test_an_overlay_replaces_parameters_and_stretches_their_range(tmp_path: Path) -> None:
    fitted = overlaid(
        tmp_path,
        """
        [parameters]
        rain_share = { value = 0.7, source = "letters.csv" }
        fog_share = { value = 0.01, source = "letters.csv", range = [0.0, 0.02] }
        """,
    )
    assert fitted.parameters["rain_share"].bounds == (0.1, 0.7)
    assert fitted.parameters["rain_share"].source == "letters.csv"
    assert fitted.parameters["fog_share"].bounds == (0.0, 0.02)
    assert not fitted.parameters["fog_share"].assumed
    assert fitted.parameters["stamp_fen"] == example().parameters["stamp_fen"]


@pytest.mark.parametrize(
    ("line", "text", "message"),
    [
        (1, "seed = 1", "holds .parameters. only"),
        (2, "\nparameters.rain_shard = {value = 1}", "did you mean rain_share?"),
        (2, "\n[parameters.rain_share]\nvalue = 0.2", "missing: say where"),
        (3, "\n[parameters]\nrain_share = {value = 2, source = 'x'}", "0 to 1"),
    ],
)
def test_a_fault_in_an_overlay_is_named_in_the_overlay(
    tmp_path: Path, line: int, text: str, message: str
) -> None:
    with pytest.raises(InputError, match=message) as caught:
        overlaid(tmp_path, text)
    assert caught.value.file == str(tmp_path / "fit.toml")
    assert caught.value.line == line


def test_settings_say_which_value_the_model_misses() -> None:
    settings = example().arms["feet"]
    with pytest.raises(InputError, match="add it") as caught:
        settings.whole("speed_s")
    assert (caught.value.field, caught.value.line) == ("arms.feet.speed_s", line_of("[arms.feet]"))
    with pytest.raises(InputError, match="true or false"):
        settings.flag("carry_s")


def test_an_arm_that_sets_a_parameter_for_itself_stays_within_its_range(tmp_path: Path) -> None:
    error = refusal(tmp_path, "carry_s = 7200", "carry_s = 7200\nrain_share = 0.9")
    assert (error.field, error.line) == ("arms.feet.rain_share", line_of("carry_s = 7200") + 1)
    assert "outside its range 0.1..0.5" in error.remedy


def changed_copy(tmp_path: Path, old: str, new: str) -> str:
    """A user's own copy of the packaged receivables scenario, with one change."""
    text = (Path(scenarios.__file__).parent / "scenarios/receivables.toml").read_text("utf-8")
    assert text.count(old) >= 1
    path = tmp_path / "mine.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(
    ("old", "new", "field", "remedy"),
    [
        ("dispute_share", "disptue_share", "parameters.disptue_share", "mean dispute_share?"),
        ("dispute_share", "# dispute_share", "parameters.dispute_share", "copy it from"),
        ("[arms.paper]", "[arms.paper]\nlgd = 'x'", "arms.paper.lgd", "did you mean lgd_ppm?"),
        ("[arms.paper]", "[arms.paper]\nlgd_ppm = 'x'", "arms.paper.lgd_ppm", "only numbers"),
        (
            "[arms.paper]",
            "[arms.paper]\nmobile_approval = 'x'",
            "arms.paper.mobile_approval",
            "true or false",
        ),
        ("[populations.core]", "[populations.cores]", "populations.cores", "mean core?"),
        (
            "[products.receivables]",
            "[products.receivables]\nx = 'y'",
            "products.receivables.x",
            "unknown key",
        ),
    ],
)
def test_a_copy_of_a_packaged_scenario_may_not_invent_or_forget_words(
    tmp_path: Path, old: str, new: str, field: str, remedy: str
) -> None:
    with pytest.raises(InputError) as caught:
        scenarios.load(changed_copy(tmp_path, old, new))
    assert caught.value.field == field
    assert remedy in caught.value.remedy
    assert caught.value.line is not None


def test_a_fault_that_the_product_cannot_play_is_refused(tmp_path: Path) -> None:
    fault = '[[faults]]\nkind = "flood"\nat = 1\nfor = 1\nseverity = 1\n\n[parameters]'
    with pytest.raises(InputError, match="no such fault") as caught:
        scenarios.load(changed_copy(tmp_path, "[parameters]", fault))
    assert caught.value.field == "faults.0.kind"


def test_a_copy_may_rename_itself_and_its_arms_and_move_parameters_into_them(
    tmp_path: Path,
) -> None:
    new = 'name = "mine"'
    scenario = scenarios.load(changed_copy(tmp_path, 'name = "receivables"', new))
    assert scenario.name == "mine"
    moved = changed_copy(tmp_path, "[arms.paper]", "[arms.paper]\nterm_extension_days = 10")
    assert scenarios.load(moved).arms["paper"].whole("term_extension_days") == 10
