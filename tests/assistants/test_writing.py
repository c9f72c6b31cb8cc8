"""Long answers are written in a thread, and no text is read in vain."""

import threading
from dataclasses import replace
from unittest.mock import patch

import pytest

from api.assistants.writing import HEAVY, weight, written
from catalogue.extent import BRIEF
from catalogue.product import ucp_product
from contracts.stored import StoredProduct
from knowledge.html import html_to_text
from tests.catalogue.stored import BLACK, LAMP, PERSIAN_STORE, PHONE

LONG = "<b>متن</b> text " * 5_000

HEAVY_ONES: list[list[StoredProduct]] = [
    [replace(PHONE, description=LONG)],
    [replace(LAMP, short_description=LONG)],
    [replace(PHONE, variations=[replace(BLACK, description=LONG)])],
    [replace(PHONE, variations=[replace(BLACK, options={"رنگ": LONG[:900]})] * 50)],
    [replace(PHONE, attributes=[{"name": "رنگ", "options": [LONG[:900]] * 100}, {"options": None}])],
    [PHONE] * 60,
]


@pytest.mark.parametrize("products", HEAVY_ONES, ids=range(len(HEAVY_ONES)))
async def test_a_heavy_answer_leaves_the_event_loop_free(products: list[StoredProduct]) -> None:
    """By its characters and options, not only by its variations."""
    assert await written(threading.get_ident, products) != threading.get_ident()


async def test_a_short_answer_needs_no_thread() -> None:
    """A page of usual products."""
    products = [PHONE, LAMP] * 10
    assert weight(products) < HEAVY
    assert await written(threading.get_ident, products) == threading.get_ident()


def test_a_text_without_room_is_not_read() -> None:
    """Descriptions of variants in results of search; a name that many variations share is read once."""
    name = "<i>رنگ</i> of this test"
    variations = [replace(BLACK, options={name: "مشکی"}, description=f"<b>{n}</b>") for n in range(50)]
    product = replace(PHONE, variations=variations, short_description="", description="")
    with patch("catalogue.hygiene.html_to_text", wraps=html_to_text) as read:
        assert ucp_product(product, PERSIAN_STORE, extent=BRIEF) is not None
    assert [call.args[0] for call in read.call_args_list].count(name) == 1
    assert not any(text.startswith("<b>") for text in (call.args[0] for call in read.call_args_list))
