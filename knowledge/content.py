"""The part of a product that is indexed, in one canonical form."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter

from contracts.bounds import DESCRIPTION_CHARACTERS
from contracts.catalog import Attribute, Product, Variation
from contracts.products.details import Details
from knowledge import details
from knowledge.html import html_to_text, plain_line
from knowledge.normalise import normalise

ENTRY_SIZE = 30
"""What an option or a tag counts as, in characters."""

PARTS = "محصولات این مجموعه"
"""The name of the parts of a set among the details."""

_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """One variation: (option, value) pairs by option name, and its own description."""

    options: tuple[tuple[str, str], ...]
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """A product's indexed content as normalised text; collections are sorted and have no duplicates.

    `details` has (name, values) of measures and custom fields, and of the parts of a set under `PARTS`.
    """

    title: str
    short_description: str
    description: str
    categories: tuple[str, ...]
    tags: tuple[str, ...]
    brands: tuple[str, ...]
    attributes: tuple[tuple[str, tuple[str, ...]], ...]
    forms: tuple[Form, ...]
    details: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @property
    def size(self) -> int:
        """About how many characters it has, in texts and in entries."""
        entries = len(self.tags) + len(self.categories) + sum(len(options) for _, options in self.attributes)
        entries += sum(len(form.options) for form in self.forms)
        of_forms = sum(len(form.description) for form in self.forms)
        of_details = sum(len(name) + sum(map(len, values)) for name, values in self.details)
        texts = len(self.short_description) + len(self.description) + of_forms + of_details
        return texts + ENTRY_SIZE * entries


def descriptions_of(product: Product, variations: Iterable[Variation]) -> Iterator[str]:
    """Yields the descriptions of a product and of its variations, within the bound of all variations."""
    yield from (product.short_description, product.description)
    for variation in _within_bound(variations):
        yield variation.description


def _within_bound(variations: Iterable[Variation]) -> list[Variation]:
    """Returns variations with at most `DESCRIPTION_CHARACTERS` characters of descriptions in all.

    The first ones by their ids keep theirs, so that the order in which they were sent does not matter.
    """
    ordered, left = sorted(variations, key=attrgetter("external_id")), DESCRIPTION_CHARACTERS
    for position, variation in enumerate(ordered):
        left -= len(variation.description)
        if left < 0:
            ordered[position] = replace(variation, description="")
    return ordered


def size_of(product: Product, variations: Iterable[Variation]) -> int:
    """Returns about how many characters a product's content has, in texts and in entries."""
    entries = len(product.tags) + len(product.categories) + _options(product.attributes)
    for variation in variations:
        entries += _options(variation.options)
    texts = sum(map(len, descriptions_of(product, variations))) + details.size_of(product.details)
    return texts + ENTRY_SIZE * entries


def _options(attributes: Iterable[Attribute]) -> int:
    return sum(len(attribute.options) for attribute in attributes)


def content_key(product: Product, variations: Iterable[Variation]) -> tuple[object, ...]:
    """Returns what the content of a product depends on: equal keys have equal contents."""
    ordered = sorted(variations, key=attrgetter("external_id"))
    return (
        *(product.title, product.short_description, product.description, product.categories),
        *(product.tags, product.brands, product.attributes),
        *(product.details.weight, product.details.dimensions),
        *(product.details.grouped_children, product.details.custom_fields),
        tuple((one.external_id, one.options, one.description, one.visible) for one in ordered),
    )


def canonical(product: Product, variations: Sequence[Variation]) -> Content:
    """Returns the content of `product` and its visible `variations`, the same for any order and markup."""
    attributes: dict[str, set[str]] = {}
    for attribute in product.attributes:
        attributes.setdefault(_line(attribute.name), set()).update(map(_line, attribute.options))
    forms = {_form(variation) for variation in _within_bound(variations) if variation.visible}
    return Content(
        title=_line(product.title),
        short_description=_text(product.short_description),
        description=_text(product.description),
        categories=distinct(map(_line, product.categories)),
        tags=distinct(map(_line, product.tags)),
        brands=distinct(map(_line, product.brands)),
        attributes=tuple(
            (name, options)
            for name in sorted(attributes, key=_by_number)
            if (options := distinct(attributes[name]))
        ),
        forms=tuple(sorted((form for form in forms if form.options or form.description), key=_form_order)),
        details=_details(product.details),
    )


def _details(sent: Details) -> tuple[tuple[str, tuple[str, ...]], ...]:
    parts = details.parts(sent)
    pairs = (*details.measures(sent), *details.custom_fields(sent))
    return (*((name, (value,)) for name, value in pairs), *(((PARTS, parts),) if parts else ()))


def distinct(texts: Iterable[str]) -> tuple[str, ...]:
    """Returns the non-empty `texts` once each, sorted, numbers by their value."""
    return tuple(sorted({text for text in texts if text}, key=_by_number))


def _by_number(text: str) -> tuple[str, str]:
    return _NUMBER.sub(lambda number: number[0].zfill(9), text), text


def _form_order(form: Form) -> tuple[list[tuple[str, str]], tuple[tuple[str, str], ...], str]:
    return [_by_number(value) for _, value in form.options], form.options, form.description


def _form(variation: Variation) -> Form:
    return Form(
        options=tuple(
            sorted(
                {
                    (_line(attribute.name), value)
                    for attribute in variation.options
                    for value in map(_line, attribute.options)
                    if value
                }
            )
        ),
        description=_text(variation.description),
    )


def _line(html: str) -> str:
    return normalise(plain_line(html))


def _text(html: str) -> str:
    return normalise(html_to_text(html))
