"""Each error and each event that our contracts declare is reached by a test of this folder."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from system.chain.abi import load_contract
from system.chain.bindings import CONTRACT_NAMES
from system.chain.deploy import BUILD_FOLDER

HERE = Path(__file__).parent
SOURCES = BUILD_FOLDER.parent / "src"


def declared(kind: str) -> set[tuple[str, str]]:
    """(contract, name) of every error or event in the committed ABIs that our sources define."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted(SOURCES.rglob("*.sol")))
    ours = set(re.findall(rf"^\s*{kind} (\w+)\(", text, re.MULTILINE))
    return {
        (contract, name)
        for contract in CONTRACT_NAMES
        for name in names(contract, kind)
        if name in ours
    }


def names(contract: str, kind: str) -> set[str]:
    abi = load_contract(BUILD_FOLDER, contract)
    if kind == "error":
        return {str(entry["name"]) for entry in abi.errors}
    return {event.name for event in abi.events.values()}


def reached(helper: str) -> set[tuple[str, str]]:
    """(contract, name) in every call of the helper, whose last two plain strings they are."""
    return {
        pair
        for path in sorted(HERE.glob("test_*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and getattr(node.func, "attr", getattr(node.func, "id", "")) == helper
        for pair in pairs(node)
    }


def pairs(node: ast.Call) -> Iterator[tuple[str, str]]:
    words = [arg.value for arg in node.args if isinstance(arg, ast.Constant)]
    if len(words) == 2:
        yield str(words[0]), str(words[1])


def test_every_error_of_every_contract_is_provoked() -> None:
    due, done = declared("error"), reached("refuses")
    assert len(due) > 50
    assert not due - done, f"no test provokes {sorted(due - done)}"
    assert not done - due, f"not an error of that contract: {sorted(done - due)}"


def test_every_event_of_every_contract_is_read() -> None:
    due, done = declared("event"), reached("said")
    assert len(due) > 25
    assert not due - done, f"no test reads {sorted(due - done)}"
    assert not done - due, f"not an event of that contract: {sorted(done - due)}"
