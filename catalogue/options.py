"""The properties of a product and the options of its variations, as plain text."""

from collections.abc import Iterable, Mapping, Sequence

from catalogue.extent import NAME_CHARACTERS
from catalogue.hygiene import line
from contracts.stored import StoredProduct, StoredVariation

CUSTOM_FIELD_CHARACTERS = 300


def names_of(names: Iterable[str], count: int) -> list[str]:
    """Returns the first names as plain lines, each once."""
    found: dict[str, None] = {}
    for name in names:
        if len(found) == count:
            break
        if read := line(name, NAME_CHARACTERS):
            found[read] = None
    return list(found)


def properties(product: StoredProduct, *, names: int, values: int) -> dict[str, list[str]]:
    """Returns a product's attributes and custom fields that have a name and a value: name -> values."""
    found: dict[str, list[str]] = {}
    for attribute in product.attributes:
        options = attribute.get("options")
        name = line(str(attribute.get("name") or ""), NAME_CHARACTERS)
        texts = [one for one in options if isinstance(one, str)] if isinstance(options, list) else []
        if name and name not in found and (read := names_of(texts, values)):
            found[name] = read
        if len(found) == names:
            return found
    for field in product.details.custom_fields:
        name, text = line(field.name, NAME_CHARACTERS), line(field.value, CUSTOM_FIELD_CHARACTERS)
        if name and text and len(found) < names:
            found.setdefault(name, [text])
    return found


def selected(options: Mapping[str, str]) -> dict[str, str]:
    """Returns the options of a variation that have a name and a value: name -> value."""
    read = {line(name, NAME_CHARACTERS): line(label, NAME_CHARACTERS) for name, label in options.items()}
    return {name: label for name, label in read.items() if name and label}


def choices(variations: Sequence[StoredVariation]) -> dict[str, list[str]]:
    """Returns the options that variations have: name -> values."""
    return joined(selected(variation.options) for variation in variations)


def joined(chosen: Iterable[Mapping[str, str]]) -> dict[str, list[str]]:
    """Returns the options of variations, which `selected` returned for each: name -> values."""
    found: dict[str, dict[str, None]] = {}
    for options in chosen:
        for name, label in options.items():
            found.setdefault(name, {})[label] = None
    return {name: list(labels) for name, labels in found.items()}
