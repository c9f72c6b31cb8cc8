"""The specifications of OpenAI and of Google as checks of written rows, apart from the code that writes them.

OpenAI: developers.openai.com/commerce/specs/file-upload/products. Google: support.google.com/merchants/answer
/7052112, with the pages of each attribute.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import orjson
from iso4217 import Currency

Check = Callable[[Any], bool]

MARKUP = re.compile(r"<[a-z/!?][^<>]*>|\]\([a-z]+:", re.IGNORECASE)
SHOWN_FORMATS = set("\u200c\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u08e2")
"""Format characters that are letters or signs in Persian and Arabic."""


def plain(text: str) -> bool:
    """Returns whether a text has no markup, and no characters that are not shown or that reorder others."""
    hidden = (unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Co") for letter in text)
    formats = zip(text, hidden, strict=True)
    return not MARKUP.search(text) and not any(
        bad and letter not in SHOWN_FORMATS and letter != "\n" for letter, bad in formats
    )


def text(most: int) -> Check:
    return lambda value: isinstance(value, str) and 0 < len(value.strip()) <= most and plain(value)


def web(value: Any) -> bool:
    parts = urlsplit(value)
    return parts.scheme in ("http", "https") and bool(parts.hostname) and value.isascii() and " " not in value


def price(value: str) -> bool:
    found = re.fullmatch(r"([0-9]+)(?:\.([0-9]+))? ([A-Z]{3})", value)
    if not found:
        return False
    decimals = Currency(found[3]).exponent or 0
    return len(found[2] or "") == decimals and Decimal(f"{found[1]}.{found[2] or 0}") > 0


def gtin(value: str) -> bool:
    if not re.fullmatch(r"[0-9]{8}|[0-9]{12,14}", value):
        return False
    padded = value.zfill(14)
    return sum(int(digit) * (3, 1)[place % 2] for place, digit in enumerate(padded)) % 10 == 0


def country(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[A-Z]{2}", value) is not None


def among(*values: str) -> Check:
    return lambda value: value in values


def listed(check: Check, most: int) -> Check:
    return lambda value: isinstance(value, list) and 0 < len(value) <= most and all(map(check, value))


def options(value: Any) -> bool:
    return isinstance(value, dict) and bool(value) and all(map(text(100), (*value, *value.values())))


CONDITION = among("new", "refurbished", "used")

OPENAI_REQUIRED: Mapping[str, Check] = {
    "item_id": text(100),
    "title": text(150),
    "description": text(5_000),
    "url": web,
    "brand": text(70),
    "seller_name": text(70),
    "image_url": web,
    "availability": among("in_stock", "out_of_stock", "pre_order", "backorder", "unknown"),
    "price": price,
    "target_countries": listed(country, 250),
    "store_country": country,
    "is_eligible_search": among("true", "false"),
    "is_eligible_checkout": among("false"),
}
OPENAI_OPTIONAL: Mapping[str, Check] = {
    "group_id": text(100),
    "listing_has_variations": among("true", "false"),
    "variant_dict": options,
    "gtin": gtin,
    "sale_price": price,
    "additional_image_urls": listed(web, 10),
    "product_category": text(150),
    "condition": CONDITION,
    "color": text(100),
    "size": text(100),
    "seller_url": web,
}

GOOGLE_REQUIRED: Mapping[str, Check] = {
    "id": text(50),
    "title": text(150),
    "description": text(5_000),
    "link": web,
    "image_link": web,
    "availability": among("in_stock", "out_of_stock"),
    "price": price,
}
"""`preorder` and `backorder` need a date, which no shop sends us."""

GOOGLE_OPTIONAL: Mapping[str, Check] = {
    "additional_image_link": lambda value: listed(web, 10)(value.split(",")),
    "sale_price": price,
    "brand": text(70),
    "gtin": gtin,
    "identifier_exists": among("yes", "no"),
    "condition": CONDITION,
    "item_group_id": text(50),
    "product_type": text(750),
    "color": text(100),
    "size": text(100),
}


def wrong(
    row: Mapping[str, Any], required: Mapping[str, Check], optional: Mapping[str, Check]
) -> Iterator[str]:
    """Yields each column that is missing, unknown or badly written."""
    for name in required.keys() - row.keys():
        yield f"{name} is missing"
    for name, value in row.items():
        check = {**required, **optional}.get(name)
        if check is None or not check(value):
            yield f"{name} is {value!r}"
    if "sale_price" in row:
        (usual, currency), (sale, other) = row["price"].split(" "), row["sale_price"].split(" ")
        if currency != other or Decimal(sale) >= Decimal(usual):
            yield "sale_price is not lower than price"


def openai_rows(lines: Sequence[bytes]) -> list[dict[str, Any]]:
    """Returns the rows of lines; fails for a row that the specification refuses."""
    rows = [orjson.loads(line) for line in lines]
    for line, row in zip(lines, rows, strict=True):
        assert line.endswith(b"\n")
        assert line.count(b"\n") == 1
        assert list(wrong(row, OPENAI_REQUIRED, OPENAI_OPTIONAL)) == []
        variant = [name in row for name in ("group_id", "variant_dict")]
        assert variant in ([True, True], [False, False])
        if all(variant):
            assert row["listing_has_variations"] == "true"
            assert row["group_id"] != row["item_id"]
        else:
            assert row.get("listing_has_variations", "false") == "false"
        assert row["image_url"] not in row.get("additional_image_urls", ())
    assert len({row["item_id"] for row in rows}) == len(rows)
    return rows


def google_rows(content: bytes) -> list[dict[str, str]]:
    """Returns the rows of a file, without empty values; fails for a row that the specification refuses."""
    written = content.decode()
    read = list(csv.reader(io.StringIO(written, newline=""), delimiter="\t", strict=True))
    assert len(read) == written.count("\n"), "one product on one line"
    head, *values = read
    assert set(head) == {*GOOGLE_REQUIRED, *GOOGLE_OPTIONAL}
    rows = [{name: value for name, value in zip(head, row, strict=True) if value} for row in values]
    for row in rows:
        assert list(wrong(row, GOOGLE_REQUIRED, GOOGLE_OPTIONAL)) == []
        assert not any("\t" in value or "\n" in value for value in row.values())
        assert row.get("identifier_exists") != "no" or "gtin" not in row
        assert row.get("item_group_id") != row["id"]
    assert len({row["id"] for row in rows}) == len(rows)
    return rows
