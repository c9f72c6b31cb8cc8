"""Converts products from GraphQL to the form of Shopify's webhook bodies, for `parse` to read.

Values are passed on unchecked, because `parse` names invalid ones. Only ids and page information are checked
here, because reading cannot go on without them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.fields import identifier
from contracts.errors import ShopAnswersNonsense

LONGEST_CURSOR = 1_000

Body = dict[str, Any]


def gid(kind: str, id_: int) -> str:
    """Returns a global id such as gid://shopify/Product/7."""
    return f"gid://shopify/{kind}/{id_}"


def number(node: Mapping[str, Any], kind: str) -> int:
    """Returns the number in a node's global id, exact also above 2^53."""
    value = node.get("id")
    prefix = gid(kind, 0)[:-1]
    try:
        return identifier(value.removeprefix(prefix) if isinstance(value, str) else None)
    except ValueError:
        raise ShopAnswersNonsense(f"The shop answers with a {kind} without an id.") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page of a connection; `next` is the cursor of the next page."""

    nodes: list[Body]
    next: str | None


def without_null(owner: Mapping[str, Any], name: str) -> tuple[Mapping[str, Any], frozenset[int]]:
    """Returns the owner with a connection without the nodes that are null, and the places of these."""
    connection = owner.get(name)
    nodes = connection.get("nodes") if isinstance(connection, Mapping) else None
    if not isinstance(connection, Mapping) or not isinstance(nodes, list) or None not in nodes:
        return owner, frozenset()
    kept = {**connection, "nodes": [node for node in nodes if node is not None]}
    return {**owner, name: kept}, frozenset(at for at, node in enumerate(nodes) if node is None)


def page(owner: object, name: str, *, most: int, after: str | None = None) -> Page:
    """Returns the page of the owner's connection of this name, with at most the `most` nodes asked for.

    Raises ShopAnswersNonsense.
    """
    connection = owner.get(name) if isinstance(owner, Mapping) else None
    nodes = connection.get("nodes") if isinstance(connection, Mapping) else None
    info = connection.get("pageInfo") if isinstance(connection, Mapping) else None
    if not isinstance(nodes, list) or not all(isinstance(node, dict) for node in nodes):
        raise ShopAnswersNonsense(f"The shop answers with something that is not a list of {name}.")
    if len(nodes) > most:
        raise ShopAnswersNonsense(f"The shop answers with {len(nodes):,} {name} instead of {most}.")
    more = info.get("hasNextPage") if isinstance(info, Mapping) else None
    if not isinstance(info, Mapping) or not isinstance(more, bool):
        raise ShopAnswersNonsense(f"The shop does not say whether its list of {name} has more pages.")
    if not more:
        return Page(nodes=nodes, next=None)
    cursor = info.get("endCursor")
    if not isinstance(cursor, str) or not 0 < len(cursor) <= LONGEST_CURSOR or cursor == after:
        raise ShopAnswersNonsense(f"The shop does not say where the next page of {name} begins.")
    return Page(nodes=nodes, next=cursor)


def is_page(owner: Mapping[str, Any], name: str, *, most: int, after: str | None) -> bool:
    """Returns whether the list can go on behind the owner's connection, which may have null nodes."""
    try:
        page(without_null(owner, name)[0], name, most=most, after=after)
    except ShopAnswersNonsense:
        return False
    return True


def fails_at_all(owner: Mapping[str, Any], name: str, failed: frozenset[int]) -> bool:
    """Returns whether a page of several nodes has none that did not fail."""
    nodes = owner[name]["nodes"]
    return len(nodes) > 1 and failed.issuperset(range(len(nodes)))


def total(data: Mapping[str, Any]) -> int | None:
    """Returns the shop's count of products; None if it is not exact."""
    counted = data.get("productsCount")
    exact = isinstance(counted, dict) and counted.get("precision") == "EXACT"
    count = counted.get("count") if isinstance(counted, dict) and exact else None
    return count if isinstance(count, int) and not isinstance(count, bool) and count >= 0 else None


def existing(data: Mapping[str, Any], ids: Sequence[int]) -> list[Body]:
    """Returns the products of an answer with one node per id; only null means a deleted product."""
    nodes = data.get("nodes")
    if not isinstance(nodes, list) or len(nodes) != len(ids):
        raise ShopAnswersNonsense("The shop does not answer for every requested product.")
    for node, id_ in zip(nodes, ids, strict=True):
        if node is not None and (not isinstance(node, dict) or number(node, "Product") != id_):
            raise ShopAnswersNonsense("The shop answers with a product that was not requested.")
    return [node for node in nodes if node is not None]


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def light(node: Body) -> Body:
    """Returns a product without descriptions, images and variants."""
    tags = node.get("tags")
    return {
        "id": number(node, "Product"),
        "admin_graphql_api_id": node["id"],
        "title": node.get("title"),
        "handle": node.get("handle"),
        "vendor": node.get("vendor"),
        "product_type": node.get("productType"),
        "tags": ", ".join(map(str, tags)) if isinstance(tags, list) else tags,
        "status": _lower(node.get("status")),
        "published_at": node.get("publishedAt"),
        "updated_at": node.get("updatedAt"),
        "options": node.get("options"),
    }


def full(node: Body, variants: Iterable[Body], media: Iterable[Body]) -> Body:
    """Returns a product with all its variants and images."""
    body = light(node)
    options = body["options"] if isinstance(body["options"], list) else []
    names = [option.get("name") for option in options if isinstance(option, dict)]
    return {
        **body,
        "body_html": node.get("descriptionHtml"),
        "variants": [_variant(variant, names) for variant in variants],
        "images": [
            {"src": image["url"]}
            for item in media
            if isinstance(image := item.get("image"), dict) and "url" in image
        ],
    }


def _variant(node: Body, names: list[Any]) -> Body:
    selected = node.get("selectedOptions")
    chosen = [option for option in selected if isinstance(option, dict)] if isinstance(selected, list) else []
    item = node.get("inventoryItem")
    tracked = item.get("tracked") if isinstance(item, dict) else None
    known = isinstance(tracked, bool)
    management = {"inventory_management": "shopify" if tracked else None} if known else {}
    options = {
        f"option{at}": next((option.get("value") for option in chosen if option.get("name") == name), None)
        for at, name in enumerate(names, start=1)
    }
    return {
        "id": number(node, "ProductVariant"),
        "admin_graphql_api_id": node["id"],
        "title": node.get("title"),
        "price": node.get("price"),
        "compare_at_price": node.get("compareAtPrice"),
        "sku": node.get("sku"),
        "barcode": node.get("barcode"),
        "inventory_quantity": node.get("inventoryQuantity"),
        "inventory_policy": _lower(node.get("inventoryPolicy")),
        **management,
        "updated_at": node.get("updatedAt"),
        **options,
    }
