"""A lookup as UCP answers it: each product once, with the variants that the identifiers mean."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from api.assistants.catalogue import Lookup
from api.assistants.ucp.messages import no_price, not_found
from api.assistants.ucp.narrowing import Narrowing
from api.assistants.ucp.responses import LOOKUP, LookupResponse, envelope
from catalogue.extent import BRIEF
from catalogue.product import price_unavailable, ucp_product
from catalogue.size import fit, left_for_products
from catalogue.ucp import Input, Product, Variant
from contracts.stored import Resolved, StoredProduct
from contracts.stores import OpenStore

READ_VARIATIONS = 50
"""Variations of a product that are read, the ones that are meant first: one of them is featured."""

_ALL_READ = replace(BRIEF, variants=READ_VARIATIONS)


def lookup_response(
    identifiers: Sequence[str], found: Lookup, store: OpenStore, narrowing: Narrowing
) -> LookupResponse:
    """Returns the response to a lookup; identifiers that mean nothing are named in messages."""
    messages = list(narrowing.messages)
    products: list[Product] = []
    asked = list(dict.fromkeys(identifiers))
    for stored in found.products:
        product = ucp_product(stored, store, extent=_ALL_READ)
        if product is None:
            messages.append(price_unavailable(stored, store))
            continue
        meant = [
            one for one in asked if one in found.resolved and found.resolved[one].product_id == stored.id
        ]
        messages += [no_price(one) for one in meant if not _is_priced(found.resolved[one], product)]
        if narrowing.product(stored) and (variants := _variants(meant, found, stored, product, narrowing)):
            products.append(product.model_copy(update={"variants": variants}))
    messages += [not_found(one) for one in asked if one not in found.resolved]
    response = LookupResponse(ucp=envelope(LOOKUP), products=[], messages=messages or None)
    return response.model_copy(update={"products": fit(products, left_for_products(response))})


def _is_priced(resolved: Resolved, product: Product) -> bool:
    return resolved.variation in (None, *(variant.id for variant in product.variants))


def _variants(
    meant: Sequence[str], found: Lookup, stored: StoredProduct, product: Product, narrowing: Narrowing
) -> list[Variant]:
    """Returns the variants that identifiers mean and that pass the filters, each with these identifiers.

    The first one that passes is featured for the identifiers of the product itself.
    """
    passing = {one.id: one for one in product.variants if narrowing.variant(one, stored)}
    inputs: dict[str, list[Input]] = {}
    for identifier in meant:
        variation = found.resolved[identifier].variation
        is_exact = variation is not None or not stored.variations_total
        variant = variation or next(iter(passing), "")
        if variant in passing:
            match: Literal["exact", "featured"] = "exact" if is_exact else "featured"
            inputs.setdefault(variant, []).append(Input(id=identifier, match=match))
    return [
        variant.model_copy(update={"inputs": inputs[id_]})
        for id_, variant in passing.items()
        if id_ in inputs
    ]
