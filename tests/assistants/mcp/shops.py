"""Shops to ask: one in Persian with prices in toman, one in English with prices in dollars."""

from typing import Any

from tests.support.search_catalogue import attribute, variation

PERSIAN: list[dict[str, Any]] = [
    {
        "id": 1,
        "name": "چراغ مطالعه رومیزی",
        "short_description": "<p>نور گرم و ملایم برای کتاب خواندن شبانه</p>",
        "price": "1250000",
        "regular_price": "1500000",
        "sale_price": "1250000",
        "on_sale": True,
        "sku": "LMP-7",
        "global_unique_id": "4006381333931",
        "brands": ["نورا"],
        "categories": ["روشنایی", "چراغ مطالعه"],
        "attributes": [attribute("رنگ", "مشکی", "سفید")],
        "stock_status": "instock",
        "stock_quantity": 3,
        "permalink": "https://chap.example/p/1",
        "image": "https://chap.example/i/1.jpg",
    },
    {
        "id": 2,
        "name": "کفش دویدن پگاسوس",
        "type": "variable",
        "price": "4000000",
        "brands": ["نایکی"],
        "categories": ["کفش"],
        "attributes": [attribute("سایز", "۴۲", "۴۳"), attribute("رنگ", "سفید", "مشکی")],
        "variations": [
            variation(21, "4000000", options={"سایز": "۴۲", "رنگ": "سفید"}, sku="PG-42-W"),
            variation(22, "4500000", options={"سایز": "۴۳", "رنگ": "مشکی"}, stock_status="outofstock"),
            variation(23, "5000000", options={"سایز": "۴۳", "رنگ": "سفید"}),
        ],
        "permalink": "https://chap.example/p/2",
    },
    {"id": 3, "name": "کارت هدیه", "price": "", "categories": ["هدیه"], "stock_status": "instock"},
]

ENGLISH: list[dict[str, Any]] = [
    {
        "id": 1,
        "name": "Reading lamp",
        "short_description": "<p>Warm light for reading at night</p>",
        "price": "19.99",
        "regular_price": "24.99",
        "sale_price": "19.99",
        "on_sale": True,
        "sku": "LAMP-1",
        "brands": ["Nora"],
        "categories": ["Lighting"],
        "stock_status": "instock",
        "permalink": "https://shop.example/p/1",
    },
    {
        "id": 2,
        "name": "Running shoe Pegasus",
        "type": "variable",
        "price": "120",
        "brands": ["Nike"],
        "categories": ["Shoes"],
        "attributes": [attribute("Size", "42", "43"), attribute("Colour", "White", "Black")],
        "variations": [
            variation(21, "120", options={"Size": "42", "Colour": "White"}, sku="PEG-42-W"),
            variation(22, "125", options={"Size": "43", "Colour": "Black"}, stock_status="outofstock"),
            variation(23, "130", options={"Size": "43", "Colour": "White"}),
        ],
        "permalink": "https://shop.example/p/2",
    },
    {"id": 3, "name": "Gift card", "price": "", "categories": ["Gifts"], "stock_status": "instock"},
    {"id": 4, "name": "Rain boot", "price": "60", "brands": ["Aigle"], "categories": ["Shoes"]},
]
