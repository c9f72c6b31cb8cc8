"""The synonyms that each store has."""

import pytest

from knowledge.normalise import search_form
from knowledge.search import builtin as module
from knowledge.search.builtin import KINDS, builtin, groups
from knowledge.search.synonym_lists import problems


@pytest.mark.parametrize("kind", KINDS)
def test_the_table_obeys_the_rules_for_stores(kind: str) -> None:
    """At most ten phrases of four words, and no phrase in two groups, also with other spaces."""
    listed = groups(kind)
    assert [
        found for start in range(0, len(listed), 500) for found in problems(listed[start : start + 500])
    ] == []
    assert len(listed) > 100


@pytest.mark.parametrize("kind", KINDS)
def test_every_group_is_in_two_spellings_that_differ(kind: str) -> None:
    """A group with one spelling would do nothing."""
    assert all(len({search_form(phrase) for phrase in group}) > 1 for group in groups(kind))


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("samsung", "سامسونگ"),
        ("سامسونگ", "samsung"),
        ("موبایل", "گوشی"),
        ("fridge", "یخچال"),
        ("قالی", "فرش"),
    ],
)
def test_words_of_shops_are_known(asked: str, found: str) -> None:
    """Brands in both scripts, both languages, and everyday Persian."""
    (expansion,) = builtin().expansions([asked])
    assert (found,) in expansion.alternatives


@pytest.mark.parametrize("line", ["گوشی", "phone = ", "a1 = b2\nb2 = c3", "a1 = A1"])
def test_a_faulty_table_does_not_load(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A phrase alone, an empty one, and one that is there twice."""
    monkeypatch.setattr(module, "parse", lambda _: [row.split(" = ") for row in line.splitlines()])
    with pytest.raises(ValueError, match="words"):
        groups("words")
