"""Docstrings, comments and documents are plain English: subject, verb, object, and the field's terms."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

from tests.docs.repository import ROOT, TRACKED, documents, prose

FORBIDDEN = (
    "anew",
    "anybody",
    "are to be",
    "becomes known",
    "beside",
    "by itself",
    "came to",
    "for ever",
    "is to be",
    "lest",
    "made known",
    "make known",
    "meanwhile",
    "mend",
    "mended",
    "nobody",
    "somebody",
    "taken over",
    "takes over",
    "tell",
    "tells",
    "those of",
    "those that",
    "told",
    "whatever",
    "whoever",
    "whom",
    "whose",
)
"""Words that hide the subject, personify a program or stand for a term of the field."""

EXEMPT = {"docs/glossary.md"}

SPACED = "|".join(FORBIDDEN).replace(" ", r"\s+")
WORD = re.compile(rf"\b(?:{SPACED})\b", re.IGNORECASE)
CODE = re.compile(r"`[^`\n]*`")

Piece = tuple[int, str]
"""The line on which a text begins, and the text."""


def of_python(source: str) -> Iterator[Piece]:
    """Yields the docstrings, also those below an attribute, and the comments of a module."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Expr(value=ast.Constant(value=str(text))):
                yield node.lineno, text
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def forbidden(line: int, text: str) -> Iterator[tuple[int, str]]:
    """Yields line and word of each forbidden word; code in backticks is not prose."""
    text = CODE.sub(lambda code: " " * len(code[0]), text)
    for word in WORD.finditer(text):
        yield line + text.count("\n", 0, word.start()), " ".join(word[0].split())


def pieces() -> Iterator[tuple[Path, Piece]]:
    for path in TRACKED:
        if path.suffix == ".py" and WORD.search(source := path.read_text()):
            yield from ((path, piece) for piece in of_python(source))
    for path in documents():
        yield path, (1, prose(path))


def test_forbidden_words_are_found() -> None:
    """In docstrings, comments and text, on their line, but neither in code nor inside of other words."""
    source = '"""First.\n\nNobody\nknows."""\nwhose = "told"\n"""Those\nof it."""\n# mend, not recommend\n'
    assert [hit for piece in of_python(source) for hit in forbidden(*piece)] == [
        (3, "Nobody"),
        (6, "Those of"),
        (8, "mend"),
    ]
    assert list(forbidden(7, "`tell` is code;\nit tells.")) == [(8, "tells")]


def test_prose_is_plain() -> None:
    """No docstring, comment or document contains a forbidden word."""
    hits = [
        f"{name}:{line}: {word}"
        for path, piece in pieces()
        if (name := str(path.relative_to(ROOT))) not in EXEMPT
        for line, word in forbidden(*piece)
    ]
    assert not hits, "\n".join(["", *hits])
