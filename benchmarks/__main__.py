"""`python -m benchmarks [NAME…] [--size small|full] [--json]`: all workloads beside their peers."""

import argparse
import json
import sys
from contextlib import redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from benchmarks.report import figures_of, lines_of, plain
from benchmarks.workloads import WORKLOADS

HARNESS = Path(__file__).with_name("test_workloads.py")


def measure(names: list[str], size: str) -> dict[str, Any]:
    """pytest-benchmark's document of one run. Exits with pytest's code if any contender fails."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "benchmarks.json"
        options = ["--benchmark-only", "--benchmark-quiet", f"--benchmark-json={file}"]
        chosen = [f"--workload={name}" for name in names]
        # The harness says on stderr how it goes and what it skips; stdout is for the figures.
        with redirect_stdout(sys.stderr):
            code = pytest.main([str(HARNESS), f"--size={size}", "-rs", *chosen, *options])
        if code:
            sys.exit(code)
        document: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return document


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(WORKLOADS))
    parser.add_argument("--size", choices=("small", "full"), default="small")
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    options = parser.parse_args()
    unknown = sorted(set(options.names) - set(WORKLOADS))
    if unknown:
        parser.error(f"unknown workload {', '.join(unknown)}; choose from {', '.join(WORKLOADS)}")
    figures = figures_of(measure(options.names, options.size))
    print(json.dumps(plain(figures), indent=1) if options.json else "\n".join(lines_of(figures)))


if __name__ == "__main__":
    main()
