"""Products as WooCommerce sends them, the same in every run; half are Persian, half English."""

import random
from typing import Any

PERSIAN = (
    "این محصول با کیفیت بالا برای استفاده روزمره طراحی شده و از مواد مقاوم ساخته شده‌است لپ‌تاپ کیف چرمی گوشی"
    " موبایل هدفون بی‌سیم شارژر سریع باتری صفحه‌نمایش رنگ مشکی سفید آبی اندازه کوچک بزرگ سبک وزن گرم ضمانت"
    " اصالت ارسال رایگان خانه آشپزخانه قهوه‌ساز کفش ورزشی پارچه نخی تابستانی زمستانی هدیه مناسب قدرتمند"
)
ENGLISH = (
    "this product is made of durable materials and designed for everyday use wireless headphones leather bag"
    " laptop phone fast charger battery display black white blue small large light weight original warranty"
    " shipping home kitchen coffee maker running shoes cotton fabric summer winter gift powerful quiet"
)
BRANDS = ("Asus", "Lenovo", "Sony", "Bosch", "Nike", "ایران‌شرق", "پارس", "سپهر")


def _sentences(words: list[str], source: random.Random, count: int) -> str:
    return " ".join(" ".join(source.choices(words, k=source.randint(8, 16))) + "." for _ in range(count))


def product(number: int, *, price: int | None = None, edited: bool = False) -> dict[str, Any]:
    """Returns product `number`; `price` changes only the price, `edited` one paragraph of the description."""
    source = random.Random(number)
    words = (PERSIAN if number % 2 else ENGLISH).split()
    name = " ".join(source.sample(words, 4))
    paragraphs = [_sentences(words, source, source.randint(3, 7)) for _ in range(source.randint(2, 7))]
    facts = {
        "price": str(source.randint(100, 90_000) * 1000),
        "stock_quantity": source.randint(0, 50),
        "categories": source.sample(words, 2),
        "tags": source.sample(words, 3),
        "brands": [source.choice(BRANDS)],
    }
    if price is not None:
        facts["price"] = str(price)
    if edited:
        paragraphs[len(paragraphs) // 2] += " " + _sentences(words, source, 1)
    return {
        "id": number,
        "name": f"{name} {number}",
        "short_description": _sentences(words, random.Random(-number), 1),
        "description": "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs),
        "sku": f"SKU-{number}",
        "stock_status": "instock" if facts["stock_quantity"] else "outofstock",
        "permalink": f"https://shop.example/product/{number}",
        "image": f"https://shop.example/image/{number}.jpg",
        "currency": "IRT",
        **facts,
    }
