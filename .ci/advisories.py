"""What pip-audit found, and whether it could look at all: it calls a package it skipped no hole.

Exit code 1 for known holes; also for packages that were not looked at, where
SHAPAN_REQUIRE_ADVISORIES is set, as it should be wherever an index with advisories is reachable.
"""

import json
import os
import sys
from pathlib import Path

REQUIRED = "SHAPAN_REQUIRE_ADVISORIES"


def main(path: Path) -> int:
    """Print one line, and one for each hole."""
    if not path.is_file():
        print("NOT AUDITED: pip-audit gave no answer; see build/advisories.log")
        return 1 if os.environ.get(REQUIRED) else 0
    packages = json.loads(path.read_text(encoding="utf-8"))["dependencies"]
    skipped = [one["name"] for one in packages if "skip_reason" in one]
    holes = [(one["name"], hole["id"]) for one in packages for hole in one.get("vulns", [])]
    for name, hole in holes:
        print(f"KNOWN HOLE: {name}: {hole}")
    looked_at = len(packages) - len(skipped)
    print(
        f"advisories: {looked_at} of {len(packages)} packages looked at, {len(holes)} known holes"
    )
    if skipped:
        print(f"NOT AUDITED: this index has no advisories for {len(skipped)} packages")
    return 1 if holes or (skipped and os.environ.get(REQUIRED)) else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
