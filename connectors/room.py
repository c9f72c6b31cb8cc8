"""Bounds on what is kept of a shop's answers: each answer is bounded, and so are all answers about one page.

Sizes are bytes of JSON.
"""

from collections.abc import Mapping
from typing import Any

import orjson

from connectors.base import Unreadable
from contracts.errors import ShopSendsTooMuch

Body = dict[str, Any]

MOST_OF_PAGE = 32 * 2**20
"""Bytes of the products of one `Catalogue.fetch` or `Catalogue.whole`; ordinary products come on top."""

MOST_OF_PRODUCT = 16 * 2**20
"""Bytes of a product with its variations; 2,000 variations of 3 KiB have 6 MiB."""

ORDINARY = 2**20
"""Bytes of a product that is kept however large the others of its page are."""

CROWDED = "The product is too large to be read together with the other large products of its page."


class Room:
    """Counts the bytes that are kept of one page of products."""

    def __init__(self) -> None:
        self._left = MOST_OF_PAGE

    def keep(self, products: Mapping[int, Body], size: int) -> dict[int, Body | Unreadable]:
        """Returns the products of an answer of this size; those without room are `Unreadable`."""
        if size <= self._left:
            self._left -= size
            return dict(products)
        return {id_: self._kept(product) for id_, product in products.items()}

    def _kept(self, product: Body) -> Body | Unreadable:
        size = len(orjson.dumps(product))
        if size > self._most():
            return Unreadable(reason=CROWDED)
        self._left -= size
        return product

    def _most(self, kept: int = 0) -> int:
        """Returns the most bytes of a product of which some are kept already."""
        return max(ORDINARY, min(MOST_OF_PRODUCT, self._left + kept))

    def parts(self, product: Body) -> "Parts":
        """Returns the room for the parts of a product that is kept already."""
        own = len(orjson.dumps(product))
        return Parts(own, self._most(own))

    def take(self, parts: "Parts") -> None:
        """Keep the parts of a product, which is complete."""
        self._left -= parts.added


class Parts:
    """Counts the bytes of a product's variations and images, which come in answers of their own."""

    def __init__(self, own: int, most: int) -> None:
        self.added = 0
        self._own = own
        self._most = most

    def add(self, size: int) -> None:
        """Raises ShopSendsTooMuch if there is no room for another answer of this size."""
        self.added += size
        if self._own + self.added <= self._most:
            return
        if self._most < MOST_OF_PRODUCT:
            raise ShopSendsTooMuch(CROWDED)
        raise ShopSendsTooMuch(f"The product and its variations are above {MOST_OF_PRODUCT // 2**20} MiB.")

    def keep(self, items: Mapping[int, Body], size: int) -> dict[int, Body | Unreadable]:
        """Returns the items of an answer of this size; raises ShopSendsTooMuch if there is no room."""
        self.add(size)
        return dict(items)
