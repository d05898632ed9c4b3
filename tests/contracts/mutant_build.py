"""Compiles all mutants with the pinned compiler; the result is kept by the hash of its input."""

import fcntl
import json
import re
import shutil
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from posixpath import dirname, join, normpath
from typing import Any

from system.chain.deploy import BUILD_FOLDER
from tests.contracts.mutants import Mutant
from tests.contracts.mutants_own import MUTANTS

CONTRACTS = BUILD_FOLDER.parent
CACHE = CONTRACTS.parent / "build" / "mutants"
ORIGINAL = Mutant("original", "Settlement", "", "", lambda house: None)
_ALL = (ORIGINAL, *MUTANTS)
_PROCESSES = 2
# One load of the compiler for many inputs.
_SOLC = """
const solc = require("solc");
const inputs = JSON.parse(require("fs").readFileSync(0, "utf8"));
const outputs = inputs.map((input) => JSON.parse(solc.compile(JSON.stringify(input))));
process.stdout.write(JSON.stringify(outputs));
"""
Json = dict[str, Any]


def node_is_ready() -> bool:
    """True where Node is installed and `npm ci` was run for the contracts."""
    return shutil.which("node") is not None and (CONTRACTS / "node_modules" / "solc").is_dir()


def artifacts() -> dict[str, Json]:
    """By mutant name: the committed artifact of its contract with the mutant's ABI and bytecode."""
    original = json.loads(_run(["node", "build.mjs", "--input"]))
    inputs = [_input(original, mutant) for mutant in _ALL]
    key = sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()
    CACHE.mkdir(parents=True, exist_ok=True)
    path = CACHE / f"{key}.json"
    # Test processes that start together compile once: the others wait here.
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            path.write_text(json.dumps(_compiled(inputs)), encoding="utf-8")
    found: dict[str, Json] = json.loads(path.read_text(encoding="utf-8"))
    return found


def write_build(mutant: Mutant, artifact: Json, folder: Path) -> None:
    """A build folder that differs from the committed one in the mutant's contract."""
    shutil.copytree(BUILD_FOLDER, folder)
    path = folder / f"{mutant.built}.json"
    path.write_text(json.dumps(artifact), encoding="utf-8")


def _input(original: Json, mutant: Mutant) -> Json:
    """The compiler's input for the mutant's contract and the files that it needs."""
    sources = {name: source["content"] for name, source in original["sources"].items()}
    if mutant.old:
        name = f"src/{mutant.file}.sol"
        count = sources[name].count(mutant.old)
        assert count == 1, f"{mutant.name}: the replaced source occurs {count} times"
        sources[name] = sources[name].replace(mutant.old, mutant.new)
    path = _path(mutant)
    selection = {path: {mutant.built: ["abi", "evm.bytecode.object"]}}
    # Optimising takes half of the time and changes no behaviour; the original shows the settings.
    optimizer = {**original["settings"]["optimizer"], "enabled": mutant is ORIGINAL}
    return {
        "language": original["language"],
        "sources": {name: {"content": sources[name]} for name in _needed(sources, path)},
        "settings": {
            **original["settings"],
            "optimizer": optimizer,
            "outputSelection": selection,
        },
    }


def _path(mutant: Mutant) -> str:
    return f"src/{mutant.built}.sol"


def _needed(sources: dict[str, str], root: str) -> list[str]:
    needed = {root: None}
    queue = [root]
    for name in queue:
        for to in re.findall(r'from\s+"([^"]+)"', sources[name]):
            path = normpath(join(dirname(name), to)) if to.startswith(".") else to
            if path not in needed:
                needed[path] = None
                queue.append(path)
    return sorted(needed)


def _compiled(inputs: Sequence[Json]) -> dict[str, Json]:
    """Mutants by turns to each process, so that large contracts are shared out."""
    shares = [range(start, len(inputs), _PROCESSES) for start in range(_PROCESSES)]
    with ThreadPoolExecutor(_PROCESSES) as pool:
        outputs = pool.map(lambda share: _solc([inputs[index] for index in share]), shares)
        by_index = {
            index: output
            for share, some in zip(shares, outputs, strict=True)
            for index, output in zip(share, some, strict=True)
        }
    return {mutant.name: _artifact(mutant, by_index[index]) for index, mutant in enumerate(_ALL)}


def _solc(inputs: Sequence[Json]) -> list[Json]:
    outputs: list[Json] = json.loads(_run(["node", "-e", _SOLC], json.dumps(inputs)))
    return outputs


def _artifact(mutant: Mutant, output: Json) -> Json:
    errors = [one for one in output.get("errors", ()) if one["severity"] == "error"]
    assert not errors, f"{mutant.name}: {errors[0]['formattedMessage']}"
    committed = json.loads((BUILD_FOLDER / f"{mutant.built}.json").read_text(encoding="utf-8"))
    built = output["contracts"][_path(mutant)][mutant.built]
    bytecode = "0x" + built["evm"]["bytecode"]["object"]
    return {**committed, "abi": built["abi"], "bytecode": bytecode}


def _run(command: list[str], text: str | None = None) -> str:
    done = subprocess.run(
        command, input=text, cwd=CONTRACTS, capture_output=True, text=True, check=True
    )
    return done.stdout
