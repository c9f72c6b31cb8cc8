"""Web addresses of shops: http or https with a host, or empty."""

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.addresses import web_address
from connectors.woocommerce.parse import parse
from contracts.bounds import ADDRESS_CHARACTERS
from contracts.catalog import Product
from contracts.events import EventType

HOSTILE = [
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    " java\tscript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:x",
    "file:///etc/passwd",
    "ftp://shop.example/a",
    "https:///no-host",
    "https://",
    "https:shop.example",
    "/relative",
    "shop.example/a",
    "https://user:secret@shop.example/",
    "https://shop.example\\@evil.example/",
    "https://shop.example/a b",
    "https://shop.example/a\nb",
    "https://[::1",
    "https://shop.example:99999999/",
    "https://shop.example/" + "a" * ADDRESS_CHARACTERS,
    "\u202ehttps://shop.example/",
]


@pytest.mark.parametrize("address", [pytest.param(text, id=str(n)) for n, text in enumerate(HOSTILE)])
def test_other_texts_are_empty(address: str) -> None:
    assert web_address(address) == ""


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("https://shop.example/لپ‌تاپ/?a=1#b", "https://shop.example/لپ‌تاپ/?a=1#b"),
        ("HTTP://Shop.Example:8080", "HTTP://Shop.Example:8080"),
        (" https://shop.example/a ", "https://shop.example/a"),
        ("//cdn.example/a.jpg", "https://cdn.example/a.jpg"),
        ("https://[2001:db8::1]/a", "https://[2001:db8::1]/a"),
        ("", ""),
    ],
)
def test_web_addresses_are_kept(sent: str, kept: str) -> None:
    assert web_address(sent) == kept


@given(st.text(max_size=60) | st.from_regex(r"(?i)[a-z]{0,12}:?/{0,3}[^\s]{0,20}", fullmatch=True))
def test_what_is_kept_is_a_web_address_with_a_host(text: str) -> None:
    if address := web_address(text):
        parts = urlsplit(address)
        assert parts.scheme in ("http", "https")
        assert parts.hostname
        assert address.replace("\u200c", "").replace("\u200d", "").isprintable()


def test_links_and_images_of_products_are_web_addresses() -> None:
    product = parse(
        EventType.UPDATED,
        {
            "id": 7,
            "permalink": "javascript:alert(1)",
            "image": "data:text/html,x",
            "gallery": ["javascript:x", "https://shop.example/b.jpg"],
            "variations": [{"id": 8, "permalink": "vbscript:x", "image": {"src": "file:///a"}}],
        },
    )
    assert isinstance(product, Product)
    for facts in (product.facts, product.variations[0].facts):
        assert (facts.link, facts.image) == ("", "")
    assert product.facts.gallery == ("https://shop.example/b.jpg",)
