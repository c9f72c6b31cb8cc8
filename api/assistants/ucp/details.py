"""One product in full as UCP answers it: its variants by the options that the buyer has chosen."""

from dataclasses import replace

from api.assistants.ucp.messages import failed, no_price, no_product, no_variant
from api.assistants.ucp.narrowing import Narrowing
from api.assistants.ucp.requests import ProductBody
from api.assistants.ucp.responses import LOOKUP, ProductResponse, envelope
from api.assistants.ucp.selection import chosen, select
from catalogue.extent import FULL
from catalogue.product import price_unavailable, ucp_product
from catalogue.size import fit, left_for_products
from catalogue.ucp import Message
from contracts.bounds import VARIATIONS
from contracts.stored import Resolved, StoredProduct
from contracts.stores import OpenStore

MOST_VARIANTS = FULL.variants

_ALL_VARIANTS = replace(FULL, variants=VARIATIONS)


def product_response(
    body: ProductBody, found: tuple[StoredProduct, Resolved] | None, store: OpenStore, narrowing: Narrowing
) -> ProductResponse:
    """Returns the response for one product; raises 400 for options that are selected twice."""
    selected = chosen(body.selected)
    if found is None:
        return _without_product(no_product(body.id))
    stored, resolved = found
    product = ucp_product(stored, store, extent=_ALL_VARIANTS)
    if product is None:
        return _without_product(failed(price_unavailable(stored, store)))
    wanted = next((one for one in product.variants if one.id == resolved.variation), None)
    if wanted is None and resolved.variation is not None:
        return _without_product(failed(no_price(body.id)))
    selection = select(
        product.variants,
        product.options or (),
        wanted=wanted,
        selected=selected,
        preferences=body.preferences,
    )
    passing = [one for one in selection.variants if narrowing.variant(one, stored)]
    if not passing or not narrowing.product(stored):
        return _without_product(no_variant(body.id))
    shown = product.model_copy(
        update={
            "variants": passing[:MOST_VARIANTS],
            "selected": list(selection.selected) or None,
            "options": list(selection.options) or None,
        }
    )
    response = ProductResponse(ucp=envelope(LOOKUP), messages=list(narrowing.messages) or None)
    return response.model_copy(update={"product": fit([shown], left_for_products(response))[0]})


def _without_product(message: Message) -> ProductResponse:
    return ProductResponse(ucp=envelope(LOOKUP, failed=True), messages=[message])
