"""Stores for tests of the doors for assistants: in Persian and in English, public or not."""

from typing import Any

from contracts.stores import AssistantAccess
from database.access import stores
from tests.support.search_catalogue import attribute, variation
from tests.support.shop import Shop


def lamp(number: int, **fields: Any) -> dict[str, Any]:
    """Returns one of many lamps, as the plugin sends it."""
    return {
        "id": number,
        "name": f"Desk lamp {number}",
        "description": "<p>Warm light for reading.</p>",
        "price": f"{number}.50",
        "currency": "USD",
        "stock_status": "instock",
        "categories": ["Lamps"],
        **fields,
    }


SHOE: dict[str, Any] = {
    "id": 900,
    "name": "کفش پیاده‌روی نورا",
    "type": "variable",
    "description": "<p>سبک و نرم برای <b>پیاده‌روی</b>.</p>",
    "price": "1250000",
    "regular_price": "1500000",
    "currency": "IRT",
    "sku": "SH-9",
    "brands": ["نورا"],
    "categories": ["کفش"],
    "permalink": "https://shop.example/p/900",
    "image": "https://shop.example/i/900.jpg",
    "stock_status": "instock",
    "attributes": [attribute("رنگ", "مشکی", "سفید"), attribute("سایز", "۴۲", "۴۳")],
    "variations": [
        variation(901, "1250000", options={"رنگ": "مشکی", "سایز": "۴۲"}, sku="SH-9-B42"),
        variation(902, "1300000", options={"رنگ": "مشکی", "سایز": "۴۳"}, stock_status="outofstock"),
        variation(903, "1400000", options={"رنگ": "سفید", "سایز": "۴۲"}),
    ],
}
"""A product in toman with three variations; white has no size 43."""

GIFT: dict[str, Any] = {
    "id": 950,
    "name": "کارت هدیه",
    "price": "",
    "currency": "IRT",
    "categories": ["هدیه"],
    "stock_status": "instock",
}
"""A product without a price."""


async def opened(shop: Shop, access: AssistantAccess, **changes: Any) -> Shop:
    """Change who may read a store."""
    async with shop.database.transaction() as connection:
        await stores.change(connection, shop.store_id, {"assistant_access": access, **changes})
    return shop
