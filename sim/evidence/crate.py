"""RO-Crate metadata of a bundle: what each file is, for catalogues and archives.

Source: RO-Crate 1.1 with the Process Run Crate 0.5 profile. Written by hand: the library stamps the
current time, and equal bundles must be equal.
"""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping
from typing import Final

from sim.run_folder import Json

_PROFILE: Final = "https://w3id.org/ro/wfrun/process/0.5"
_CONTEXT: Final = "https://w3id.org/ro/crate/1.1/context"
_TYPES: Final = {
    ".parquet": "application/vnd.apache.parquet",
    ".toml": "application/toml",
    ".md": "text/markdown",
    "": "text/plain",
}


def crate(sums: Mapping[str, str], sizes: Mapping[str, int], facts: Json) -> Json:
    """facts: name, description, day (YYYY-MM-DD), results digest, version of Shapan, command."""
    files = sorted(sums)
    return {
        "@context": _CONTEXT,
        "@graph": [
            {
                "@id": "ro-crate-metadata.json",
                "@type": "CreativeWork",
                "about": {"@id": "./"},
                "conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"},
            },
            _root(files, facts),
            {"@id": _PROFILE, "@type": "CreativeWork", "name": "Process Run Crate"},
            _action(files, facts),
            {
                "@id": "#shapan",
                "@type": "SoftwareApplication",
                "name": "Shapan",
                "softwareVersion": facts["version"],
            },
            *(_file(name, sums[name], sizes[name]) for name in files),
        ],
    }


def _root(files: list[str], facts: Json) -> Json:
    return {
        "@id": "./",
        "@type": "Dataset",
        "conformsTo": {"@id": _PROFILE},
        "name": facts["name"],
        "description": facts["description"],
        "datePublished": facts["day"],
        "license": "All rights are those of who signed the bundle.",
        "hasPart": [{"@id": name} for name in files],
        "mentions": [{"@id": "#run"}],
    }


def _action(files: list[str], facts: Json) -> Json:
    return {
        "@id": "#run",
        "@type": "CreateAction",
        "name": facts["command"],
        "description": f"results digest {facts['digest']}",
        "instrument": {"@id": "#shapan"},
        "object": [{"@id": name} for name in files if name.endswith(("run.json", "pins.txt"))],
        "result": [{"@id": name} for name in files if name.endswith((".parquet", "results.json"))],
    }


def _file(name: str, sha256: str, size: int) -> Json:
    suffix = name[name.rfind(".") :] if "." in name.rpartition("/")[2] else ""
    return {
        "@id": name,
        "@type": "File",
        "name": name,
        "contentSize": str(size),
        "encodingFormat": _TYPES.get(suffix) or mimetypes.types_map.get(suffix, "text/plain"),
        "sha256": sha256,
    }
