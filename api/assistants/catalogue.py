"""What every door for assistants does: search a store, and look products up, as they are now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from api.dependencies import AppState, SearchScope
from api.schemas.search import SearchRequest
from api.searching import Answer
from api.searching import search as answer
from contracts.bounds import VARIATIONS
from contracts.search import Condition, Hit
from contracts.stored import Resolved, StoredProduct
from contracts.stores import OpenStore
from database.products import stored


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """An answer of search, and its results with their products."""

    answer: Answer
    found: Sequence[tuple[Hit, StoredProduct]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """The products of identifiers, in the order of these, and what each known identifier means."""

    products: Sequence[StoredProduct]
    resolved: Mapping[str, Resolved]


async def search(
    state: AppState,
    store: OpenStore,
    asked: SearchRequest,
    *,
    variations: int,
    condition: Condition | None = None,
) -> Listing:
    """Returns the products of a store that answer a question, each with at most so many variations.

    Its likely variations come first. Every product satisfies `condition`. Raises 400.
    """
    scope = SearchScope(user_id=store.user_id, store_id=store.id)
    answered = await answer(state, scope, asked, condition=condition)
    hits = answered.results
    likely = [variation.external_id for hit in hits for variation in hit.product.variations[:variations]]
    async with state.database.reading() as connection:
        products = await stored.read(
            connection,
            store.id,
            [hit.product.id for hit in hits],
            variations=variations,
            first=likely,
            ranked=True,
        )
    by_id = {product.id: product for product in products}
    found = [(hit, by_id[hit.product.id]) for hit in hits if hit.product.id in by_id]
    return Listing(answer=answered, found=found)


def matching(listing: Listing, *, asks: bool) -> list[tuple[Hit, StoredProduct]]:
    """Returns the results that are shown; `asks` is whether there was a question, not only filters.

    Where nothing of the store answers the question, a product that has none of its words is no match:
    protocols have no other sign for "nothing was found" than an empty list.
    """
    is_certain = listing.answer.confidence == "high" or not asks
    return [(hit, stored) for hit, stored in listing.found if is_certain or hit.matched.share]


async def lookup(state: AppState, store: OpenStore, identifiers: Sequence[str], *, variations: int) -> Lookup:
    """Returns the products that identifiers mean: external ids of products or variations, or codes.

    Variations that are meant come first. Each product is returned once.
    """
    async with state.database.reading() as connection:
        resolved = await stored.resolve(connection, store.id, identifiers)
        meant = [resolved[one] for one in dict.fromkeys(identifiers) if one in resolved]
        products = await stored.read(
            connection,
            store.id,
            list(dict.fromkeys(one.product_id for one in meant)),
            variations=variations,
            first=[one.variation for one in meant if one.variation is not None],
        )
    return Lookup(products=products, resolved=resolved)


async def product(
    state: AppState, store: OpenStore, identifier: str
) -> tuple[StoredProduct, Resolved] | None:
    """Returns the product that an identifier means, with all its active variations; None if it is unknown."""
    found = await lookup(state, store, [identifier], variations=VARIATIONS)
    if not found.products:
        return None
    return found.products[0], found.resolved[identifier]
