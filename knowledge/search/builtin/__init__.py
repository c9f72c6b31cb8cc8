"""The synonyms that each store has: names of brands, and words of shops, in Persian and English."""

from functools import cache
from importlib.resources import files

from knowledge.normalise import search_form
from knowledge.search.synonym_lists import Group, parse
from knowledge.search.synonyms import Synonyms

KINDS = ("brands", "words")
"""The files, without their ending."""


def groups(kind: str) -> list[Group]:
    """Returns the groups of a file; raises ValueError if a phrase is empty, alone, or there twice."""
    found = parse((files(__name__) / f"{kind}.txt").read_text(encoding="utf-8"))
    homes = dict[str, Group]()
    for group in found:
        if len(group) < 2:
            raise ValueError(f"{kind}: {group} has no second phrase.")
        for phrase in group:
            form = search_form(phrase)
            if not form or form in homes:
                raise ValueError(f"{kind}: {phrase!r} of {group} is empty, or is in {homes.get(form)} too.")
            homes[form] = group
    return found


@cache
def builtin() -> Synonyms:
    """Returns the table, which is read once in a process."""
    return Synonyms(group for kind in KINDS for group in groups(kind))
