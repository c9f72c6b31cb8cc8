"""Keys of products: what filters and codes look up, folded and scoped by store.

A key is `store/kind/value`, such as `7/brand/سامسونگ`; attributes have `store/attribute/name/value`.
"""

from collections.abc import Iterable

from knowledge.normalise import search_form

CODE = "code"
BRAND = "brand"
CATEGORY = "category"
ATTRIBUTE = "attribute"
TITLE = "title"

LONGEST = 200
"""The most characters of a key's value; an index entry has room for no more than some 2,700 bytes."""

_ZERO_WIDTH = str.maketrans("", "", "\u200c\u200d")


def compact(text: str) -> str:
    """Returns the letters and digits of `text` in one spelling, cut at `LONGEST`; idempotent.

    Spaces, half-spaces, dashes and dots make no difference: لپ تاپ is لپتاپ, and SM-S911B is sms911b.
    """
    folded = search_form(text.translate(_ZERO_WIDTH))
    return "".join(letter for letter in folded if letter.isalnum())[:LONGEST]


def keys(kind: str, values: Iterable[str]) -> set[str]:
    """Returns the keys of values of one kind, without the store; values without letters have none."""
    return {f"{kind}/{value}" for value in map(compact, values) if value}


def attribute_keys(name: str, values: Iterable[str]) -> set[str]:
    """Returns the keys of an attribute's values, without the store."""
    return keys(f"{ATTRIBUTE}/{compact(name)}", values) if compact(name) else set()


def scoped(store_id: int, unscoped: Iterable[str]) -> list[str]:
    """Returns keys as they are stored, sorted."""
    return sorted(f"{store_id}/{key}" for key in unscoped)
