"""Responses of a bounded size: what a language model reads at once is limited."""

from collections.abc import Iterable, Sequence
from typing import TypeVar

from catalogue import ucp
from catalogue.extent import FROM_MOST_TO_LEAST, Extent
from catalogue.hygiene import cut
from catalogue.words import TEXT_TOKENS
from knowledge.chunks import estimate_tokens

ANSWER_TOKENS = 20_000
"""The largest response, text and structured content together."""

PRODUCTS_TOKENS = 13_000
"""The largest JSON of a response's products; `catalogue.words.TEXT_TOKENS` is the largest text."""

_AROUND_TOKENS = 500
"""The protocol around a response, and the signs that JSON puts into its text."""

Kept = TypeVar("Kept")


def tokens_of(part: ucp.Sent) -> int:
    """Returns a cautious estimate of the tokens in the JSON of a part of a response."""
    return estimate_tokens(part.model_dump_json(by_alias=True, exclude_none=True))


def left_for_products(response: ucp.Sent) -> int:
    """Returns the tokens that products may have in a response, which is given without them."""
    return min(PRODUCTS_TOKENS, ANSWER_TOKENS - TEXT_TOKENS - _AROUND_TOKENS - tokens_of(response))


def fit(products: Sequence[ucp.Product], tokens: int = PRODUCTS_TOKENS) -> list[ucp.Product]:
    """Returns products with as much as fits into `tokens`, all in the same way.

    Variants that an identifier of the request means are kept. Where the least of each product is too much,
    the last products are left out.
    """
    fitting = _first_that_fit(products, tokens)
    for extent in FROM_MOST_TO_LEAST:
        if len(fitting) == len(products):
            break
        fitting = _first_that_fit((_cut(product, extent) for product in products), tokens)
    return fitting


def _first_that_fit(products: Iterable[ucp.Product], tokens: int) -> list[ucp.Product]:
    fitting = []
    for product in products:
        tokens -= tokens_of(product) + 1
        if tokens < 0:
            break
        fitting.append(product)
    return fitting


def _cut(product: ucp.Product, extent: Extent) -> ucp.Product:
    metadata = product.metadata
    pilito = metadata.pilito
    attributes = [
        attribute.model_copy(update={"values": attribute.values[: extent.values]})
        for attribute in _first(pilito.attributes, min(extent.names, extent.values)) or ()
    ]
    kept = {
        "brands": _first(pilito.brands, extent.names),
        "attributes": attributes or None,
        "missing_words": _first(pilito.missing_words, extent.names),
    }
    options = [
        option.model_copy(update={"values": option.values[: extent.values]})
        for option in _first(product.options, min(extent.names, extent.values)) or ()
    ]
    return product.model_copy(
        update={
            "description": _shorter(product.description, extent.description),
            "url": _link(product.url, extent),
            "categories": _first(product.categories, extent.names),
            "media": _media(product.media, extent),
            "options": options or None,
            "variants": _variants(product.variants, extent),
            "tags": _first(product.tags, extent.names),
            "metadata": metadata.model_copy(update={"pilito": pilito.model_copy(update=kept)}),
        }
    )


def _variants(variants: Sequence[ucp.Variant], extent: Extent) -> list[ucp.Variant]:
    meant = [variant for variant in variants if variant.inputs]
    return [
        variant.model_copy(
            update={
                "description": _shorter(variant.description, extent.variant_description),
                "url": _link(variant.url, extent) if extent.variant_links else None,
                "media": _media(variant.media, extent) if extent.variant_links else None,
                "options": _first(variant.options, extent.names),
            }
        )
        for variant in meant or variants[: extent.variants]
    ]


def _shorter(description: ucp.Description, characters: int) -> ucp.Description:
    return ucp.Description(plain=cut(description.plain, characters))


def _link(url: str | None, extent: Extent) -> str | None:
    return url if url is not None and len(url) <= extent.link else None


def _media(media: Sequence[ucp.Media] | None, extent: Extent) -> list[ucp.Media] | None:
    return [image for image in media or () if len(image.url) <= extent.link][: extent.images] or None


def _first(values: Sequence[Kept] | None, count: int) -> list[Kept] | None:
    return list(values or ())[:count] or None
