"""The map in a run folder: what each point gave, readable at any moment.

map_parts/POINT.RRRRRR.json   one replication at one point, until ``fold``
map.parquet                   a row per point, replication and arm; a column per metric
map_points.parquet            a row per point: its coordinates, and each claim there
map.json                      what was swept, and what it says about each claim
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from sim.assumptions.work import OK
from sim.run_folder import Json, read_json, write_json, write_parquet

Key = tuple[str, int]
_FACTS = ("point", "replication", "arm", "status", "field", "detail", "digest", "broken")


@dataclass(frozen=True, slots=True)
class MapStore:
    """The map's files below a run folder's ``path``."""

    path: Path

    @property
    def _parts(self) -> Path:
        return self.path / "map_parts"

    def read(self) -> Json:
        """map.json. Raises InputError where it is missing or damaged."""
        return read_json(self.path / "map.json")

    def write(self, document: Json) -> None:
        write_json(self.path / "map.json", document)

    def write_record(self, record: Json) -> None:
        self._parts.mkdir(exist_ok=True)
        write_json(self._parts / f"{record['point']}.{record['replication']:06d}.json", record)

    def records(self) -> dict[Key, Json]:
        """Every finished replication of every point, by point and replication."""
        found = {}
        if (self.path / "map.parquet").exists():
            rows = pq.read_table(self.path / "map.parquet").to_pylist()
            found = {_key(record): record for record in _from_rows(rows)}
        for part in sorted(self._parts.glob("*.json")):
            record = read_json(part)
            found[_key(record)] = record
        return dict(sorted(found.items()))

    def fold(self, records: Mapping[Key, Json], points: pa.Table) -> None:
        """Write both tables, and take the parts away."""
        write_parquet(self.path / "map.parquet", [_table(list(records.values()))])
        write_parquet(self.path / "map_points.parquet", [points])
        shutil.rmtree(self._parts, ignore_errors=True)

    def discard(self) -> None:
        """Take the map away."""
        shutil.rmtree(self._parts, ignore_errors=True)
        for name in ("map.json", "map.parquet", "map_points.parquet"):
            (self.path / name).unlink(missing_ok=True)


def map_digest(spec: Json, records: Mapping[Key, Json]) -> str:
    """SHA-256 (hex) over what was swept and every arm's event digest, by point and replication."""
    lines = [json.dumps(spec, sort_keys=True)]
    for (point, replication), record in sorted(records.items()):
        arms = record.get("arms", {})
        digests = " ".join(f"{arm} {arms[arm]['digest']}" for arm in sorted(arms))
        lines.append(f"{point} {replication} {record['status']} {digests}")
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _key(record: Json) -> Key:
    return record["point"], record["replication"]


def _table(records: Sequence[Json]) -> pa.Table:
    """A row per point, replication and arm; a refused or failed one has a single row, no arm."""
    rows = [row for record in records for row in _rows(record)]
    metrics = sorted({name for row in rows for name in row if name not in _FACTS})
    fields = [(name, pa.int64() if name == "replication" else pa.string()) for name in _FACTS]
    schema = pa.schema(fields + [(name, pa.float64()) for name in metrics])
    return pa.Table.from_pylist(rows, schema=schema)


def _rows(record: Json) -> list[Json]:
    head = {name: record.get(name, "") for name in ("point", "replication", "status")}
    if record["status"] != OK:
        return [
            head
            | {"arm": "", "field": record["field"], "detail": record["detail"]}
            | {"digest": "", "broken": ""}
        ]
    return [
        head
        | {"arm": arm, "field": "", "detail": "", "digest": facts["digest"]}
        | {"broken": json.dumps(facts["broken"], sort_keys=True)}
        | {name: _float(value) for name, value in facts["metrics"].items()}
        for arm, facts in record["arms"].items()
    ]


def _float(value: float | int | None) -> float | None:
    return None if value is None else float(value)


def _from_rows(rows: Sequence[Json]) -> list[Json]:
    """Records again; a metric that an arm does not have is one that it has no value for."""
    found: dict[Key, Json] = {}
    for row in rows:
        head = {name: row[name] for name in ("point", "replication", "status")}
        if row["status"] != OK:
            found[_key(row)] = head | {"field": row["field"], "detail": row["detail"]}
            continue
        record = found.setdefault(_key(row), head | {"arms": {}})
        metrics = {name: value for name, value in row.items() if name not in _FACTS}
        record["arms"][row["arm"]] = {
            "digest": row["digest"],
            "metrics": metrics,
            "broken": json.loads(row["broken"]),
        }
    return list(found.values())
