"""Reads all categories of a WooCommerce shop, a page at a time."""

from connectors.woocommerce.categories import listed
from connectors.woocommerce.errors import problem
from connectors.woocommerce.rest import Rest
from contracts.catalog import Category
from contracts.errors import ShopAnswersNonsense, ShopSendsTooMuch

PER_PAGE = 100
MOST_PAGES = 100
"""A shop with more than 10,000 categories is read without their parents."""


async def read_categories(rest: Rest) -> list[Category] | None:
    """Returns all categories; None if the shop does not show them or has too many. Raises ShopProblem."""
    found: dict[int, Category] = {}
    asked = {"orderby": "id", "order": "asc", "per_page": str(PER_PAGE), "_fields": "id,name,parent"}
    for page in range(1, MOST_PAGES + 1):
        answer = await rest.get("products/categories", {**asked, "page": str(page)})
        if answer.status == 429 or answer.status >= 500:
            raise problem(answer)
        try:
            items = answer.json() if answer.status == 200 else None
        except (ShopAnswersNonsense, ShopSendsTooMuch):
            return None
        if not isinstance(items, list):
            return None
        new = {category.id: category for category in listed(items) if category.id not in found}
        found |= new
        if not new or answer.headers.get("X-WP-TotalPages", "").strip() in ("0", str(page)):
            return list(found.values())
    return None
