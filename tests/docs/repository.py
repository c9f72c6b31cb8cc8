"""The files that the tests of documents read."""

import re
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent

CODE_BLOCK = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)


def _tracked() -> tuple[Path, ...]:
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return tuple(path for name in listed.split("\0") if name and (path := ROOT / name).is_file())


TRACKED = _tracked()
"""The files of the repository that git tracks, and new files that it does not ignore."""


@cache
def documents() -> tuple[Path, ...]:
    """Returns the Markdown files of the repository that we wrote."""
    return tuple(path for path in TRACKED if path.suffix == ".md" and not path.stem.startswith("LICENSE"))


def prose(document: Path) -> str:
    """Returns the text of a document with its code blocks emptied, so that lines keep their numbers."""
    return CODE_BLOCK.sub(lambda block: "\n" * block[0].count("\n"), document.read_text())


def located(path: Path, text: str, start: int) -> str:
    """Returns `file:line` of a position in a file's text."""
    return f"{path.relative_to(ROOT)}:{text.count(chr(10), 0, start) + 1}"
