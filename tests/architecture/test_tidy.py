"""The project's own rules, linted as a test. Each message names what to do instead."""

import ast
import re
import statistics
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 60
FUNCTION_LINES_MEDIAN_MAX = 10
ONLY_NUMPY = {"numpy", "typing", "collections", "dataclasses", "enum", "math", "functools"}
THE_COMPILER = ("system/kernels/compiled.py", "numba")
# The handbook walked with curl; two gateways on the real parts; a gateway killed under load.
WHOLE_BANK = ("sim/test_serve.py", "sim/test_two_gateways.py", "sim/test_stress.py")
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")


def tracked(*suffixes: str) -> list[Path]:
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in names.splitlines() if name.endswith(suffixes)]


def sources() -> list[Path]:
    return [path for path in tracked(".py") if path.relative_to(ROOT).parts[0] in ("system", "sim")]


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def body_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of the body without its docstring: what a reader has to follow."""
    first = node.body[1] if ast.get_docstring(node) and len(node.body) > 1 else node.body[0]
    assert node.end_lineno is not None
    return node.end_lineno - first.lineno + 1


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_no_file_has_more_than_one_subjects_worth_of_lines() -> None:
    long = {
        name(path): lines
        for path in tracked(".py", ".sol")
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > FILE_LINES_MAX
    }
    assert not long, f"split by subject (max {FILE_LINES_MAX} lines): {long}"


def test_no_function_is_longer_than_a_screen() -> None:
    long = [
        f"{name(path)}:{node.lineno} {node.name}"
        for path in tracked(".py")
        for node in functions(path)
        if node.end_lineno is not None and node.end_lineno - node.lineno + 1 > FUNCTION_LINES_MAX
    ]
    assert not long, f"give each step a name of its own (max {FUNCTION_LINES_MAX} lines): {long}"


def test_the_median_function_is_short() -> None:
    lines = [body_lines(node) for path in sources() for node in functions(path)]
    assert statistics.median(lines) < FUNCTION_LINES_MEDIAN_MAX


def test_package_inits_stay_empty() -> None:
    full = [name(path) for path in tracked("__init__.py") if path.read_text().strip()]
    assert not full, f"import from the module itself, not the package: {full}"


def test_kernels_import_only_numpy_kernels_and_limits() -> None:
    wrong = []
    for path in sources():
        if "kernels" not in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            modules = []
            if isinstance(node, ast.Import):
                modules = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                modules = [node.module or ""]
            for module in modules:
                own = module.startswith("system.") and ".kernels" in module
                usual = module == "system.limits" or module.split(".")[0] in ONLY_NUMPY
                if not own and not usual and (name(path), module) != THE_COMPILER:
                    wrong.append(f"{name(path)}: {module}")
    assert not wrong, f"move what needs more than NumPy out of kernels/: {wrong}"


def test_nothing_is_marked_unfinished() -> None:
    found = [
        f"{name(path)}:{number}"
        for path in tracked(".py", ".sol", ".md", ".toml")
        if path != Path(__file__).resolve()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if UNFINISHED.search(line)
    ]
    assert not found, f"finish it, or open an issue and delete the mark: {found}"


def test_no_error_is_swallowed() -> None:
    silent = []
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ExceptHandler) and (
                node.type is None
                or (len(node.body) == 1 and isinstance(node.body[0], ast.Pass | ast.Continue))
            ):
                silent.append(f"{name(path)}:{node.lineno}")
    assert not silent, f"handle it, re-raise it, or use contextlib.suppress with a reason: {silent}"


def test_the_house_has_the_rooms_that_the_design_names() -> None:
    for room in ("system/ports", "system/adapters", "system/kernels", "system/chain", "contracts"):
        assert (ROOT / room).is_dir(), room
    for page in ("ARCHITECTURE", "ADDING", "GLOSSARY", "SIMULATION", "OPERATIONS"):
        assert (ROOT / "docs" / f"{page}.md").is_file(), page


@pytest.mark.parametrize("file", WHOLE_BANK)
def test_what_walks_through_a_whole_bank_runs_in_ci(file: str) -> None:
    text = (ROOT / "tests" / file).read_text(encoding="utf-8")
    assert "mark.slow" not in text, "CI leaves slow tests out: half a minute is well spent here"


@pytest.mark.parametrize("path", tracked(".md"), ids=name)
def test_links_in_pages_lead_somewhere(path: Path) -> None:
    targets = re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8"))
    missing = [target for target in targets if not (path.parent / target).exists()]
    assert not missing, f"{name(path)}: {missing}"
