"""Products: a list by state, one with what search knows of it and why, and ids that were never saved."""

import re
from collections.abc import AsyncIterator

import pytest_asyncio

from database.products.browse import ProductState
from fakes.openai import EmbeddingServer
from tests.console.browser import Browser, open_browser
from tests.support.eventually import eventually
from tests.support.shop import Shop
from tests.support.system import System

LIST = "/console/products/"
LAMP = {"id": 1, "name": "چراغ مطالعه", "description": "<p>نور گرم</p>", "price": "1250000", "sku": "LMP-1"}


@pytest_asyncio.fixture
async def owner(system: System, shop: Shop) -> AsyncIterator[Browser]:
    async with open_browser(system, shop.user_id) as browser:
        yield browser


async def with_states(shop: Shop) -> None:
    """Save a product in each state; `woo_4` is deleted, `woo_3` fails after it was known."""
    await shop.sync(LAMP)
    await shop.sync({"id": 2, "name": "پیش‌نویس", "status": "draft"})
    await shop.sync({"id": 3, "name": "گلدان", "price": "5"})
    await shop.sync({"id": 4, "name": "لیوان"})
    await shop.sync({"id": 4, "name": "لیوان"}, "product.deleted")
    await fail(shop, "woo_3")


async def fail(shop: Shop, external_id: str) -> None:
    """Make the newest event of a product one that failed."""
    await shop.rows(
        """
        UPDATE events SET status = 'failed', reason = 'The shop sent <b>nothing</b>.' WHERE id = (
            SELECT id FROM events WHERE store_id = :store AND external_id = :id ORDER BY id DESC LIMIT 1)
        RETURNING id""",
        id=external_id,
    )


def ids(page: str) -> list[str]:
    return re.findall(r'<bdi class="code" dir="ltr">\s*(woo_\d+)\s*</bdi>', page)


async def test_the_list_has_states_prices_and_stock(shop: Shop, owner: Browser) -> None:
    """In Persian with Persian digits; the latest change comes first."""
    await with_states(shop)
    page = await owner.page(LIST, store=shop.store_id)
    assert ids(page) == ["woo_4", "woo_3", "woo_2", "woo_1"]
    for state in ProductState:
        found = ids(await owner.page(LIST, store=shop.store_id, state=state.value))
        expected = {"known": ["woo_1"], "failed": ["woo_3"], "hidden": ["woo_2"], "deleted": ["woo_4"]}
        assert found == expected.get(state.value, []), state
    owner.http.cookies.set("pilito_language", "fa")
    page = await owner.page(LIST, store=shop.store_id)
    assert 'dir="rtl"' in page
    assert "۱٬۲۵۰٬۰۰۰ تومان" in page
    assert "شناخته‌شده" in page


async def test_a_product_of_another_model_waits(shop: Shop, owner: Browser) -> None:
    """In the list as on the page of the store."""
    await shop.sync(LAMP)
    await shop.sync({"id": 2, "name": "گلدان"})
    await shop.rows(
        "UPDATE products SET knowledge_model = 'former@8'"
        " WHERE store_id = :store AND external_id = 'woo_2' RETURNING id"
    )
    for state, expected in (("known", ["woo_1"]), ("waiting", ["woo_2"])):
        assert ids(await owner.page(LIST, store=shop.store_id, state=state)) == expected
    listed = await owner.page(LIST, store=shop.store_id)
    assert "status-waiting" in listed
    assert "status-known" in listed


async def test_the_list_is_searched(shop: Shop, owner: Browser) -> None:
    """By name, id and code, together with the other filters."""
    await with_states(shop)
    for search in ("چراغ", "woo_1", "LMP-1"):
        assert ids(await owner.page(LIST, store=shop.store_id, search=search)) == ["woo_1"]
    assert ids(await owner.page(LIST, store=shop.store_id, search="چراغ", state="hidden")) == []
    assert "No product matches" in await owner.page(LIST, store=shop.store_id, search="%")
    assert ids(await owner.page(LIST, store=shop.store_id, stock="out")) == []


async def test_pages_have_every_product_once(shop: Shop, owner: Browser) -> None:
    """Products that changed at the same time too."""
    await shop.rows(
        """
        INSERT INTO products (user_id, store_id, external_source, external_id, title, currency, status,
                              is_active, content_hash, updated_at)
        SELECT :user, :store, 'woocommerce', 'woo_' || n, 'p' || n, 'IRT', 'draft', false, 'x', now()
        FROM generate_series(1, 120) AS n RETURNING id""",
        user=shop.user_id,
    )
    found: list[str] = []
    path: str | None = f"{LIST}?store={shop.store_id}"
    while path:
        page = await owner.page(path)
        found += ids(page)
        following = re.search(r'rel="next" href="([^"]+)"', page)
        path = following[1] if following else None
    assert len(found) == 120
    assert len(set(found)) == 120


async def test_a_known_product_is_explained_with_its_chunks(shop: Shop, owner: Browser) -> None:
    """The chunks stand exactly as the assistant reads them."""
    await shop.sync(LAMP)
    product, [chunk] = await shop.product(1), await shop.chunks(1)
    assert product
    page = await owner.page(f"{LIST}{product['id']}/")
    assert "The assistant knows this product" in page
    assert f'<pre class="text" dir="auto" tabindex="0">{chunk["text"]}</pre>' in page
    assert "1,250,000 toman" in page
    assert "LMP-1" in page


async def test_variations_have_their_own_price_and_stock(shop: Shop, owner: Browser) -> None:
    """The product shows their range."""
    await shop.sync(
        {
            "id": 1,
            "name": "پیراهن",
            "variations": [
                {
                    "id": 11,
                    "price": "10",
                    "attributes": [{"name": "سایز", "option": "M"}],
                    "stock_quantity": 2,
                },
                {"id": 12, "price": "30", "attributes": [{"name": "سایز", "option": "L"}]},
            ],
        }
    )
    page = await owner.page(f"{LIST}explain/", store=shop.store_id, external_id="woo_11")
    assert "10 to 30 toman" in page
    assert "<bdi>سایز</bdi>: " in page
    assert {"woo_11", "woo_12"} <= set(ids(page))


async def test_a_failed_change_is_retried_from_its_product(
    shop: Shop, owner: Browser, embeddings: EmbeddingServer
) -> None:
    """The page says what failed, escaped; a press runs the event again."""
    event_id = await shop.submit(LAMP)
    await shop.closed(event_id)
    await fail(shop, "woo_1")
    answer = await owner.get(f"{LIST}explain/", store=shop.store_id, external_id="woo_1")
    assert "The last change to this product failed" in answer.text
    assert "The shop sent &lt;b&gt;nothing&lt;/b&gt;." in answer.text
    answer = await owner.post(f"{LIST}retry/", store=shop.store_id, external_id="woo_1")
    assert "The event runs again" in answer.text
    await eventually(
        lambda: shop.event(event_id),
        lambda row: row is not None and row["status"] != "failed",
        what="the retry",
    )
    answer = await owner.post(f"{LIST}retry/", store=shop.store_id, external_id="woo_1")
    assert answer.status_code == 409


async def test_an_unknown_id_leads_to_products_that_may_be_meant(shop: Shop, owner: Browser) -> None:
    """A question leads to a product's explanation that way; nothing is counted as asked."""
    await shop.sync(LAMP)
    page = await owner.page(f"{LIST}explain/", store=shop.store_id, external_id="چراغ مطالعه")
    assert "No event for this product was received" in page
    product = await shop.product(1)
    assert product
    assert f'href="/console/products/{product["id"]}/"' in page
    assert await shop.rows("SELECT * FROM questions WHERE store_id = :store") == []


async def test_without_an_id_there_is_a_form(shop: Shop, owner: Browser) -> None:
    """The form asks for the id in the shop."""
    assert 'name="external_id"' in await owner.page(f"{LIST}explain/", store=shop.store_id)


async def test_a_product_of_another_owner_is_not_there(system: System, shop: Shop, owner: Browser) -> None:
    """The page is the same as for an id that nothing has."""
    other = await system.shop()
    await other.sync(LAMP)
    product = await other.product(1)
    assert product
    theirs, nothing = await owner.get(f"{LIST}{product['id']}/"), await owner.get(f"{LIST}999999999999/")
    assert theirs.status_code == nothing.status_code == 404
    own_path = f"{LIST}{product['id']}/"
    assert theirs.text.replace(own_path, f"{LIST}999999999999/") == nothing.text
    for path in (LIST, f"{LIST}explain/"):
        assert (await owner.get(path, store=other.store_id, external_id="woo_1")).status_code == 404
    answer = await owner.post(f"{LIST}retry/", store=other.store_id, external_id="woo_1")
    assert answer.status_code == 404


async def test_an_admin_sees_products_of_all_stores(system: System, shop: Shop) -> None:
    """One store at a time."""
    await shop.sync(LAMP)
    async with open_browser(system, is_staff=True) as admin:
        assert ids(await admin.page(LIST, store=shop.store_id)) == ["woo_1"]


async def test_texts_of_a_product_are_escaped(shop: Shop, owner: Browser) -> None:
    """A title, a category and an option with HTML stay text."""
    attack = '"><script>alert(1)</script>'
    await shop.sync(
        {"id": 1, "name": f"چراغ {attack}", "categories": [{"id": 1, "name": attack}], "sku": attack}
    )
    product = await shop.product(1)
    assert product
    for path in (LIST, f"{LIST}{product['id']}/"):
        answer = await owner.get(path)
        assert "<script>alert" not in answer.text


async def test_wrong_filters_are_named(shop: Shop, owner: Browser) -> None:
    """A 400 with the field, never a 500."""
    for wrong in (
        {"state": "lost"},
        {"cursor": "zz"},
        {"search": "a\x00"},
        {"store": "x"},
        {"cursor": "W10="},
    ):
        answer = await owner.get(LIST, **wrong)
        assert answer.status_code == 400, wrong
        assert next(iter(wrong)) in answer.text
