"""What a product of the REST API refers to: the shop's units, and the names of the products of a set."""

import time
from collections import OrderedDict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from connectors.room import Room
from connectors.woocommerce.lists import Body, Lists, read
from connectors.woocommerce.queries import PER_PAGE
from connectors.woocommerce.rest import Rest
from contracts.errors import ShopProblem

SHOPS_KEPT = 1_000
KEPT_SECONDS = 3_600
UNIT_CHARACTERS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Units:
    """The units of a shop's weights and dimensions; empty where the shop does not show them."""

    weight: str = ""
    dimension: str = ""


class KnownUnits:
    """The units of shops by base_url, each for an hour; the oldest are forgotten."""

    def __init__(self) -> None:
        self._found: OrderedDict[str, tuple[float, Units]] = OrderedDict()

    def get(self, base_url: str) -> Units | None:
        kept_at, units = self._found.get(base_url, (0.0, None))
        return units if units is not None and time.monotonic() - kept_at < KEPT_SECONDS else None

    def keep(self, base_url: str, units: Units) -> None:
        self._found[base_url] = time.monotonic(), units
        self._found.move_to_end(base_url)
        if len(self._found) > SHOPS_KEPT:
            self._found.popitem(last=False)


class Completing:
    """Completes the products of one shop; what the shop does not answer is left as it was."""

    def __init__(self, rest: Rest, base_url: str, units: KnownUnits) -> None:
        self._rest = rest
        self._base_url = base_url
        self._units = units

    async def completed(self, product: Body) -> Body:
        """Returns a product with the units of its measures, and with the names of a set's products."""
        whole = product
        variations = product.get("variations")
        bodies = [one for one in variations if isinstance(one, dict)] if isinstance(variations, list) else []
        if any(map(_has_measures, (product, *bodies))):
            units = await self._units_of_shop()
            whole = _with_units(product, units)
            if bodies and isinstance(variations, list):
                listed = [_with_units(one, units) if isinstance(one, dict) else one for one in variations]
                whole = {**whole, "variations": listed}
        ids = product.get("grouped_products")
        if isinstance(ids, list) and ids and "grouped_children" not in product:
            whole = {**whole, "grouped_children": await self._parts(ids)}
        return whole

    async def _units_of_shop(self) -> Units:
        units = self._units.get(self._base_url)
        if units is None:
            with suppress(ShopProblem):
                weight, dimension = await self._setting("weight"), await self._setting("dimension")
                units = Units(weight=weight, dimension=dimension)
                self._units.keep(self._base_url, units)
        return units or Units()

    async def _setting(self, name: str) -> str:
        """Returns a unit; empty if the key may not read settings."""
        answer = await self._rest.get(f"settings/products/woocommerce_{name}_unit")
        if answer.status in (401, 403, 404):
            return ""
        body = read(answer)
        unit = body.get("value") if isinstance(body, dict) else None
        return unit[:UNIT_CHARACTERS] if isinstance(unit, str) else ""

    async def _parts(self, ids: list[Any]) -> list[dict[str, Any]]:
        """Returns the products of a set that visitors see, with their names if they can be read."""
        asked = [id_ for id_ in ids[:PER_PAGE] if isinstance(id_, int) and not isinstance(id_, bool)]
        found: Mapping[int, Any] = {}
        with suppress(ShopProblem):
            fields = {"_fields": "id,name,status"}
            found = await Lists(self._rest).included("products", asked, Room().keep, fields)
        names = {id_: item for id_, item in found.items() if isinstance(item, dict)}
        return [
            {"id": id_, "name": names[id_].get("name", "") if id_ in names else ""}
            for id_ in asked
            if id_ not in names or names[id_].get("status", "publish") == "publish"
        ]


def _has_measures(body: Mapping[str, Any]) -> bool:
    dimensions = body.get("dimensions")
    sides = dimensions.values() if isinstance(dimensions, Mapping) else ()
    return bool(body.get("weight")) or any(sides)


def _with_units(body: Body, units: Units) -> Body:
    weight, dimensions = body.get("weight"), body.get("dimensions")
    own: Body = {}
    if units.weight and weight and isinstance(weight, str | int | float):
        own["weight"] = {"value": weight, "unit": units.weight}
    if units.dimension and isinstance(dimensions, Mapping) and any(dimensions.values()):
        own["dimensions"] = {**dimensions, "unit": units.dimension}
    return {**body, **own}
