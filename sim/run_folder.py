"""The run folder: what a study leaves behind, readable at any moment, even after a kill.

A replication is written by the process that ran it: its events, its timings, and last its record,
each to a temporary name that is then renamed. A record that exists is therefore whole, and the
study's state is nothing but the set of records. ``close`` folds them into the tables of DESIGN
section 11:

    run.json                  scenario as run, seed, versions, wiring, digest, status, file sums
    replications/NNNNNN.json  metrics, invariants and event digest by arm
    replications/NNNNNN.events.parquet   until ``close`` joins them into events.parquet
    metrics.parquet           arm, replication, metric, unit, value (null: not defined)
    events.parquet            every replication's events in order: replication, arm, total order
    claims.json  failures/NNNNNN.json
    map.json  map.parquet  map_points.parquet   with --map: see sim.assumptions.store
    wall.json                 timings: outside every digest and outside run.json's file sums
    SHA256SUMS                every file, run.json included; ``sha256sum -c`` checks it too
    report.*                  drawn from the rest by ``shapan report``; in no sum
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from sim.run_document import checked
from system.errors import InputError

Json = dict[str, Any]
METRICS_SCHEMA = pa.schema(
    [
        ("arm", pa.string()),
        ("replication", pa.int64()),
        ("metric", pa.string()),
        ("unit", pa.string()),
        ("value", pa.float64()),
    ]
)
SEAL = "SHA256SUMS"
# run.json cannot hold its own sum; wall-clock facts would make equal runs differ.
UNSUMMED = (SEAL, "run.json", "wall.json")
# A report is drawn from the folder and can be drawn again; it is no part of what was found.
_RENDERINGS = ("report.html", "report.pdf", "report.junit.xml", "report.json")
_SEAL_LINE = re.compile(r"([0-9a-f]{64})  (.+)")


@dataclass(frozen=True, slots=True)
class RunFolder:
    """One run's files under ``path``."""

    path: Path

    def create(self) -> Path:
        """Make the folder; returns the topmost folder that was not there before.

        Raises InputError if something is there already.
        """
        self.check_free()
        missing = [path for path in (self.path, *self.path.parents) if not path.exists()]
        self.complete()
        return missing[-1] if missing else self.path

    def complete(self) -> None:
        """Make what is missing of the folder: who made it may have been interrupted."""
        for name in ("replications", "failures"):
            (self.path / name).mkdir(parents=True, exist_ok=True)

    def check_free(self) -> None:
        """Raises InputError if something is there already."""
        if self.path.exists() and (not self.path.is_dir() or any(self.path.iterdir())):
            raise InputError(
                "--out", str(self.path), "name a new folder, or add --resume to finish this run"
            )

    def read_run(self) -> Json:
        """run.json, each key of the right kind. Raises InputError when this is no run folder."""
        path = self.path / "run.json"
        try:
            run = json.loads(path.read_text(encoding="utf-8"))
        except (FileNotFoundError, NotADirectoryError):
            raise InputError("RUN", str(self.path), "name a folder that holds a run.json") from None
        except (OSError, ValueError, RecursionError) as error:
            raise InputError(
                "RUN", str(self.path), f"run.json is not whole JSON ({error}); restore or rerun it"
            ) from None
        return checked(run, str(path))

    def read_claims(self) -> list[Json]:
        """Every claim with its judgement, in the scenario's order."""
        claims: list[Json] = self.read_claims_document()["claims"]
        return claims

    def read_claims_document(self) -> Json:
        return read_json(self.path / "claims.json")

    def read_wall(self) -> Json:
        return read_json(self.path / "wall.json")

    def read_map(self) -> Json | None:
        """The map of the run's assumptions (map.json); None where none was asked for."""
        path = self.path / "map.json"
        return read_json(path) if path.exists() else None

    def map_status(self) -> str | None:
        """Of the map, like a run's; None where none was asked for."""
        found = self.read_map()
        return None if found is None else str(found.get("status"))

    def write_run(self, run: Json) -> None:
        write_json(self.path / "run.json", run)

    # --- replications -------------------------------------------------------------------------

    def write_replication(self, record: Json, events: pa.Table, runtime: Json) -> None:
        """Persist one finished replication; the record comes last and makes it count."""
        stem = _stem(record["replication"])
        parts = self.path / "replications"
        write_parquet(parts / f"{stem}.events.parquet", [events])
        write_json(parts / f"{stem}.wall.json", runtime)
        write_json(parts / f"{stem}.json", record)
        (self.path / "failures" / f"{stem}.json").unlink(missing_ok=True)

    def write_failure(self, failure: Json) -> None:
        write_json(self.path / "failures" / f"{_stem(failure['replication'])}.json", failure)

    def records(self) -> list[Json]:
        """The finished replications, in order. Raises InputError at a damaged one."""
        return [record for _, record in self.numbered_records()]

    def numbered_records(self) -> list[tuple[int, Json]]:
        """Each record beside the number that its file bears."""
        return [(int(name.stem), read_json(name)) for name in self._record_files()]

    def finished(self) -> int:
        """How many replications are there; none is read."""
        return len(self._record_files())

    def _record_files(self) -> list[Path]:
        names = sorted((self.path / "replications").glob("[0-9]*.json"))
        return [name for name in names if name.stem.isdecimal()]

    def failures(self) -> list[Json]:
        """The records of what failed, in order, each with the command that makes it smaller."""
        found = sorted((self.path / "failures").glob("*.json"))
        return [read_json(name) | {"shrink": f"shapan shrink {name}"} for name in found]

    def runtimes(self) -> dict[str, Json]:
        """Replication number -> wall-clock facts by arm."""
        found = sorted((self.path / "replications").glob("*.wall.json"))
        return {str(int(name.name.split(".")[0])): read_json(name) for name in found}

    def events(self, replication: int) -> pa.Table:
        """One replication's events, from its part or from the joined table."""
        part = self._events_part(replication)
        if part.exists():
            return pq.read_table(part)
        return pq.read_table(
            self.path / "events.parquet", filters=[("replication", "=", replication)]
        )

    def event_files(self) -> list[Path]:
        """The files that hold the events: the joined table, else the parts that are there."""
        joined = self.path / "events.parquet"
        if joined.exists():
            return [joined]
        return sorted((self.path / "replications").glob("*.events.parquet"))

    def _events_part(self, replication: int) -> Path:
        return self.path / "replications" / f"{_stem(replication)}.events.parquet"

    # --- closing ------------------------------------------------------------------------------

    def close(self, run: Json, claims: list[Json], units: Mapping[str, str], wall: Json) -> None:
        """Write the tables, run.json and the seal; a later ``close`` replaces them.

        Between two closings there is no seal, so none can vouch for what is half-written.
        """
        (self.path / SEAL).unlink(missing_ok=True)
        for part in self.path.rglob("*.[0-9]*.part"):
            part.unlink()
        records = self.records()
        numbers = [record["replication"] for record in records]
        write_parquet(self.path / "metrics.parquet", [metrics_table(records, units)])
        write_json(self.path / "claims.json", {"claims": claims})
        if numbers:
            write_parquet(self.path / "events.parquet", map(self.events, numbers))
        for number in numbers:
            self._events_part(number).unlink(missing_ok=True)
        write_json(self.path / "wall.json", wall | {"replications": self.runtimes()})
        self.write_run(run | {"files": self.sums()})
        self.seal()

    def seal(self) -> None:
        """Write SHA256SUMS over every file as it is now."""
        lines = [f"{sha256}  {name}\n" for name, sha256 in self.sealable_sums().items()]
        _replace(self.path / SEAL, lambda part: part.write_text("".join(lines), encoding="utf-8"))

    def sealed_sums(self) -> dict[str, str]:
        """Relative path -> SHA-256 as the seal has it. Raises ValueError at a malformed line."""
        found = {}
        for line in (self.path / SEAL).read_text(encoding="utf-8").splitlines():
            match = _SEAL_LINE.fullmatch(line)
            if match is None or match[2] in found:
                raise ValueError(f"{SEAL} holds the line {line!r}")
            found[match[2]] = match[1]
        return found

    def sealable_sums(self) -> dict[str, str]:
        """Relative path -> SHA-256 of every file but the seal."""
        return {name: _sha256(path) for name, path in self.files().items() if name != SEAL}

    def sums(self) -> dict[str, str]:
        """Relative path -> SHA-256 of every file that does not hold wall-clock facts."""
        return {
            name: _sha256(path)
            for name, path in self.files().items()
            if not (name in UNSUMMED or name.endswith(".wall.json"))
        }

    def strays(self) -> list[str]:
        """Relative paths of what is neither a plain file nor a plain folder: links, pipes."""
        found = (path for path in self.path.rglob("*") if path.is_symlink() or not _plain(path))
        return sorted(path.relative_to(self.path).as_posix() for path in found)

    def files(self) -> dict[str, Path]:
        """Relative path -> path of every plain file but the renderings, by name."""
        found = (path for path in self.path.rglob("*") if path.is_file() and not path.is_symlink())
        named = {path.relative_to(self.path).as_posix(): path for path in sorted(found)}
        return {name: path for name, path in named.items() if name not in _RENDERINGS}


def _plain(path: Path) -> bool:
    return path.is_file() or path.is_dir()


def metrics_table(records: Iterable[Json], units: Mapping[str, str]) -> pa.Table:
    """metrics.parquet of these records: by replication, arm, metric."""
    rows = [
        (arm, record["replication"], metric, units.get(metric, ""), value)
        for record in records
        for arm, facts in record["arms"].items()
        for metric, value in facts["metrics"].items()
    ]
    columns = list(zip(*rows, strict=True)) or [()] * len(METRICS_SCHEMA)
    arrays = [
        pa.array(column, field.type) for column, field in zip(columns, METRICS_SCHEMA, strict=True)
    ]
    return pa.Table.from_arrays(arrays, schema=METRICS_SCHEMA)


def study_digest(scenario_digest: str, records: Iterable[Json]) -> str:
    """SHA-256 over the scenario's digest and each replication's arm digests, in order."""
    lines = [scenario_digest] + [
        f"{record['replication']} {arm} {facts['digest']}"
        for record in records
        for arm, facts in record["arms"].items()
    ]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def plain(value: object) -> Any:
    """The value as JSON can hold it: NaN and infinities become null, NumPy numbers plain."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def write_json(path: Path, document: Json) -> None:
    text = json.dumps(plain(document), ensure_ascii=False, indent=1, allow_nan=False)
    _replace(path, lambda part: part.write_text(text + "\n", encoding="utf-8"))


def write_parquet(path: Path, tables: Iterable[pa.Table]) -> None:
    """One file of these tables, one row group or more each, never all in memory."""

    def write(part: Path) -> None:
        writer = None
        for table in tables:
            writer = writer or pq.ParquetWriter(part, table.schema, compression="zstd")
            writer.write_table(table)
        if writer is not None:
            writer.close()

    _replace(path, write)


def _replace(path: Path, write: Any) -> None:
    """Write beside the target, force to disk, rename: a reader sees the old file or the new."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    write(part)
    with part.open("rb") as handle:
        os.fsync(handle.fileno())
    part.replace(path)


def _stem(replication: int) -> str:
    return f"{replication:06d}"


def read_json(path: Path) -> Json:
    """A JSON table. Raises InputError when the file is missing or damaged."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        remedy = f"cannot be read ({error}); restore it or start a new run"
        raise InputError("file", path.name, remedy, file=str(path)) from None
    if not isinstance(document, dict):
        raise InputError("file", path.name, "holds no table; restore it", file=str(path))
    return document


def _sha256(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
