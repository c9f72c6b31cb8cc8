"""The documents are complete where they list, and name only what exists."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from cli import app
from settings import Settings
from tests.docs.repository import ROOT, TRACKED, documents, located, prose

DECISIONS = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))

TOP = {path.relative_to(ROOT).parts[0] for path in TRACKED}
FILES = {str(path.relative_to(ROOT)) for path in TRACKED}
FOLDERS = {str(parent) for name in FILES for parent in Path(name).parents}

BACKTICKED = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
FILE = re.compile(r"[\w.*-][\w./*-]*\.(?:py|md|toml|yml|json|sh|lock)")
DOTTED = re.compile(r"[a-z_]+(?:\.[a-z_]+)+")
PACKAGES = {name for name in TOP if (ROOT / name / "__init__.py").exists()}

ELSEWHERE = {
    ".local/environment.json": "made by `make run`",
    "connectors/magento/": "of a platform that a reader adds",
    "deliveries.py": "of a platform that a reader adds",
    "client.py": "of a platform that a reader adds",
    "README.md": "of any folder",
    "__init__.py": "of any package",
    "record.json": "of the folder named before it",
    "manifest.json": "of a backup",
    "account.json": "of the export of a person",
    "store.json": "of the export of a store",
}
"""Names that look like a path of the repository and are none."""


def test_the_settings_page_shows_every_setting() -> None:
    """With the default and the meaning of `.env.example`."""
    example = re.findall(r"^# (.+)\n([A-Z_]+)=(.*)$", (ROOT / ".env.example").read_text(), flags=re.MULTILINE)
    rows = [f"| `{name}` | {f'`{value}`' if value else ''} | {meaning} |" for meaning, name, value in example]
    page = (ROOT / "docs" / "reference" / "settings.md").read_text()
    assert len(rows) == len(Settings.model_fields)
    assert re.findall(r"^\| `[A-Z_]+` .*$", page, flags=re.MULTILINE) == rows


def commands(name: str, command: object) -> Iterator[tuple[str, list[str]]]:
    """Yields each command that does something, with the names of its options."""
    below = getattr(command, "commands", {})
    if not below:
        options = [option for parameter in getattr(command, "params", []) for option in parameter.opts]
        yield name, [option for option in options if option.startswith("--")]
    for word, inner in below.items():
        yield from commands(f"{name} {word}", inner)


def test_the_page_of_the_command_line_shows_every_command_and_option() -> None:
    """And no command that does not exist."""
    page = (ROOT / "docs" / "reference" / "cli.md").read_text()
    rows = dict(re.findall(r"^\| `(pilito [a-z -]+)` \| (.*) \|$", page, flags=re.MULTILINE))
    existing = dict(commands("pilito", typer.main.get_command(app)))
    assert set(rows) == set(existing)
    assert [
        f"{name} {option}"
        for name, options in existing.items()
        for option in options
        if f"`{option}" not in rows[name] and option != "--help"
    ] == []


def links(document: Path) -> Iterator[tuple[str, str]]:
    text = prose(document)
    for link in re.finditer(r"\]\((?!https?:|#)([^)\s#]+)", text):
        yield link[1], located(document, text, link.start())


def test_links_lead_somewhere() -> None:
    """Every file that a document links to exists."""
    assert [
        f"{where} links to {target}"
        for document in documents()
        for target, where in links(document)
        if not (document.parent / target).exists()
    ] == []


def is_missing(name: str) -> bool:
    """Whether a backticked name looks like a file, folder or module of the repository, and there is none."""
    if name in ELSEWHERE:
        return False
    if FILE.fullmatch(name):
        pattern = re.compile(re.escape(name).replace(r"\*", "[^/]*"))
        return not any(pattern.fullmatch(file) for file in FILES)
    if "/" in name and name.split("/")[0] in TOP and re.fullmatch(r"[\w./-]+", name):
        return name.rstrip("/") not in FOLDERS | FILES
    if DOTTED.fullmatch(name) and name.split(".")[0] in PACKAGES:
        parts = name.split(".")
        modules = ["/".join(parts[:length]) for length in range(len(parts), 1, -1)]
        return not any(f"{module}.py" in FILES or module in FOLDERS for module in modules)
    return False


@pytest.mark.parametrize(
    ("name", "missing"),
    [
        ("settings.py", False),
        ("sattings.py", True),
        ("database/tables.py", False),
        ("database/nowhere/", True),
        ("api/openapi", False),
        ("workflows.policies", False),
        ("workflows.nothing", True),
        ("requirements.lock", False),
        ("products.content_hash", False),
        ("application/json", False),
        ("api/v1", True),
    ],
)
def test_missing_paths_are_noticed(name: str, missing: bool) -> None:  # noqa: FBT001 - a column of the table
    """The test below can fail."""
    assert is_missing(name) is missing


def test_named_paths_exist() -> None:
    """A backticked file, folder or module in a document is one of the repository."""
    assert [
        f"{located(document, text, name.start())} names {name[1]}"
        for document in documents()
        if document.name != "CHANGELOG.md"
        for text in [prose(document)]
        for name in BACKTICKED.finditer(text)
        if is_missing(name[1])
    ] == []


def test_decisions_are_numbered_without_gaps() -> None:
    """A number is never used twice, nor removed."""
    assert [path.name[:5] for path in DECISIONS] == [f"{n:04}-" for n in range(1, len(DECISIONS) + 1)]


def test_decisions_have_the_same_form() -> None:
    """Number and title, date, status, then why, what follows and what was rejected."""
    form = re.compile(
        r"# (\d+)\. .+\n\nDate: \d{4}-\d\d-\d\d\n\n"
        r"Status: (?:accepted|superseded by \[(\d+)\]\((\d{4})-[a-z0-9-]+\.md\))\n\n## Context\n"
    )
    for path in DECISIONS:
        text = path.read_text()
        start = form.match(text)
        assert start, path.name
        number, by, file = start.groups()
        assert int(number) == int(path.name[:4]), path.name
        assert by is None or int(number) < int(by) == int(file), path.name
        headings = re.findall(r"^## (.+)$", text, flags=re.MULTILINE)
        assert headings == ["Context", "Decision", "Consequences", "Rejected"], path.name


def test_the_table_of_decisions_lists_them_all() -> None:
    """With title, date and status of each file."""
    expected = []
    for path in DECISIONS:
        text = path.read_text()
        number, title = re.findall(r"^# (\d+)\. (.+)$", text, flags=re.MULTILINE)[0]
        (date,), (status,) = (re.findall(rf"^{key}: (.+)$", text, flags=re.M) for key in ("Date", "Status"))
        expected.append(f"| {number} | [{title}]({path.name}) | {date} | {status} |")
    table = (ROOT / "docs" / "decisions" / "index.md").read_text()
    assert re.findall(r"^\| \d+ .*$", table, flags=re.MULTILINE) == expected
