"""A small shop for tests of filters, facets and pages, and what to ask of it."""

from typing import Any

import httpx2

from tests.support.shop import Shop

SEARCH = "/api/v1/knowledge/search/"


def variation(number: int, price: str, **facts: Any) -> dict[str, Any]:
    """Returns a variation as the plugin sends it; options are sent as `options`, name to option."""
    options = facts.pop("options", {})
    attributes = [{"name": name, "option": option} for name, option in options.items()]
    return {"id": number, "price": price, "attributes": attributes, "stock_status": "instock", **facts}


def attribute(name: str, *options: str) -> dict[str, Any]:
    return {"name": name, "options": [*options]}


PHONE, CASE, SHOE, BOOT, LAPTOP, SHIRT, GIFT = range(1, 8)

CATALOGUE: list[dict[str, Any]] = [
    {
        "id": PHONE,
        "name": "گوشی سامسونگ مدل Galaxy A15",
        "price": "9000000",
        "sku": "SM-A155F",
        "brands": ["سامسونگ"],
        "categories": ["گوشی موبایل", "کالای دیجیتال"],
        "attributes": [attribute("رنگ", "مشکی", "آبی"), attribute("حافظه داخلی", "۱۲۸ گیگابایت")],
        "stock_status": "instock",
    },
    {
        "id": CASE,
        "name": "قاب سیلیکونی گوشی",
        "price": "150000",
        "brands": ["Spigen"],
        "categories": ["قاب گوشی"],
        "attributes": [attribute("رنگ", "آبی")],
        "stock_status": "outofstock",
    },
    {
        "id": SHOE,
        "name": "Nike running shoe Pegasus",
        "type": "variable",
        "price": "4000000",
        "brands": ["Nike"],
        "categories": ["Running Shoes", "کفش"],
        "attributes": [
            attribute("Size", "42", "43", "44"),
            attribute("رنگ", "سفید", "مشکی"),
            attribute("Sole", "Rubber"),
        ],
        "variations": [
            variation(31, "4000000", options={"Size": "42", "رنگ": "سفید"}, sku="PEG-42-W", stock_quantity=2),
            variation(32, "4500000", options={"Size": "43", "رنگ": "مشکی"}, stock_status="outofstock"),
            variation(33, "5000000", options={"Size": "43", "رنگ": "سفید"}),
            variation(34, "1000000", options={"Size": "44", "رنگ": "مشکی"}, status="private"),
        ],
    },
    {
        "id": BOOT,
        "name": "Adidas boot",
        "price": "6000000",
        "brands": ["Adidas"],
        "categories": ["Boots", "کفش"],
        "attributes": [attribute("size", "43", "45"), attribute("رنگ", "قهوه‌ای")],
        "stock_status": "instock",
    },
    {
        "id": LAPTOP,
        "name": "لپ‌تاپ ایسوس",
        "price": "45000000",
        "brands": ["ایسوس", "ASUS"],
        "categories": ["لپ‌تاپ", "کالای دیجیتال"],
        "attributes": [attribute("رنگ بدنه", "نقره‌ای")],
        "stock_status": "instock",
    },
    {
        "id": SHIRT,
        "name": "پیراهن مردانه",
        "price": "800000",
        "brands": ["nike"],
        "categories": ["پوشاک"],
        "attributes": [attribute("رنگ", "آبی روشن")],
        "stock_status": "instock",
    },
    {"id": GIFT, "name": "کارت هدیه", "price": "", "categories": ["هدیه"], "stock_status": "instock"},
]


async def stocked(shop: Shop, products: list[dict[str, Any]] = CATALOGUE) -> Shop:
    """Send products one after the other, so that the later ones are newer."""
    for product in products:
        assert await shop.sync(product) == "succeeded"
    return shop


async def answer_of(shop: Shop, **fields: Any) -> dict[str, Any]:
    """Returns the response to a question that must be answered."""
    answer: httpx2.Response = await shop.http.post(SEARCH, json=fields, headers=shop.headers)
    assert answer.status_code == 200, answer.text
    content: dict[str, Any] = answer.json()
    return content


def numbers_of(answer: dict[str, Any]) -> list[int]:
    """Returns the shop's numbers of the products found, in their order."""
    return [int(hit["product"]["external_id"].removeprefix("woo_")) for hit in answer["results"]]
