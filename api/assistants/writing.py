"""Where responses are written: long ones in a thread, so that the event loop stays free."""

import asyncio
from collections.abc import Callable, Iterable
from typing import TypeVar

from catalogue.hygiene import LONGEST_INPUT
from contracts.stored import StoredProduct

HEAVY = 50_000
"""Characters that take about 10 ms to write."""

_OF_A_VARIATION = 500
"""Characters that take as long as a variation with short texts."""

Response = TypeVar("Response")


async def written(write: Callable[[], Response], products: Iterable[StoredProduct]) -> Response:
    """Returns the response about products; a heavy one is written in a thread."""
    if weight(products) <= HEAVY:
        return write()
    return await asyncio.to_thread(write)


def weight(products: Iterable[StoredProduct]) -> int:
    """Returns about how many characters are read to write products, their names and options too."""
    return sum(
        _read(product.title, product.short_description, product.description)
        + _read(*product.categories, *product.tags, *product.brands)
        + sum(_of_attribute(attribute.get("options")) for attribute in product.attributes)
        + sum(
            _OF_A_VARIATION + _read(variation.description, *variation.options, *variation.options.values())
            for variation in product.variations
        )
        for product in products
    )


def _of_attribute(options: object) -> int:
    return _read(*(one for one in options if isinstance(one, str))) if isinstance(options, list) else 0


def _read(*texts: str) -> int:
    return sum(min(len(text), LONGEST_INPUT) for text in texts)
