"""The console's pages over real run folders."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.run_library import made_run
from sim.console.drill import life
from sim.console.parallel import AXES_MAX, parallel
from sim.event_queries import Part
from sim.run_folder import RunFolder, write_parquet
from sim.trace import EventLog
from tests.sim.console.visitor import Visitor
from tests.sim.toy_runs import run, study_of


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two finished runs of the toy, and one in which a replication failed."""
    place = tmp_path_factory.mktemp("runs")
    run(study_of(place, out="first"))
    run(study_of(place, "parameters.mean_delay_s=2000", out="slower"))
    run(study_of(place, "products.toy.trouble=fail", out="broken"))
    return place


@pytest.fixture
def visitor(runs: Path) -> Iterator[Visitor]:
    visitor = Visitor.of(runs)
    yield visitor
    visitor.loop.close()


def test_the_list_shows_each_run_with_verdicts_and_changes(visitor: Visitor) -> None:
    page = visitor.get("/").text
    assert all(f'href="/console/runs/{name}"' in page for name in ("first", "slower", "broken"))
    assert "<code>parameters.mean_delay_s=2000</code>" in page
    assert "1 supported" in page
    assert "1 refuted" in page


def test_a_search_leaves_what_matches_every_word(visitor: Visitor) -> None:
    part = visitor.get(
        "/?search=mean_delay+toy", **{"HX-Request": "true", "HX-Target": "runs"}
    ).text
    assert "runs/slower" in part
    assert "runs/first" not in part
    assert "<html" not in part
    assert "No run matches" in visitor.get("/?search=nonsense").text


def test_a_run_tells_its_claims_first(visitor: Visitor) -> None:
    page = visitor.get("/runs/first").text
    claims, metrics = page.index("at most 60 %"), page.index("Metrics: mean")
    assert claims < metrics
    assert page.count('<svg class="bar') == 2
    assert "1000" in page
    assert "money_is_conserved" in page


def test_a_failed_replication_shows_the_command_that_replays_it(
    visitor: Visitor, runs: Path
) -> None:
    failure = RunFolder(runs / "broken").failures()[0]
    page = visitor.get("/runs/broken").text
    assert f"<code>{failure['replay']}</code>" in page
    assert failure["stage"] in page


def test_pages_speak_chinese_when_asked_and_remember_it(visitor: Visitor) -> None:
    answer = visitor.get("/runs/first?lang=zh")
    assert "新办法至多用六成时间" in answer.text
    assert 'lang="zh-CN"' in answer.text
    assert "lang=zh" in answer.headers["set-cookie"]
    assert "承诺" in visitor.get("/runs/first", Cookie="lang=zh").text
    assert "新建运行" in visitor.get("/", **{"Accept-Language": "zh-CN,zh;q=0.9"}).text


def test_the_way_goes_down_from_counts_to_one_subjects_life(visitor: Visitor) -> None:
    page = visitor.get("/runs/first/events?arm=new&replication=0").text
    kind = re.search(r"kind=([a-z_]+)", page)
    assert kind
    page = visitor.get(f"/runs/first/events?arm=new&replication=0&kind={kind[1]}").text
    subject = re.search(r"subject=([^\"&]+)", page)
    assert subject
    page = visitor.get(f"/runs/first/events?arm=new&kind={kind[1]}&subject={subject[1]}").text
    assert "The whole life of" in page


def test_a_comparison_shows_only_what_differs(visitor: Visitor) -> None:
    page = visitor.get("/compare?run=first&run=slower").text
    assert "parameters.mean_delay_s" in page
    assert "replications.min" not in page
    assert "halved" in page


@pytest.mark.parametrize("path", ["/compare?run=first", "/compare?run=first&run=nope", "/compare"])
def test_a_comparison_that_cannot_be_made_is_refused_with_the_remedy(
    visitor: Visitor, path: str
) -> None:
    answer = visitor.get(path)
    assert answer.status_code == 422
    assert "choose" in answer.text


@pytest.mark.parametrize(
    "path",
    [
        "/runs/..%2f..%2fetc",
        "/runs/first/files/..%2f..%2fslower%2frun.json",
        "/runs/first/files/nope.json",
        "/runs/nope",
        "/runs/first/events?replication=99",
        "/runs/first/events?replication=²",
        f"/runs/first/events?replication={'1' * 5_000}",
        "/runs/first/events?arm=nobody",
        "/new?scenario=%2fetc%2fpasswd",
    ],
)
def test_nothing_outside_the_list_is_ever_opened(visitor: Visitor, path: str) -> None:
    assert visitor.get(path).status_code == 422


def test_each_file_of_a_run_can_be_downloaded_as_it_is(visitor: Visitor, runs: Path) -> None:
    answer = visitor.get("/runs/first/files/metrics.parquet")
    assert answer.content == (runs / "first" / "metrics.parquet").read_bytes()


def test_what_a_run_says_is_text_and_never_markup(tmp_path: Path, runs: Path) -> None:
    shutil.copytree(runs / "first", tmp_path / "first")
    folder = RunFolder(tmp_path / "first")
    claims = folder.path / "claims.json"
    claims.write_text(claims.read_text().replace("The new way", "<script>alert(1)</script>"))
    page = Visitor.of(tmp_path).get("/runs/first").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_a_damaged_run_is_listed_with_its_trouble(tmp_path: Path, runs: Path) -> None:
    shutil.copytree(runs / "first", tmp_path / "first")
    (tmp_path / "first" / "run.json").write_text("{")
    page = Visitor.of(tmp_path).get("/").text
    assert "run.json is not whole JSON" in page


@pytest.mark.parametrize("path", ["/", "/new", "/runs/first", "/compare?run=first&run=slower"])
def test_a_page_needs_nothing_from_elsewhere_and_runs_no_script_of_its_own(
    visitor: Visitor, path: str
) -> None:
    answer = visitor.get(path)
    assert answer.status_code == 200
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert not re.findall(r"(?:src|href)=\"(?:https?:)?//", answer.text)
    assert " style=" not in answer.text
    assert " onclick" not in answer.text
    assert not re.findall(r"<script(?! src=)", answer.text)
    for asset in re.findall(r'(?:src|href)="/console(/static/[^"]+)"', answer.text):
        assert visitor.get(asset).status_code == 200, asset


def test_an_empty_folder_says_what_to_do(tmp_path: Path) -> None:
    assert "shapan pilot" in Visitor.of(tmp_path / "nothing").get("/").text


def test_the_moving_picture_counts_every_event_of_the_run(visitor: Visitor, runs: Path) -> None:
    assert 'data-src="/console/runs/first/watch.json' in visitor.get("/runs/first/watch").text
    told = visitor.get("/runs/first/watch.json?arm=new&replication=1").json()
    [shown] = told["pictures"]
    assert shown["kind"] == "counts"
    counted = sum(sum(series) for series in shown["series"].values())
    table = RunFolder(runs / "first").events(1).to_pylist()
    assert counted == sum(row["arm"] == "new" for row in table) > 0


def test_runs_are_told_as_one_report_under_its_own_policy(visitor: Visitor) -> None:
    answer = visitor.get("/report?run=first&run=slower&lang=zh")
    assert answer.status_code == 200
    assert "content-security-policy" not in answer.headers
    assert "Content-Security-Policy" in answer.text
    assert visitor.get("/report").status_code == 422


def test_the_typeface_is_served_from_here(visitor: Visitor) -> None:
    assert visitor.get("/type/400.otf").content[:4] == b"OTTO"
    assert visitor.get("/type/401.otf").status_code == 404


def test_a_comparison_draws_one_line_per_run_across_what_differs(visitor: Visitor) -> None:
    page = visitor.get("/compare?run=first&run=slower&run=broken").text
    assert page.count('class="run-line') == 3
    assert ">mean_delay_s<" in page


def test_runs_of_unlike_scenarios_are_said_to_be_and_their_differences_are_folded(
    tmp_path: Path,
) -> None:
    for name in ("feed-outage", "leasing"):
        made_run(tmp_path / name, name)
    page = Visitor.of(tmp_path).get("/compare?run=feed-outage&run=leasing").text
    assert "different questions (feed-outage, leasing)" in page
    assert re.search(r"<details><summary>parameters that differ: \d+<", page)
    assert "work_load_share" not in page.split("Claims side by side")[1]


def test_the_few_parameters_that_somebody_changed_are_open_to_see(visitor: Visitor) -> None:
    page = visitor.get("/compare?run=first&run=slower").text
    assert "<details open><summary>parameters that differ: 1<" in page


def test_a_line_per_run_keeps_room_for_what_came_of_many_changes() -> None:
    parameters = [{"path": f"parameters.p{n:02}.value", "values": [n, n + 1]} for n in range(20)]
    estimates = [{"estimate": 0.5}, {"estimate": 0.7}]
    claims = [{"id": "cheaper", "compare": "difference", "unit": "fen", "runs": estimates}]
    runs = [{"scenario": "credit"}] * 2
    lines = parallel({"runs": runs, "parameters": parameters, "claims": claims})
    assert lines is not None
    assert [axis.name for axis in lines.axes][-2:] == ["p10", "cheaper"]
    assert len(lines.axes) == AXES_MAX


def test_a_receivables_life_is_told_over_its_requests_and_lots(tmp_path: Path) -> None:
    log = EventLog()
    for day, (kind, subject) in enumerate(
        (
            ("accepted", "e3d900"),
            ("sought", "k0-e3d900"),
            ("funded", "k1-e3d900/4-5"),
            ("accepted", "e3d9001"),
            ("accepted", "e33d900"),
            ("paid", "e3d900"),
        )
    ):
        log.add(1_767_225_600 + day * 86_400, kind, subject, (1,))
    write_parquet(tmp_path / "events.parquet", [log.table("chain", 0)])
    part = Part(RunFolder(tmp_path), 0, "chain")
    for subject in ("e3d900", "k0-e3d900", "k1-e3d900/4-5"):
        told = life(part, subject)
        assert [m.kind for m in told] == ["accepted", "sought", "funded", "paid"]
        # Midnight in UTC is eight in the morning.
        assert [(m.day, m.second) for m in told] == [(day, 28_800) for day in (0, 1, 2, 5)]
