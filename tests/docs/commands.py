"""The commands that documents show, and what a document says about running them.

Commands are in blocks that say `sh`. A comment before a block, which no reader of the page sees,
says why the tests do not run the block, or which test runs it:

    <!-- not run: needs Docker -->
    <!-- run by tests/examples/test_assistant.py::test_it_prints_its_question -->
"""

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from textwrap import dedent

from tests.docs.repository import ROOT, documents, located, prose
from tests.test_deployment import SERVICES

BLOCK = re.compile(
    r"(?:^ *<!-- (?P<how>not run|run by):? (?P<what>.+?) -->\n{1,2})?"
    r"^ *```(?P<language>\w*).*\n(?P<text>(?:.*\n)*?) *```$",
    re.MULTILINE,
)
INLINE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
HEREDOC = re.compile(r"<<(\w+)")

RUN_IN_A_SHELL = frozenset({"cat", "jq", "temporal"})
"""Programs other than `pilito` that `test_pilito_commands.py` runs."""

OURS = {name for name, service in SERVICES.items() if "build" in service}
"""The services of the Compose file that run `pilito`."""


@dataclass(frozen=True)
class Block:
    """A block of a document; `how` and `what` are its comment: empty, `not run` or `run by`."""

    page: Path
    line: int
    language: str
    text: str
    how: str
    what: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"

    def commands(self) -> list[str]:
        return list(commands(self.text))


@cache
def all_blocks() -> tuple[Block, ...]:
    """Returns every block of every document, in any language."""
    return tuple(block for page in documents() for block in blocks(page, page.read_text()))


def blocks(page: Path, text: str) -> Iterator[Block]:
    for found in BLOCK.finditer(text):
        line = int(located(page, text, found.start("text")).rpartition(":")[2])
        how, what = found["how"] or "", found["what"] or ""
        yield Block(page, line, found["language"], dedent(found["text"]), how, what)


def shell() -> list[Block]:
    """Returns the blocks of commands."""
    return [block for block in all_blocks() if block.language in ("sh", "bash", "console", "shell")]


def commands(text: str) -> Iterator[str]:
    """Yields the commands of a block; one may have several lines."""
    pending: list[str] = []
    for line in text.splitlines():
        pending.append(line)
        command = "\n".join(pending)
        if is_complete(command):
            pending.clear()
            if command.strip() and not command.lstrip().startswith("#"):
                yield command
    if pending:
        raise ValueError(f"a command has no end: {pending}")


def is_complete(command: str) -> bool:
    """Returns whether a shell would run a command, instead of waiting for its next line."""
    if command.endswith("\\"):
        return False
    document = HEREDOC.search(command)
    if document:
        return command.splitlines()[-1] == document[1]
    try:
        shlex.split(command, comments=True)
    except ValueError:
        return False
    return True


def words(command: str) -> list[str]:
    """Returns the words of a command, without assignments before it."""
    found = shlex.split(command.replace("\\\n", ""), comments=True)
    while found and re.match(r"[A-Z_]+=", found[0]):
        del found[0]
    return found


def pilito(command: str) -> list[str] | None:
    """Returns the arguments of `pilito`, also where it runs in a container; None for another program."""
    found = words(command)
    match found:
        case ["pilito" | ".venv/bin/pilito", *arguments]:
            return arguments
        case ["docker", "compose", "exec", _, "pilito", *arguments]:
            return arguments
        case ["docker", "compose", "run", *rest]:
            place = next((n for n, word in enumerate(rest) if word in OURS), len(rest))
            return rest[place + 1 :] or None
        case ["kubectl", *rest] if "pilito" in rest and "--" in rest:
            return rest[rest.index("--") + 2 :]
    return None


def is_run(command: str) -> bool:
    """Returns whether `test_pilito_commands.py` runs a command."""
    return pilito(command) is not None or not RUN_IN_A_SHELL.isdisjoint(words(command)[:1])


def inline() -> Iterator[tuple[str, list[str]]]:
    """Yields where a sentence names a command, and its words; changelogs name commands of former versions."""
    for page in documents():
        if page.name == "CHANGELOG.md":
            continue
        text = prose(page)
        for name in INLINE.finditer(text):
            first, *rest = name[1].split(" ")
            if rest and first in ("pilito", ".venv/bin/pilito", "make", "docker"):
                yield located(page, text, name.start()), words(name[1])


def all_named() -> list[tuple[str, Sequence[str]]]:
    """Returns where documents name a command, in blocks and in sentences, and its words."""
    shown = [(str(block), words(command)) for block in shell() for command in block.commands()]
    return [*shown, *inline()]
