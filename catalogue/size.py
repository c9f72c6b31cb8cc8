"""Responses of a bounded size: what a language model reads at once is limited."""

from collections.abc import Sequence
from typing import TypeVar

from catalogue import ucp
from catalogue.extent import FROM_MOST_TO_LEAST, Extent
from catalogue.hygiene import cut
from knowledge.chunks import estimate_tokens

ANSWER_TOKENS = 20_000
"""The largest response, text and structured content together."""

PRODUCTS_TOKENS = 13_000
"""The largest JSON of a response's products; `catalogue.words.TEXT_TOKENS` is the largest text."""

Kept = TypeVar("Kept")


def tokens_of(part: ucp.Sent) -> int:
    """Returns a cautious estimate of the tokens in the JSON of a part of a response."""
    return estimate_tokens(part.model_dump_json(by_alias=True, exclude_none=True))


def fit(products: Sequence[ucp.Product], tokens: int = PRODUCTS_TOKENS) -> list[ucp.Product]:
    """Returns products with as much as fits into `tokens`, all in the same way.

    Variants that an identifier of the request means are kept. Where the least of each product is too much,
    the last products are left out.
    """
    fitting = list(products)
    for room in FROM_MOST_TO_LEAST:
        if sum(map(tokens_of, fitting)) + len(fitting) <= tokens:
            return fitting
        fitting = [_cut(product, room) for product in products]
    while fitting and sum(map(tokens_of, fitting)) + len(fitting) > tokens:
        fitting.pop()
    return fitting


def _cut(product: ucp.Product, room: Extent) -> ucp.Product:
    metadata = product.metadata
    pilito = metadata.pilito
    attributes = [
        attribute.model_copy(update={"values": attribute.values[: room.values]})
        for attribute in _first(pilito.attributes, min(room.names, room.values)) or ()
    ]
    kept = {
        "brands": _first(pilito.brands, room.names),
        "attributes": attributes or None,
        "missing_words": _first(pilito.missing_words, room.names),
    }
    options = [
        option.model_copy(update={"values": option.values[: room.values]})
        for option in _first(product.options, min(room.names, room.values)) or ()
    ]
    return product.model_copy(
        update={
            "description": _shorter(product.description, room.description),
            "url": _link(product.url, room),
            "categories": _first(product.categories, room.names),
            "media": _media(product.media, room),
            "options": options or None,
            "variants": _variants(product.variants, room),
            "tags": _first(product.tags, room.names),
            "metadata": metadata.model_copy(update={"pilito": pilito.model_copy(update=kept)}),
        }
    )


def _variants(variants: Sequence[ucp.Variant], room: Extent) -> list[ucp.Variant]:
    meant = [variant for variant in variants if variant.inputs]
    return [
        variant.model_copy(
            update={
                "description": _shorter(variant.description, room.variant_description),
                "url": _link(variant.url, room),
                "media": _media(variant.media, room),
            }
        )
        for variant in meant or variants[: room.variants]
    ]


def _shorter(description: ucp.Description, characters: int) -> ucp.Description:
    return ucp.Description(plain=cut(description.plain, characters))


def _link(url: str | None, room: Extent) -> str | None:
    return url if url is not None and len(url) <= room.link else None


def _media(media: Sequence[ucp.Media] | None, room: Extent) -> list[ucp.Media] | None:
    return [image for image in media or () if len(image.url) <= room.link][: room.images] or None


def _first(values: Sequence[Kept] | None, count: int) -> list[Kept] | None:
    return list(values or ())[:count] or None
