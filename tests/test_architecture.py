"""Imports follow the way of a change and never return."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

MAY_IMPORT = {
    "contracts": set[str](),
    "settings": set[str](),
    "logs": set[str](),
    "tracing": set[str](),
    "knowledge": {"contracts"},
    "database": {"contracts"},
    "connectors": {"contracts", "knowledge", "settings"},
    "activities": {"connectors", "contracts", "database", "knowledge"},
    "workflows": {"activities", "contracts"},
    "api": {"connectors", "contracts", "database", "knowledge", "logs", "settings", "tracing", "workflows"},
    "embedded": {"contracts", "database", "knowledge", "settings"},
    "worker": {
        "activities",
        "connectors",
        "contracts",
        "database",
        "knowledge",
        "settings",
        "tracing",
        "workflows",
    },
    "plugin_zip": set[str](),
    "doctor": {"connectors", "contracts", "database", "settings", "workflows"},
    "commands": {"connectors", "contracts", "database", "embedded", "settings", "workflows"},
    "cli": {"api", "commands", "database", "doctor", "embedded", "logs", "settings", "worker", "workflows"},
}
"""Every part of the product -> the parts it stands on."""

EXCEPTIONS = {("database/migrations/env.py", "settings")}
"""Alembic asks where the database is."""

LONGEST_MODULE = 300


def modules(part: str) -> list[Path]:
    folder = ROOT / part
    return sorted(folder.rglob("*.py")) if folder.is_dir() else [folder.with_suffix(".py")]


MODULES = [str(file.relative_to(ROOT)) for part in MAY_IMPORT for file in modules(part)]


def named(node: ast.AST) -> list[str]:
    """The modules an import statement names, from the root."""
    match node:
        case ast.Import():
            return [alias.name for alias in node.names]
        case ast.ImportFrom(module=str(module), level=0):
            return [module]
        case ast.ImportFrom():
            raise AssertionError("imports are absolute")
    return []


def imported(module: str) -> set[str]:
    tree = ast.parse((ROOT / module).read_text())
    return {name.split(".")[0] for node in ast.walk(tree) for name in named(node)}


def part_of(module: str) -> str:
    return module.replace("/", ".").split(".")[0]


def test_every_part_has_its_place() -> None:
    """No package or module beside those of the table."""
    packages = {file.parent.name for file in ROOT.glob("*/__init__.py")} - {"tests", "bench"}
    scripts = {file.stem for file in ROOT.glob("*.py")}
    assert packages | scripts == set(MAY_IMPORT)


def test_the_table_has_no_circle() -> None:
    """Every part stands on parts that do not stand on it."""
    settled: set[str] = set()
    while ready := {part for part, below in MAY_IMPORT.items() if below <= settled} - settled:
        settled |= ready
    assert settled == set(MAY_IMPORT)


@pytest.mark.parametrize("module", MODULES)
def test_imports_follow_the_way_of_a_change(module: str) -> None:
    """A module imports its own part and those below it, also inside functions; never tests or benches."""
    ours = {*MAY_IMPORT, "tests", "bench"}
    part = part_of(module)
    excepted = {name for file, name in EXCEPTIONS if file == module}
    assert imported(module) & ours <= MAY_IMPORT[part] | {part} | excepted


@pytest.mark.parametrize(("file", "part"), sorted(EXCEPTIONS))
def test_every_exception_is_still_needed(file: str, part: str) -> None:
    """What no longer imports against the arrows is no exception."""
    assert part in imported(file)


def test_contracts_stand_on_the_standard_library_and_pydantic() -> None:
    """Whoever crosses a border carries nothing else along."""
    for file in modules("contracts"):
        names = imported(str(file.relative_to(ROOT)))
        assert names <= {*sys.stdlib_module_names, "pydantic", "contracts"}, file


def test_only_commands_that_start_servers_need_those_we_embed() -> None:
    """The image has no `embedded`; whoever wants it imports it where it is wanted."""
    for module in MODULES:
        if part_of(module) != "embedded":
            at_once = ast.parse((ROOT / module).read_text()).body
            assert not [name for node in at_once for name in named(node) if part_of(name) == "embedded"]


PASSAGE = "with workflow.unsafe.imports_passed_through():"
OUTSIDE = ("__init__", "client", "schedules", "store_schedules")
FROM_INSIDE = [m for m in MODULES if part_of(m) == "workflows" and Path(m).stem not in OUTSIDE]


def outside_the_passage(tree: ast.Module) -> Iterator[str]:
    """The modules imported anywhere but through the sandbox's passage."""
    passed = {
        node
        for block in tree.body
        if isinstance(block, ast.With) and ast.unparse(block).startswith(PASSAGE)
        for node in ast.walk(block)
    }
    for node in ast.walk(tree):
        if node not in passed:
            yield from named(node)


@pytest.mark.parametrize("module", FROM_INSIDE)
def test_workflows_import_ours_through_the_passage(module: str) -> None:
    """Only the policies are loaded anew by the sandbox; the client and the schedules are outside of it."""
    names = outside_the_passage(ast.parse((ROOT / module).read_text()))
    assert {name for name in names if name.split(".")[0] in MAY_IMPORT} <= {"workflows.policies"}


WRITTEN = [module for module in MODULES if "/migrations/versions/" not in module]


@pytest.mark.parametrize("module", WRITTEN)
def test_modules_are_short(module: str) -> None:
    """One idea each; migrations are records."""
    assert len((ROOT / module).read_text().splitlines()) <= LONGEST_MODULE


def test_nothing_is_called_utils() -> None:
    """A name says what is inside."""
    vague = {"utils", "util", "helpers", "helper", "common", "misc"}
    names = {Path(module).stem for module in MODULES} | {Path(module).parent.name for module in MODULES}
    assert not names & vague
