"""What machine leasing is asked and what it answers, as JSON."""

from typing import Any, Final, Literal

from system.api.answers import Answer, Page, answered
from system.api.bodies import Body, Int, Text, example

_WORKDAYS: Final = "00ffc0" * 5 + "000000" * 2


class Fleet(Body):
    """unsigned_allowed: readings without a signature are taken."""

    model_config = example(fleet="north", unsigned_allowed=True, datum="WGS-84")
    fleet: Text
    unsigned_allowed: bool = False
    datum: Literal["WGS-84", "GCJ-02"] = "WGS-84"


class Site(Body):
    """fence: GeoJSON polygon or circle as text, empty for none.  week: a bit per hour, 42 hex
    digits from Monday 00:00."""

    model_config = example(
        name="Pit 4",
        fence='{"type":"Polygon","coordinates":[[[113,34],[114,34],[114,35],[113,35],[113,34]]]}',
        week=_WORKDAYS,
        datum="WGS-84",
    )
    name: Text
    fence: str = ""
    week: str = "f" * 42
    datum: Literal["WGS-84", "GCJ-02"] = "WGS-84"


class Machine(Body):
    """Tank and burn per hour in millilitres, 0 where not known. site: -1 for none."""

    model_config = example(
        kind=1,
        site=-1,
        tank_ml=300_000,
        burn_idle_ml=4_000,
        burn_full_ml=19_000,
        period_engine_s_max=0,
        service_every_s=900_000,
    )
    kind: Int = 0
    site: Int = -1
    tank_ml: Int = 0
    burn_idle_ml: Int = 0
    burn_full_ml: Int = 0
    period_engine_s_max: Int = 0
    service_every_s: Int = 0


class Device(Body):
    """A terminal in a machine. key: hex of the HMAC secret or the Ed25519 public key."""

    model_config = example(device_id="EXC-001", machine=0, fleet="north", pin="", key_kind="none")
    device_id: Text
    machine: Int
    fleet: Text
    pin: str = ""
    key_kind: Literal["none", "hmac-sha256", "ed25519"] = "none"
    key: str = ""


class AlertIds(Body):
    model_config = example(alert_ids=["0/GEOFENCE/1790000000000"])
    alert_ids: list[Text]


class Clearing(Body):
    model_config = example(alert_ids=["0/GEOFENCE/1790000000000"], note="moved with consent")
    alert_ids: list[Text]
    note: Text


class Acts(Body):
    """From limit_cut on, a second officer has to agree: ask at /leasing/grave-actions."""

    model_config = example(alert_id="0/GEOFENCE/1790000000000", kind="call", note="")
    alert_id: Text
    kind: Literal["call", "inspection"]
    note: str = ""


class GraveActs(Body):
    model_config = example(alert_id="0/GEOFENCE/1790000000000", kind="immobilise", note="")
    alert_id: Text
    kind: Literal["limit_cut", "immobilise", "release", "repossession"]
    note: str = ""


class FleetAnswer(Answer):
    model_config = answered(fleet="north")
    fleet: str


class SiteAnswer(Answer):
    model_config = answered(site=0)
    site: int


class MachineAnswer(Answer):
    model_config = answered(machine=0)
    machine: int


class DeviceAnswer(Answer):
    """The broker's user is the device id; the secret is shown this once."""

    model_config = answered(
        device_id="EXC-001", mqtt_user="EXC-001", mqtt_secret="27" * 32, topic="device/EXC-001/data"
    )
    device_id: str
    mqtt_user: str
    mqtt_secret: str
    topic: str


class AlertAnswer(Answer):
    """Times: *_ms of the event, *_s of the bank. evidence: the readings that showed it."""

    model_config = answered(
        alert_id="0/GEOFENCE/1767241380000",
        machine=0,
        kind="geofence",
        severity="critical",
        state="raised",
        start_ms=1_767_241_380_000,
        found_ms=1_767_241_980_000,
        end_ms=0,
        raised_at_s=1_767_241_980,
        closed_at_s=0,
        officer="",
        evidence={
            "bound": 2,
            "measure": 2,
            "readings": [
                {
                    "at_ms": 1_767_241_980_000,
                    "boot": 0,
                    "lat_e7": 343_000_000,
                    "lon_e7": 1_130_050_000,
                    "sequence": 1_767_241_980_000,
                }
            ],
        },
    )
    alert_id: str
    machine: int
    kind: str
    severity: str
    state: str
    start_ms: int
    found_ms: int
    end_ms: int
    raised_at_s: int
    closed_at_s: int
    officer: str
    evidence: dict[str, Any]


class Alerts(Page):
    alerts: list[AlertAnswer]


class Answers(Answer):
    """One word per alert, ``none`` where it was done."""

    model_config = answered(answers=["none", "alert_unknown"])
    answers: list[str]


class ActionAnswer(Answer):
    model_config = answered(action_id="5d50b7e901d9a1f71dfcdb7b8405947c")
    action_id: str


class Twin(Answer):
    """What the bank knows of a machine; null where it never said. Degrees x 10**7, WGS-84.

    faults: its active fault codes, SPN/FMI of SAE J1939 or as its maker writes them.
    """

    model_config = answered(
        machine=0,
        at_ms=1_767_242_580_000,
        lat_e7=344_000_000,
        lon_e7=1_130_050_000,
        engine_s=362_400,
        fuel_ml=906_000,
        tank_permille=672,
        running=1,
        immobilised=False,
        faults=["110/3"],
        firmware=None,
    )
    machine: int
    at_ms: int | None
    lat_e7: int | None
    lon_e7: int | None
    engine_s: int | None
    fuel_ml: int | None
    tank_permille: int | None
    running: int | None
    immobilised: bool
    faults: list[str] | None
    firmware: str | None


class ReadingsAnswer(Page):
    """In event order; what a reading did not say is left out. faults: SPN/FMI, by blanks."""

    model_config = answered(
        machine=0,
        next="",
        readings=[
            {
                "boot": 0,
                "sequence": 1_767_240_180_000,
                "at_ms": 1_767_240_180_000,
                "received_ms": 1_767_240_180_000,
                "lat_e7": 340_050_000,
                "lon_e7": 1_130_050_000,
                "fix_valid": 1,
                "engine_s": 360_000,
                "fuel_ml": 900_000,
                "faults": "110/3",
            }
        ],
    )
    machine: int
    readings: list[dict[str, int | str]]


class SnapshotTaken(Answer):
    """stored, repeated, quarantined: readings.  foreign: machines that are not the caller's.

    next: where the feed says that its next page is; fetch and send it.
    """

    model_config = answered(stored=2, repeated=0, quarantined=0, foreign=0, next="")
    stored: int
    repeated: int
    quarantined: int
    foreign: int
    next: str
