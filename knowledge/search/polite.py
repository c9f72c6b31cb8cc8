"""Words of questions that say nothing about a product: greetings, requests, and words about its price."""

from functools import cache
from importlib.resources import files

from knowledge.normalise import search_form
from knowledge.search import builtin


@cache
def polite() -> frozenset[str]:
    """Returns the words in search form; they are read once in a process."""
    text = (files(builtin) / "polite.txt").read_text(encoding="utf-8")
    return frozenset(word for line in text.splitlines() if not line.startswith("#") for word in line.split())


def says_nothing(text: str) -> bool:
    """Returns whether a text has polite words only, or none."""
    return polite().issuperset(search_form(text).split())
