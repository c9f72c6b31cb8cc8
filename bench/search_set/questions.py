"""The files of the set: products as a shop sends them, and questions with the products that answer them."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
CATALOGUE = FOLDER / "catalogue.jsonl"
SEEN = FOLDER / "questions.jsonl"
HELD_OUT = FOLDER / "held_out.jsonl"

NONE = "none"
"""The kind of questions that no product answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question, the filters sent with it, and the ids of all products that answer it."""

    id: str
    kind: str
    query: str
    filters: dict[str, Any]
    relevant: frozenset[int]


def read(files: Iterable[Path]) -> list[Question]:
    """Returns the questions of files, in their order."""
    rows = (json.loads(line) for file in files for line in file.read_text(encoding="utf-8").splitlines())
    return [
        Question(
            id=row["id"],
            kind=row["kind"],
            query=row["query"],
            filters=row["filters"],
            relevant=frozenset(row["relevant"]),
        )
        for row in rows
    ]


def products() -> list[dict[str, Any]]:
    """Returns the products as WooCommerce sends them."""
    lines = CATALOGUE.read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["product"] for line in lines]


def fingerprint() -> str:
    """Returns eight digits that change with the catalogue."""
    return hashlib.sha256(CATALOGUE.read_bytes()).hexdigest()[:8]
