"""A bundle can be checked without our code, and one changed bit anywhere is named."""

import json
import shutil
import stat
import subprocess
from base64 import b64decode, b64encode
from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import fromstring

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from rocrate.rocrate import ROCrate
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import SSlibKey

from sim.evidence.bundle import write_bundle
from sim.evidence.check import check_bundle
from sim.evidence.keys import fingerprint, load_key, new_key
from sim.evidence.readme import COMMANDS
from system.errors import InputError
from tests.sim.toy_runs import command, document


@pytest.fixture(scope="module")
def key_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("keys") / "deep" / "key.pem"
    new_key(path)
    return path


@pytest.fixture(scope="module")
def signed(finished: Path, key_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("signed") / "bundle"
    write_bundle(finished, out, load_key(key_file))
    return out


@pytest.fixture
def copied(signed: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(signed, tmp_path / "copied"))


def broken(path: Path, expected: str | None = None) -> dict[str, str]:
    return {one.name: one.detail for one in check_bundle(path, expected) if not one.held}


def test_the_commands_of_the_readme_verify_it_without_our_code(
    signed: Path, key_file: Path
) -> None:
    readme = (signed / "README.md").read_text(encoding="utf-8")
    said = []
    for line in COMMANDS:
        assert line in readme
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", line],
            cwd=signed,
            capture_output=True,
            text=True,
            check=True,
        )
        said.append(done.stdout)
    assert said[0] == ""
    assert "Verified Successfully" in said[1]
    published = fingerprint(load_key(key_file).public_key())
    assert said[2].split()[0] == published
    assert published in readme


def test_one_flipped_bit_in_any_file_is_named(copied: Path) -> None:
    files = [path for path in sorted(copied.rglob("*")) if path.is_file()]
    assert len(files) > 15
    for path in files:
        with flipped(path):
            details = " ".join(broken(copied).values())
            assert path.name in details, path
    assert broken(copied) == {}


class flipped:  # noqa: N801 - reads as a verb
    def __init__(self, path: Path) -> None:
        self.path, self.bytes = path, path.read_bytes()

    def __enter__(self) -> None:
        middle = len(self.bytes) // 2
        changed = bytearray(self.bytes)
        changed[middle] ^= 1
        self.path.write_bytes(bytes(changed))

    def __exit__(self, *_: object) -> None:
        self.path.write_bytes(self.bytes)


def test_a_file_that_was_added_or_taken_away_is_named(copied: Path) -> None:
    (copied / "run" / "more.txt").write_text("x")
    assert "run/more.txt was added" in broken(copied)["bundle.sums"]
    (copied / "run" / "more.txt").unlink()
    (copied / "junit.xml").unlink()
    assert "junit.xml is missing" in broken(copied)["bundle.sums"]


def test_a_bundle_that_another_key_sealed_again_is_refused(
    copied: Path, signed: Path, key_file: Path, tmp_path: Path
) -> None:
    other = new_key(tmp_path / "other.pem")
    published = fingerprint(load_key(key_file).public_key())
    forged = tmp_path / "forged"
    write_bundle(copied / "run", forged, other)
    assert broken(forged) == {}
    assert set(broken(forged, published)) == {"bundle.signer"}
    assert broken(signed, published.upper()) == {}


def test_the_private_key_is_the_owners_alone_and_nowhere_else(signed: Path, key_file: Path) -> None:
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    secret = b"".join(key_file.read_bytes().splitlines()[1:-1])
    for path in signed.rglob("*"):
        if path.is_file():
            assert secret not in path.read_bytes(), path
            assert b"PRIVATE" not in path.read_bytes(), path


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    new_key(tmp_path / "key.pem")
    (tmp_path / "key.pem").chmod(0o644)
    with pytest.raises(InputError, match="chmod 600"):
        load_key(tmp_path / "key.pem")


def test_a_key_is_never_written_over(tmp_path: Path) -> None:
    new_key(tmp_path / "key.pem")
    before = (tmp_path / "key.pem").read_bytes()
    with pytest.raises(InputError, match="another file"):
        new_key(tmp_path / "key.pem")
    assert (tmp_path / "key.pem").read_bytes() == before


def test_equal_runs_and_keys_give_equal_bundles(
    finished: Path, signed: Path, key_file: Path, tmp_path: Path
) -> None:
    write_bundle(finished, tmp_path / "again", load_key(key_file))
    assert (tmp_path / "again" / "SHA256SUMS").read_text() == (signed / "SHA256SUMS").read_text()


def test_the_statement_speaks_of_every_file(signed: Path) -> None:
    envelope = json.loads((signed / "statement.dsse.json").read_text())
    statement = json.loads(b64decode(envelope["payload"]))
    names = {one["name"] for one in statement["subject"]}
    assert statement["predicate"]["failedTests"] == ["instant"]
    assert {"run/run.json", "report.zh.html", "junit.xml", "ro-crate-metadata.json"} <= names


def test_the_crate_describes_every_file_that_it_names(signed: Path) -> None:
    graph = json.loads((signed / "ro-crate-metadata.json").read_text())["@graph"]
    known = {node["@id"] for node in graph}
    [root] = [node for node in graph if node["@id"] == "./"]
    assert {part["@id"] for part in root["hasPart"]} <= known


def test_junit_fails_what_broke_and_only_skips_what_nobody_required(signed: Path) -> None:
    root = fromstring((signed / "junit.xml").read_text())
    found = {suite.get("name"): suite for suite in root}
    assert found["toy.invariants"].get("failures") == "0"
    assert found["toy.claims"].get("skipped") == "1"
    assert found["toy.replications"].get("tests") == "4"


def commands(folder: Path) -> Iterator[tuple[str, ...]]:
    yield ("keys", "new", "--out", str(folder / "k.pem"))
    yield (
        "bundle",
        str(folder / "run"),
        "--out",
        str(folder / "b"),
        "--key",
        str(folder / "k.pem"),
    )
    yield ("verify", str(folder / "b"), "--rerun", "--json")


def test_the_journey_of_a_regulator_from_the_command_line(finished: Path, tmp_path: Path) -> None:
    shutil.copytree(finished, tmp_path / "run")
    done = [command(*line, cwd=tmp_path) for line in commands(tmp_path)]
    assert [one.returncode for one in done] == [0, 0, 0], [one.stderr for one in done]
    assert "fingerprint: " in done[0].stdout
    assert "PRIVATE" not in done[0].stdout + done[0].stderr
    checks = {one["name"]: one["held"] for one in document(done[2])["checks"]}
    assert checks["bundle.signature"]
    assert checks["rerun"]


def test_another_library_reads_the_envelope_and_refuses_a_changed_one(signed: Path) -> None:
    text = (signed / "statement.dsse.json").read_text(encoding="utf-8")
    document = json.loads(text)
    published = load_pem_public_key((signed / "public-key.pem").read_bytes())
    keyid = document["signatures"][0]["keyid"]
    key = SSlibKey.from_crypto(published, keyid=keyid)
    assert set(Envelope.from_dict(json.loads(text)).verify([key], 1)) == {keyid}
    payload = bytearray(b64decode(document["payload"]))
    payload[10] ^= 1
    forged = document | {"payload": b64encode(bytes(payload)).decode()}
    with pytest.raises(VerificationError):
        Envelope.from_dict(forged).verify([key], 1)


def test_another_library_finds_every_file_in_the_crate(signed: Path) -> None:
    crate = ROCrate(str(signed))
    listed = {one.id for one in crate.root_dataset["hasPart"]}
    there = {str(path.relative_to(signed)) for path in signed.rglob("*") if path.is_file()}
    seals = {"SHA256SUMS", "SHA256SUMS.sig", "ro-crate-metadata.json", "statement.dsse.json"}
    assert listed == there - seals
    [action] = crate.root_dataset["mentions"]
    assert "results digest" in action["description"]
