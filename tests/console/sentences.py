"""The sentences that the service can write as a reason, found in its source."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.support.environment import ROOT

ROOMS = ("activities", "workflows", "connectors", "contracts", "database", "embeddings")
FILES = ("api/metrics/readiness.py",)
SHORTEST = 12
NO_SENTENCE = ("SELECT", "INSERT", "UPDATE", "WITH", "CASE", "DELETE", "SET ", "SHOW ", "TRUNCATE")

_Documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def written() -> dict[str, str]:
    """Returns each sentence -> the file that writes it; `{}` stands for a value."""
    found: dict[str, str] = {}
    for path in _sources():
        for sentence in _sentences(ast.parse(path.read_text())):
            found.setdefault(sentence, str(path.relative_to(ROOT)))
    return found


def _sources() -> Iterator[Path]:
    yield from (ROOT / name for name in FILES)
    for room in ROOMS:
        yield from (path for path in sorted((ROOT / room).rglob("*.py")) if "migrations" not in path.parts)


def _text(node: ast.AST) -> str | None:
    match node:
        case ast.Constant(value=str(value)):
            return value
        case ast.JoinedStr(values=values):
            return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in values)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            before, after = _text(left), _text(right)
            return None if before is None or after is None else before + after
    return None


def _skipped(tree: ast.Module) -> Iterator[ast.AST]:
    """Yields docstrings, and the parts of longer texts."""
    for node in ast.walk(tree):
        match node:
            case ast.Expr(value=value):
                yield value
            case ast.JoinedStr(values=values):
                yield from values
            case ast.keyword(arg="description" | "title" | "examples", value=value):
                yield from ast.walk(value)  # of the OpenAPI document


def _sentences(tree: ast.Module) -> Iterator[str]:
    skipped = {id(node) for node in _skipped(tree)}
    for node in ast.walk(tree):
        said = None if id(node) in skipped else _text(node)
        if said is not None and _is_sentence(said):
            yield said


def _is_sentence(said: str) -> bool:
    if " " not in said or len(said) < SHORTEST or "\n" in said or said.lstrip().startswith(NO_SENTENCE):
        return False
    return said.rstrip().endswith(".") or (said[0].isupper() and said[0].isascii() and said[1:2].islower())
