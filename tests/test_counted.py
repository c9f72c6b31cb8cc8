"""Numbers before their nouns in sentences of the service."""

import ast
import re
from collections.abc import Iterator

import pytest

from contracts.wording.counted import agreeing, counted, indexed
from tests.console.sentences import ROOMS
from tests.support.environment import ROOT

NOUNS = re.compile(
    r" (?:\w+ )?(?:accounts|changes|chunks|counters|events|groups|migrations|problems|products|rows|schedules"
    r"|stores|syncs|tasks|workflows)\b"
)
SQL = re.compile(r"\b(?:SELECT|FROM|WHERE|UPDATE|LOCK)\b")
CHECKED = (*ROOMS, "api", "catalogue", "commands", "embedded", "knowledge")

NEVER_ONE = {
    "activities/sync/pagination.py": "a list that is too long, or has two numbers",
    "api/routes/plugin/batch.py": "a batch of too many events",
    "connectors/reading.py": "a bound of a batch",
    "connectors/woocommerce/lists.py": "a page of too many products",
    "knowledge/search/synonym_lists.py": "a list of too many groups",
    "workflows/catalog_sync.py": "`1 of 1 products` is right",
}
"""Files with a number before a noun that is never 1, and why."""


@pytest.mark.parametrize(
    ("number", "said"), [(0, "0 events"), (1, "1 event"), (2, "2 events"), (1_200, "1,200 events")]
)
def test_a_noun_agrees_with_its_number(number: int, said: str) -> None:
    assert counted(number, "event") == said


def test_other_plurals_and_verbs_are_given() -> None:
    assert [counted(n, "entry is", "entries are") for n in (1, 3)] == ["1 entry is", "3 entries are"]
    assert [agreeing(n, "one", "several") for n in (0, 1, 2)] == ["several", "one", "several"]
    assert [indexed(n) for n in (1, 2)] == [
        "Indexed; 1 chunk was embedded.",
        "Indexed; 2 chunks were embedded.",
    ]


def _agreeing(tree: ast.AST) -> set[int]:
    """Returns the ids of nodes inside calls that choose the sentence by the number."""
    calls = (
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "agreeing"
    )
    return {id(inner) for call in calls for inner in ast.walk(call)}


def _uncounted(tree: ast.AST) -> Iterator[int]:
    """Yields the lines of texts that put a value before a noun in the plural; constants are no values."""
    chosen = _agreeing(tree)
    for node in ast.walk(tree):
        if not isinstance(node, ast.JoinedStr) or id(node) in chosen or SQL.search(ast.unparse(node)):
            continue
        for value, following in zip(node.values, node.values[1:], strict=False):
            is_value = isinstance(value, ast.FormattedValue) and not ast.unparse(value.value).isupper()
            if is_value and isinstance(following, ast.Constant) and NOUNS.match(str(following.value)):
                yield node.lineno


def test_no_sentence_puts_a_number_before_a_plural_noun_by_itself() -> None:
    """`counted` or `agreeing` does that, so that no sentence says `1 products`."""
    found = {
        str(path.relative_to(ROOT)): lines
        for room in CHECKED
        for path in sorted((ROOT / room).rglob("*.py"))
        if "migrations" not in path.parts
        if (lines := sorted(_uncounted(ast.parse(path.read_text()))))
    }
    assert {file: lines for file, lines in found.items() if file not in NEVER_ONE} == {}
    assert NEVER_ONE.keys() - found.keys() == set()
