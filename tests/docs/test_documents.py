"""The documents beside the code: complete where they list, and without dead ends."""

import re
from pathlib import Path

import pytest

from settings import Settings

ROOT = Path(__file__).parent.parent.parent
DOCUMENTS = [ROOT / name for name in ("CONTRIBUTING.md", "CHANGELOG.md")] + sorted(
    (ROOT / "docs").rglob("*.md")
)
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("*.md"))


def test_the_operators_table_shows_every_setting() -> None:
    """With the default and the meaning that `.env.example` tells."""
    told = re.findall(r"^# (.+)\n([A-Z_]+)=(.*)$", (ROOT / ".env.example").read_text(), flags=re.MULTILINE)
    rows = [f"| `{name}` | {f'`{value}`' if value else ''} | {meaning} |" for meaning, name, value in told]
    operations = (ROOT / "docs" / "operations.md").read_text()
    assert len(rows) == len(Settings.model_fields)
    assert re.findall(r"^\| `[A-Z_]+` .*$", operations, flags=re.MULTILINE) == rows


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    """Every file a document points at is there."""
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", document.read_text()):
        assert (document.parent / target).exists(), target


def test_decisions_are_numbered_without_gaps() -> None:
    """A number is never used twice, nor taken away."""
    assert [path.name[:5] for path in DECISIONS] == [f"{n:04}-" for n in range(1, len(DECISIONS) + 1)]


@pytest.mark.parametrize("decision", DECISIONS, ids=lambda path: path.stem)
def test_every_decision_says_why(decision: Path) -> None:
    """And what follows from it, and what was rejected."""
    headings = re.findall(r"^## (.+)$", decision.read_text(), flags=re.MULTILINE)
    assert headings == ["Context", "Decision", "Consequences", "Rejected"]
