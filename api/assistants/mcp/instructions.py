"""What an assistant reads before its first call: what the store sells, and how to search it."""

import logging
import time
from collections import OrderedDict
from collections.abc import Callable

from api.assistants.mcp import descriptions
from api.errors import DATABASE_DOWN
from catalogue.hygiene import Fence, line
from contracts.stores import OpenStore
from database.engine import Database
from database.products import overview
from database.products.overview import Overview

FRESH_SECONDS = 60.0
KEPT_STORES = 1_000
LISTED = 8
"""Categories and brands that are named."""

LONGEST_NAME = 60

logger = logging.getLogger("pilito.api")


class Instructions:
    """The instructions of stores, with what they sell of the last minute. `clock` returns seconds."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._known: OrderedDict[int, tuple[float, Overview]] = OrderedDict()

    async def of(self, database: Database, store: OpenStore) -> str:
        """Returns the instructions for a store; while Postgres is down, without what it sells."""
        fence = Fence()
        said = fence.around(_described(store, await self._sold(database, store)))
        return "\n\n".join(
            (
                descriptions.ABOUT,
                f"What the shop says of itself:\n{said}",
                descriptions.DATA.format(marker=fence.marker),
                descriptions.HOW_TO,
                _prices(store.currency),
            )
        )

    async def _sold(self, database: Database, store: OpenStore) -> Overview | None:
        until, known = self._known.get(store.id, (0.0, None))
        if known is not None and self._clock() < until:
            return known
        try:
            async with database.reading() as connection:
                read = await overview.read(connection, store.id, limit=LISTED)
        except DATABASE_DOWN as error:
            logger.warning("instructions without what the store sells: %s", type(error).__name__)
            return known
        self._known[store.id] = (self._clock() + FRESH_SECONDS, read)
        self._known.move_to_end(store.id)
        if len(self._known) > KEPT_STORES:
            self._known.popitem(last=False)
        return read


def _described(store: OpenStore, sold: Overview | None) -> str:
    lines = [f"name: {line(store.name, LONGEST_NAME)}"]
    if sold is not None:
        lines.append(f"products: {sold.products}")
        for kind, values in (("categories", sold.categories), ("brands", sold.brands)):
            named = [name for value in values if (name := line(value, LONGEST_NAME))]
            if named:
                lines.append(f"most frequent {kind}: {', '.join(named)}")
    return "\n".join(lines)


def _prices(currency: str) -> str:
    """Returns how to read the prices of a store with this currency, which may be unknown."""
    code = line(currency, 8)
    own = f"The shop's currency is {code}. " if code else ""
    return f"{own}{descriptions.PRICES} To name a price, quote `price_text`, the price as the shop writes it."
