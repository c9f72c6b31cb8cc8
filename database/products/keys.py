"""The keys of products and variations: what filters and codes look them up by."""

from collections.abc import Iterable, Mapping, Sequence, Set
from functools import lru_cache
from typing import Any

from contracts.catalog import Attribute, Product, Variation
from knowledge.html import plain_line
from knowledge.search.keys import BRAND, CATEGORY, CODE, TITLE, attribute_keys, keys, scoped


def as_attributes(value: Sequence[Mapping[str, Any]]) -> tuple[Attribute, ...]:
    """Returns attributes from their JSON."""
    return tuple(Attribute(name=item["name"], options=tuple(item["options"])) for item in value)


def of_product(store_id: int, product: Product) -> list[str]:
    """Returns the keys of a product's title, codes, brands, categories and attributes, sorted."""
    return made_of(
        store_id,
        titles=(product.title,),
        codes=(product.facts.sku, product.facts.gtin),
        brands=product.brands,
        categories=product.categories,
        attributes=product.attributes,
    )


SOURCES = frozenset(("sku", "gtin", "brands", "options"))
"""What the keys of a variation are made of."""


def of_variation(store_id: int, variation: Variation, stored: Mapping[Any, Any] | None) -> list[str]:
    """Returns the keys of a variation's codes, brands and options, sorted.

    What was not sent is taken from the stored row, if there is one.
    """
    facts = variation.facts
    values: dict[str, Any] = {
        "sku": facts.sku,
        "gtin": facts.gtin,
        "brands": variation.brands,
        "options": variation.options,
    }
    if stored is not None:
        kept = {**stored["metadata"], "options": as_attributes(stored["options"])}
        values |= {name: kept[name] for name in SOURCES & variation.absent if kept.get(name)}
    codes = (values["sku"], values["gtin"])
    return made_of(store_id, codes=codes, brands=values["brands"], attributes=values["options"])


def made_of(
    store_id: int,
    *,
    codes: Iterable[str],
    titles: Iterable[str] = (),
    brands: Iterable[str] = (),
    categories: Iterable[str] = (),
    attributes: Iterable[Attribute] = (),
) -> list[str]:
    """Returns the keys of these values in a store, sorted."""
    found = keys(TITLE, (plain_line(title) for title in titles)) | keys(
        CODE, (code[:_READ] for code in codes)
    )
    for kind, names in ((BRAND, brands), (CATEGORY, categories)):
        for name in names:
            found |= _of_name(kind, name) if len(name) <= _SHORT else keys(kind, [name[:_READ]])
    for attribute in attributes:
        found |= _of_attribute(attribute.name[:_READ], attribute.options)
    return scoped(store_id, found)


_READ = 300
"""The characters of a name that are read for its key, which is shorter still."""

_SHORT = 50
"""The most characters of names that are remembered."""


def _of_attribute(name: str, options: Iterable[str]) -> Set[str]:
    if len(name) > _SHORT:
        return attribute_keys(name, (option[:_READ] for option in options))
    found: set[str] = set()
    for option in options:
        is_short = len(option) <= _SHORT
        found |= _of_option(name, option) if is_short else attribute_keys(name, [option[:_READ]])
    return found


@lru_cache(maxsize=4_096)
def _of_name(kind: str, name: str) -> Set[str]:
    """Remembers names: the products of a shop share them."""
    return frozenset(keys(kind, [name]))


@lru_cache(maxsize=4_096)
def _of_option(name: str, option: str) -> Set[str]:
    return frozenset(attribute_keys(name, [option]))
