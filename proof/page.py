"""Writes `docs/proof.md`, whole or one section of it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from proof.rows import Row, headings

PAGE = Path(__file__).parent.parent / "docs" / "proof.md"

INTRODUCTION = """\
Each row is a promise with its target, what was measured, and the command that measures it alone. A row that \
fails is shown failing. A row with — has no target, or could not be measured on this machine and says why.

`make proof` writes this page, and `make proof ARGS="again SECTION"` one section of it; nothing on it is \
written by hand."""

_VERDICT = re.compile(r"\| (pass|\*\*FAIL\*\*|—) \| `python -m proof [^|]*` \|$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A heading, what its rows are, and the rows."""

    title: str
    about: str
    rows: Sequence[Row]


def render(sections: Sequence[Section], circumstances: Mapping[str, str]) -> str:
    """Returns the page as Markdown."""
    return "\n".join(
        [
            "# Proof",
            "",
            INTRODUCTION,
            "",
            *(f"* {name}: {what}" for name, what in circumstances.items()),
            f"* Verdicts: {verdicts([row for section in sections for row in section.rows])}",
            *(line for section in sections for line in _lines(section)),
            "",
        ]
    )


def verdicts(rows: Sequence[Row]) -> str:
    """Returns how many rows pass, fail and have no verdict."""
    return _counted([row.verdict for row in rows])


def _counted(verdicts: Sequence[str]) -> str:
    passed, failed, others = (verdicts.count(each) for each in ("pass", "**FAIL**", "—"))
    return f"{passed} pass, {failed} fail, {others} without a target"


def _lines(section: Section) -> list[str]:
    columns = ["what", *headings(section.rows), "measured", "target", "", "command"]
    lines = ["", f"## {section.title}", "", *_paragraphs(section.about), ""]
    lines += [f"| {' | '.join(columns)} |", f"|{' --- |' * len(columns)}"]
    for row in section.rows:
        cells = [
            row.name,
            *(row.cells.get(heading, "") for heading in headings(section.rows)),
            row.measured,
            row.target,
            row.verdict,
        ]
        lines.append(f"| {' | '.join([*map(_cell, cells), f'`python -m proof {row.command}`'])} |")
    return lines


def _paragraphs(docstring: str) -> list[str]:
    """Returns the paragraphs of a docstring, each in one line."""
    paragraphs = [" ".join(each.split()) for each in docstring.strip().split("\n\n")]
    return [line for each in paragraphs for line in (each, "")][:-1]


def _cell(text: str) -> str:
    """Returns a text that stays in its cell."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


def write(sections: Sequence[Section], circumstances: Mapping[str, str], file: Path = PAGE) -> None:
    file.write_text(render(sections, circumstances), encoding="utf-8")


def replaced(page: str, section: Section, when: str) -> str:
    """Returns a page with another version of one of its sections, and the time at which that was measured.

    Raises ValueError if the page has no such section.
    """
    head, *parts = re.split(r"^(?=## )", page, flags=re.MULTILINE)
    at = next((n for n, part in enumerate(parts) if part.startswith(f"## {section.title}\n")), None)
    if at is None:
        raise ValueError(f"the page has no section {section.title}: write it whole first")
    is_last = at == len(parts) - 1
    parts[at] = "\n".join(_lines(section)[1:]) + ("\n" if is_last else "\n\n")
    again = f"* {section.title}, measured again: {when}\n"
    head = re.sub(rf"^\* {re.escape(section.title)}, measured again: .*\n", "", head, flags=re.MULTILINE)
    said = _counted(_VERDICT.findall("".join(parts)))
    head = re.sub(r"^\* Verdicts: .*$", lambda _: f"{again}* Verdicts: {said}", head, flags=re.MULTILINE)
    return head + "".join(parts)
