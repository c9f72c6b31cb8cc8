"""The import rules of the project: which room may import which, and the size of modules."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent

BASE = {"compute", "contracts", "crypto", "memory", "observability", "settings"}
"""Rooms that import nothing but `contracts`."""

MAY_IMPORT: dict[str, set[str]] = {
    "contracts": set(),
    "settings": set(),
    "observability": set(),
    "crypto": {"contracts"},
    "compute": {"contracts"},
    "memory": set(),
    "knowledge": {"contracts"},
    "catalogue": {"contracts", "knowledge"},
    "catalogue.feeds": {"catalogue", "contracts"},
    "embeddings": {"contracts", "settings"},
    "connectors": {"compute", "connectors.http", "connectors.values", "contracts", "knowledge"},
    "connectors.http": {"contracts"},
    "connectors.values": set(),
    "connectors.woocommerce": {"connectors", "connectors.http", "connectors.values", "contracts"},
    "connectors.shopify": {"connectors", "connectors.http", "connectors.values", "contracts"},
    "connectors.custom": {"connectors", "connectors.woocommerce", "contracts"},
    "connectors.registry": {"connectors.*", "contracts"},
    "database": {"contracts", "database.connecting"},
    "database.connecting": {"contracts"},
    "database.migrations": {"database", "settings"},
    "database.events": {"contracts", "database", "database.usage"},
    "database.products": {"contracts", "database", "database.events", "knowledge"},
    "database.chunks": {"contracts", "database", "database.events", "database.search", "database.usage"},
    "database.search": {"contracts", "database", "knowledge"},
    "database.sync": {"contracts", "database", "database.access"},
    "database.access": {"contracts", "crypto", "database"},
    "database.usage": {"contracts", "database"},
    "database.data": {"database", "database.access"},
    "activities": {"compute", "connectors.*", "contracts", "database.*", "embeddings", "knowledge"},
    "activities.stores": {"activities", "connectors.*", "contracts", "crypto", "database.*"},
    "activities.events": {
        "activities",
        "activities.stores",
        "compute",
        "connectors.*",
        "contracts",
        "database.*",
        "knowledge",
    },
    "activities.sync": {
        "activities",
        "activities.stores",
        "compute",
        "connectors.*",
        "contracts",
        "database.*",
        "knowledge",
    },
    "workflows": {"activities.*", "contracts"},
    "temporal": {"contracts", "settings", "workflows"},
    "api": {"connectors", "contracts"},
    "api.security": {"api", "contracts", "database.*", "settings"},
    "api.middleware": {"api", "api.security", "observability", "settings"},
    "api.metrics": {
        "api.middleware",
        "api.security",
        "contracts",
        "crypto",
        "database",
        "database.connecting",
        "database.migrations",
        "temporal",
    },
    "api.openapi": {"api", "api.assets", "connectors.*"},
    "api.verdict": {"contracts", "database.events"},
    "api.schemas": {
        "api.verdict",
        "api",
        "api.openapi",
        "catalogue.*",
        "connectors.*",
        "contracts",
        "database.*",
        "knowledge",
    },
    "api.synonyms": {"database.search", "knowledge"},
    "api.questions": {"database", "knowledge"},
    "api.ingest": {"api", "api.repeated", "connectors", "contracts", "database.*", "temporal"},
    "api.repeated": {"contracts", "database.*", "temporal"},
    "api.dependencies": {
        "api",
        "api.ingest",
        "api.metrics",
        "api.middleware",
        "api.openapi",
        "api.questions",
        "api.security",
        "api.synonyms",
        *BASE,
        "connectors.*",
        "database.*",
        "embeddings",
    },
    "api.routes": {
        "api",
        "api.actions",
        "api.assistants.*",
        "api.dependencies",
        "api.ingest",
        "api.metrics",
        "api.middleware",
        "api.openapi",
        "api.schemas",
        "api.searching",
        "api.security",
        "api.verdict",
        "catalogue.*",
        "compute",
        "connectors.*",
        "contracts",
        "crypto",
        "database.*",
    },
    "api.searching": {
        "api",
        "api.dependencies",
        "api.schemas",
        "contracts",
        "database.*",
        "knowledge",
    },
    "api.assets": set(),
    "api.actions": {
        "api",
        "api.dependencies",
        "api.repeated",
        "api.schemas",
        "api.verdict",
        "connectors.*",
        "contracts",
        "crypto",
        "database.*",
        "embeddings",
        "knowledge",
        "temporal",
    },
    "api.console": {
        "api",
        "api.actions",
        "api.assets",
        "api.dependencies",
        "api.metrics",
        "api.middleware",
        "api.schemas",
        "api.searching",
        "api.security",
        "api.verdict",
        "compute",
        "connectors.*",
        "contracts",
        "database.*",
        "knowledge",
    },
    "api.assistants": {
        "api",
        "api.dependencies",
        "api.middleware",
        "api.openapi",
        "api.schemas",
        "api.searching",
        "api.security",
        "catalogue",
        "contracts",
        "database.*",
    },
    "api.assistants.ucp": {
        "api",
        "api.assistants",
        "api.dependencies",
        "api.openapi",
        "api.schemas",
        "catalogue",
        "contracts",
        "database.access",
        "knowledge",
    },
    "api.assistants.openai": {
        "api",
        "api.assistants",
        "api.dependencies",
        "api.schemas",
        "catalogue",
        "contracts",
        "knowledge",
    },
    "api.assistants.mcp": {
        "api",
        "api.assistants",
        "api.assistants.ucp",
        "api.dependencies",
        "api.metrics",
        "api.middleware",
        "api.openapi",
        "api.schemas",
        "catalogue",
        "connectors",
        "contracts",
        "database",
        "database.products",
    },
    "api.app": {"api.*", "connectors.*", *BASE, "database.*", "embeddings", "temporal"},
    "worker": {
        "activities.*",
        "connectors.*",
        *BASE,
        "database.*",
        "embeddings",
        "temporal",
        "workflows",
    },
    "embedded": {
        "connectors.registry",
        "contracts",
        "crypto",
        "database.*",
        "embeddings",
        "knowledge",
        "memory",
        "settings",
    },
    "commands": {
        "api.*",
        "catalogue.*",
        "connectors.*",
        *BASE,
        "database.*",
        "embedded",
        "embeddings",
        "knowledge",
        "temporal",
        "worker",
    },
    "cli": {"commands", "contracts"},
    "plugin_zip": set(),
}
"""Every room of the product -> the rooms it may import. `database.*` is `database` with all its rooms.

A module belongs to the longest entry that its dotted name begins with.
"""

NOT_THE_PRODUCT = ("bench", "fakes", "proof", "tests")

LONGEST_MODULE = 300
LONG_MODULES = {"database.tables"}
"""One schema in one place."""

LARGEST_ROOM = 15

WALL_CLOCKS = {
    "database.clock": "the only reader of the process's own clock, for the skew and for estimates",
    "connectors.shopify.errors": "the date of a Retry-After, which is bounded",
    "connectors.woocommerce.errors": "the date of a Retry-After, which is bounded",
    "embeddings.openai": "the date of a Retry-After, which is bounded",
    "embedded.children.logs": "the ages of files, which have the same clock",
    "embedded.embedding.app": "the `created` of a model that OpenAI's API shows",
}
"""Modules that read the clock of their process; it may be wrong, so others use `database.clock` or SQL."""

Import = tuple[str, str]
"""A module, and a module that it imports."""


def dotted(file: Path) -> str:
    return ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


PARTS = sorted({room.split(".")[0] for room in MAY_IMPORT})
FILES = sorted(
    file
    for part in PARTS
    for file in ((ROOT / part).rglob("*.py") if (ROOT / part).is_dir() else [ROOT / f"{part}.py"])
)
MODULES = {dotted(file): file for file in FILES}


def room_of(module: str) -> str:
    """The entry of the table that a module belongs to."""
    names = module.split(".")
    for length in range(len(names), 0, -1):
        if (room := ".".join(names[:length])) in MAY_IMPORT:
            return room
    raise AssertionError(f"{module} belongs to no room")


def allowed(room: str, other: str) -> bool:
    return any(
        other == entry
        or (entry.endswith(".*") and (other == entry[:-2] or other.startswith(entry.removesuffix("*"))))
        for entry in MAY_IMPORT[room] | {room}
    )


def imported(node: ast.AST) -> list[str]:
    """The modules that an import statement names."""
    match node:
        case ast.Import():
            return [alias.name for alias in node.names]
        case ast.ImportFrom(module=str(module), level=0):
            names = [f"{module}.{alias.name}" for alias in node.names]
            return [name if name in MODULES else module for name in names]
        case ast.ImportFrom():
            raise AssertionError("imports are absolute")
    return []


def imports() -> Iterator[Import]:
    """All imports of the product, those inside functions included."""
    for module, file in MODULES.items():
        for node in ast.walk(ast.parse(file.read_text())):
            for name in imported(node):
                yield module, name


IMPORTS = list(imports())


def test_every_package_and_script_is_in_the_table() -> None:
    """A new top-level package or script needs an entry."""
    packages = {file.parent.name for file in ROOT.glob("*/__init__.py")} - {*NOT_THE_PRODUCT}
    scripts = {file.stem for file in ROOT.glob("*.py")}
    assert packages | scripts == set(PARTS)


def test_the_table_has_no_cycle() -> None:
    """Rooms can be ordered so that each imports only rooms before it."""
    below = {
        room: {other for other in MAY_IMPORT if other != room and allowed(room, other)} for room in MAY_IMPORT
    }
    settled: set[str] = set()
    while ready := {room for room, others in below.items() if others <= settled} - settled:
        settled |= ready
    assert settled == set(MAY_IMPORT)


def test_imports_follow_the_table() -> None:
    """A module imports its own room and the rooms of its entry, and nothing that is not the product."""
    assert [
        f"{module} imports {name}"
        for module, name in IMPORTS
        if name.split(".")[0] in {*PARTS, *NOT_THE_PRODUCT}
        and (name.split(".")[0] not in PARTS or not allowed(room_of(module), room_of(name)))
    ] == []


def test_every_entry_of_the_table_is_used() -> None:
    """An entry that no import needs any more is removed."""
    used = {(room_of(module), room_of(name)) for module, name in IMPORTS if name.split(".")[0] in PARTS}
    unused = [
        (room, entry)
        for room, entries in MAY_IMPORT.items()
        for entry in entries - BASE
        if not any(
            origin == room
            and (other == entry or (entry.endswith(".*") and f"{other}.".startswith(entry[:-1])))
            for origin, other in used
        )
    ]
    assert unused == []


def test_routes_do_not_import_each_other() -> None:
    """What two routes share has a module of its own."""
    routes = "api.routes."
    assert [one for one in IMPORTS if one[0].startswith(routes) and one[1].startswith(routes)] == []


def test_contracts_need_only_the_standard_library_and_pydantic() -> None:
    """Every other room imports `contracts`, so they bring no dependency along."""
    names = {name.split(".")[0] for module, name in IMPORTS if room_of(module) == "contracts"}
    assert names <= {*sys.stdlib_module_names, "pydantic", "contracts"}


def test_sql_is_written_in_the_database_room() -> None:
    """Other rooms call its functions; of SQLAlchemy they need its errors and the type of a connection."""
    assert [
        f"{module} imports {name}"
        for module, name in IMPORTS
        if name.split(".")[0] == "sqlalchemy"
        and module.split(".")[0] != "database"
        and not name.startswith(("sqlalchemy.exc", "sqlalchemy.ext.asyncio"))
    ] == []


def test_embedded_servers_are_imported_where_they_start() -> None:
    """The image does not contain `embedded`, so no module imports it at the top level."""
    assert [
        module
        for module, file in MODULES.items()
        if room_of(module) != "embedded"
        for node in ast.parse(file.read_text()).body
        for name in imported(node)
        if name.split(".")[0] == "embedded"
    ] == []


def test_the_embedding_vendor_has_one_module() -> None:
    """All other modules use the Protocol of `embeddings.base`."""
    assert {
        module
        for module, file in MODULES.items()
        for node in ast.walk(ast.parse(file.read_text()))
        for name in imported(node)
        if name.split(".")[0] == "openai"
    } == {"embeddings.openai", "embeddings.openai_failures"}


def outside_the_passage(tree: ast.Module) -> Iterator[str]:
    """The modules that are imported outside of `workflow.unsafe.imports_passed_through()`."""
    passage = "with workflow.unsafe.imports_passed_through():"
    passed = {
        node
        for block in tree.body
        if isinstance(block, ast.With) and ast.unparse(block).startswith(passage)
        for node in ast.walk(block)
    }
    for node in ast.walk(tree):
        if node not in passed:
            yield from imported(node)


def test_workflows_import_the_product_through_the_passage() -> None:
    """The sandbox reloads only the policies; everything else passes through."""
    assert [
        f"{module} imports {name}"
        for module, file in MODULES.items()
        if room_of(module) == "workflows" and module != "workflows"
        for name in outside_the_passage(ast.parse(file.read_text()))
        if name.split(".")[0] in PARTS and name != "workflows.policies"
    ] == []


def reads_the_wall_clock(node: ast.AST) -> bool:
    match node:
        case ast.Attribute(attr="now" | "utcnow" | "today", value=ast.Name(id="datetime" | "date")):
            return True
        case ast.Attribute(attr="time" | "time_ns" | "gmtime" | "localtime", value=ast.Name(id="time")):
            return True
        case ast.ImportFrom(module="time", names=names):
            return any(alias.name in {"time", "time_ns", "gmtime", "localtime"} for alias in names)
    return False


def test_the_clock_of_a_process_is_not_used() -> None:
    """Times of ours are compared with stored ones, so they come from Postgres."""
    assert {
        module
        for module, file in MODULES.items()
        for node in ast.walk(ast.parse(file.read_text()))
        if reads_the_wall_clock(node)
    } == set(WALL_CLOCKS)


def test_modules_are_short() -> None:
    """At most 300 lines, with few exceptions; migrations are records."""
    assert {
        module: lines
        for module, file in MODULES.items()
        if (lines := len(file.read_text().splitlines())) > LONGEST_MODULE
        and module not in LONG_MODULES
        and ".versions." not in module
    } == {}


def test_rooms_are_small() -> None:
    """A folder holds about 14 modules at most, so that a reader can take it in at a glance."""
    folders = {file.parent for file in FILES if file.parent.name != "versions"}
    sizes = {
        str(folder.relative_to(ROOT)): len([file for file in folder.glob("*.py") if file.stem != "__init__"])
        for folder in folders
    }
    assert {folder: size for folder, size in sizes.items() if size > LARGEST_ROOM} == {}


def test_nothing_is_called_utils() -> None:
    """A name says what is inside."""
    vague = {"utils", "util", "helpers", "helper", "common", "misc"}
    assert [module for module in MODULES if vague & set(module.split("."))] == []
