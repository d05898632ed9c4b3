"""Recorded logs of machines through ``shapan replay leasing``."""

import json
from pathlib import Path
from typing import Any

import pytest

from sim.__main__ import call

TWIZY = Path(__file__).resolve().parents[3] / "shared/data/telematics/twizy"
FENCE = (
    '{"type":"Feature","properties":{"radius_m":300},'
    '"geometry":{"type":"Point","coordinates":[113.25,34.5]}}'
)
needs_twizy = pytest.mark.skipif(not TWIZY.is_dir(), reason="no Twizy logs beside the repository")


def replayed(capsys: pytest.CaptureFixture[str], *words: object) -> dict[str, Any]:
    """The document of a replay that worked."""
    assert call(["replay", "leasing", *map(str, words), "--json"]) == 0
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return document


def refused(capsys: pytest.CaptureFixture[str], *words: object) -> str:
    """What stands on stderr of a replay that could not be done."""
    assert call(["replay", "leasing", *map(str, words)]) == 2
    return capsys.readouterr().err


def log_of(folder: Path, *rows: str) -> Path:
    path = folder / "log.csv"
    path.write_text("\n".join(rows), encoding="utf-8")
    return path


def wandering(folder: Path, head: str = "at,lat,lon,engine_h") -> Path:
    """Half a day at the site, half a day 1.1 km north of it, a reading a quarter of an hour."""
    rows = [
        f"2026-01-{5 + n // 96:02}T{n % 96 // 4:02}:{n % 4 * 15:02}:00Z,"
        f"{34.5 + (n >= 48) * 0.01 + n * 1e-7:.7f},113.25,{1000 + n / 4}"
        for n in range(96)
    ]
    return log_of(folder, head, *rows)


def test_a_log_with_a_fence_gives_the_alerts_that_it_would_have_raised(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fence = tmp_path / "fence.geojson"
    fence.write_text(FENCE, encoding="utf-8")
    document = replayed(capsys, wandering(tmp_path), "--fence", fence)
    [alert] = document["alerts"]
    assert (alert["kind"], alert["since"], alert["found"], alert["until"]) == (
        "GEOFENCE",
        "2026-01-05T12:00:00Z",
        "2026-01-05T12:15:00Z",
        None,
    )
    assert document["readings"] == 96
    assert document["fixed_rules"] == []


def test_columns_of_other_names_are_mapped_and_times_may_be_in_two(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [f"a,01/05/2026,00:{n:02}:00,34.5,113.25" for n in range(30)]
    log = log_of(tmp_path, "who,day,clock,breite,laenge", *rows)
    maps = ("--map", "at=day+clock,lat=breite", "--map", "lon=laenge,device=who")
    document = replayed(capsys, log, *maps)
    assert document["machines"] == ["a"]
    assert (document["from"], document["to"]) == ("2026-01-05T00:00:00Z", "2026-01-05T00:29:00Z")
    assert document["columns"]["at"] == "day+clock"


def test_the_five_fields_of_the_commission_need_no_mapping(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    head = "device_id,timestamp,lat,lon,working_hours,fuel_consumption"
    rows = [
        f"{device},{1_767_542_400 + n * 3_600},34.5,113.25,{1000 + n * 0.5},{9000 + n * 8}"
        for n in range(40)
        for device in ("x", "y")
    ]
    document = replayed(capsys, log_of(tmp_path, head, *rows))
    assert document["machines"] == ["x", "y"]
    assert document["alerts"] == []
    assert {entry["kind"] for entry in document["fixed_rules"]} == {"FUEL_BURN"}


def test_rows_that_cannot_be_used_are_named_and_the_others_go_in(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = log_of(
        tmp_path,
        "at,lat,lon",
        "2026-01-05T00:00:00Z,34.5,113.25",
        "yesterday,34.5,113.25",
        "2026-01-05T00:01:00Z,200,113.25",
        "1800-01-05T00:01:00Z,34.5,113.25",
        "2026-01-05T00:02:00Z,nan,113.25",
        "2026-01-05T00:03:00Z,,",
    )
    document = replayed(capsys, log)
    assert document["readings"] == 2
    assert [(entry["row"], entry["column"]) for entry in document["refused"]] == [
        (3, "at"),
        (4, "lat"),
        (5, "at"),
        (6, "lat"),
    ]


@pytest.mark.parametrize(
    ("head", "words", "told"),
    [
        ("when,lat,lon", (), "--map at=COLUMN"),
        ("at,lat,lon", ("--map", "lat=north"), "name a column of the file: at, lat, lon"),
        ("at,lat,lon", ("--map", "height=lat"), "write FIELD=COLUMN"),
        ("at,lat,lon", ("--fence", "missing.geojson"), "cannot be read"),
    ],
)
def test_what_cannot_be_replayed_is_refused_with_a_remedy(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    head: str,
    words: tuple[str, ...],
    told: str,
) -> None:
    log = log_of(tmp_path, head, "2026-01-05T00:00:00Z,34.5,113.25")
    assert told in " ".join(refused(capsys, log, *words).split())


@pytest.mark.parametrize(
    ("fence", "told"),
    [
        ("{", "give GeoJSON"),
        ('{"type":"LineString","coordinates":[[0,0],[1,1]]}', "use Polygon"),
        ('{"type":"Point","coordinates":[113,34]}', "radius_m"),
        ('{"type":"Polygon","coordinates":[[[34,113],[35,113],[35,114],[34,113]]]}', "longitude"),
        ('{"type":"Polygon","coordinates":[[[0,0],[1,1],[1,0],[0,1],[0,0]]]}', "cross itself"),
        ('{"type":"Polygon","coordinates":[[[0,0],[9,0],[9,9],[0,0]]]}', "metres from its middle"),
        ('{"type":"Polygon","coordinates":"here"}', "as GeoJSON has them"),
    ],
)
def test_a_fence_that_cannot_be_drawn_is_refused_with_a_remedy(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], fence: str, told: str
) -> None:
    path = tmp_path / "fence.geojson"
    path.write_text(fence, encoding="utf-8")
    said = refused(capsys, wandering(tmp_path), "--fence", path)
    assert told in " ".join(said.split())


def test_people_read_the_alerts_in_their_language(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fence = tmp_path / "fence.geojson"
    fence.write_text(FENCE, encoding="utf-8")
    for lang, word in (("en", "outside"), ("zh", "越出围栏")):
        path = wandering(tmp_path)
        assert call(["replay", "leasing", str(path), "--fence", str(fence), "--lang", lang]) == 0
        assert word in capsys.readouterr().out


@needs_twizy
@pytest.mark.parametrize("name", ["T3_04_22_2021_1", "T3_05_31_2021"])
def test_a_car_driving_through_a_city_raises_nothing(
    capsys: pytest.CaptureFixture[str], name: str
) -> None:
    assert replayed(capsys, TWIZY / f"{name}.csv")["alerts"] == []


@needs_twizy
def test_the_leap_in_a_real_log_is_found(capsys: pytest.CaptureFixture[str]) -> None:
    """Row 424 lies 1.8 km from the row a second before; 34 rows have a broken date."""
    document = replayed(capsys, TWIZY / "T1_06_30_2021_1.csv")
    [alert] = document["alerts"]
    assert (alert["kind"], alert["since"]) == ("SPOOF", "2021-06-30T13:37:33Z")
    assert 1_700 < alert["evidence"]["measure"] < 1_900
    assert len(document["refused"]) == 34
