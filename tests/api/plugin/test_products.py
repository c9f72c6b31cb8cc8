"""What the plugin shows of products: their states in a list, and the explanation of one."""

from typing import Any

import httpx2
import pytest

from api.verdict import KnownState, Verdict, state_of
from database.events.explain import ProductHistory
from fakes.openai import EmbeddingServer, bad_request
from tests.support.shop import Shop
from tests.support.system import System

BASE = "/api/integrations/woocommerce/products"
ENGLISH = {"Accept-Language": "en"}


async def states(shop: Shop, *ids: int) -> dict[str, Any]:
    body = {"ids": list(ids)}
    answer = await shop.http.post(f"{BASE}/states/", json=body, headers={**shop.headers, **ENGLISH})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["states"]
    return found


async def explained(shop: Shop, number: int) -> httpx2.Response:
    return await shop.http.get(f"{BASE}/{number}/explain/", headers={**shop.headers, **ENGLISH})


async def test_every_product_has_its_state_and_its_explanation(
    system: System, shop: Shop, embeddings: EmbeddingServer
) -> None:
    """Both have the same verdict; another store with the same ids is not seen."""
    await shop.sync({"id": 1, "name": "چراغ مطالعه", "price": "1250000", "currency": "IRT"})
    await shop.sync({"id": 2, "name": "پیش‌نویس", "status": "draft"})
    await shop.sync({"id": 3, "name": "فروخته"})
    await shop.sync({"id": 3}, "product.deleted")
    embeddings.fail_always(bad_request())
    await shop.sync({"id": 4, "name": "خراب"})
    embeddings.fail_always(None)
    found = await states(shop, 1, 2, 3, 4, 5, 1)
    assert {id_: (one["state"], one["verdict"]) for id_, one in found.items()} == {
        "1": ("known", "known"),
        "2": ("hidden", "hidden"),
        "3": ("hidden", "deleted"),
        "4": ("failed", "failed"),
        "5": ("unknown", "never_received"),
    }
    assert found["1"]["message"] == "The assistant knows this product"
    assert found["1"]["updated_at"]
    assert found["5"]["updated_at"] is None
    for id_, one in found.items():
        shown = (await explained(shop, int(id_))).json()
        assert (shown["verdict"], shown["message"]) == (one["verdict"], one["message"])
        assert (shown["what_is_known"] is not None) is (one["state"] == "known")
    known = (await explained(shop, 1)).json()["what_is_known"]
    assert known.pop("text").startswith("چراغ مطالعه")
    price = dict.fromkeys(("price", "min_price", "max_price"), "1250000")
    assert known == {"title": "چراغ مطالعه", **price, "currency": "IRT", "in_stock": True}
    other = await system.second_shop(shop.user_id)
    assert {one["state"] for one in (await states(other, 1, 2, 3, 4)).values()} == {"unknown"}
    assert (await explained(other, 1)).json()["what_is_known"] is None


async def test_an_event_of_a_variation_counts_for_its_product(
    shop: Shop, embeddings: EmbeddingServer
) -> None:
    """As in the explanation."""
    sizes = [{"id": 11, "price": "5"}, {"id": 12, "price": "7.50"}]
    await shop.sync({"id": 1, "name": "پیراهن", "variations": sizes})
    known = (await explained(shop, 1)).json()["what_is_known"]
    assert (known["price"], known["min_price"], known["max_price"]) == ("5", "5", "7.50")
    embeddings.fail_always(bad_request())
    variation = {
        "id": 11,
        "type": "variation",
        "parent_id": 1,
        "description": "آبی",
        "attributes": {"رنگ": "آبی"},
    }
    assert await shop.sync(variation) == "failed"
    embeddings.fail_always(None)
    assert (await states(shop, 1))["1"]["state"] == "failed"


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"status": "draft"}, "its status in the shop is draft."),
        ({"catalog_visibility": "hidden"}, "the shop hides it from its catalogue and its search."),
        ({"post_password": "راز"}, "a password protects it in the shop."),
    ],
)
async def test_the_event_says_why_a_product_is_not_in_search(
    shop: Shop, fields: dict[str, str], reason: str
) -> None:
    """Its status, its visibility, or its password."""
    row = await shop.ended(await shop.submit({"id": 1, "name": "چراغ", **fields}))
    assert row["reason"] == f"Saved; not in search, because {reason}"


@pytest.mark.parametrize(
    "body", [{}, {"ids": []}, {"ids": [0]}, {"ids": ["1"]}, {"ids": list(range(1, 102))}, {"ids": 1}]
)
async def test_wrong_ids_are_refused(shop: Shop, body: dict[str, object]) -> None:
    """A 400 names the field; a list holds at most a hundred ids."""
    answer = await shop.http.post(f"{BASE}/states/", json=body, headers=shop.headers)
    assert answer.status_code == 400
    assert answer.json()["field"].startswith("ids")


async def test_tokens_of_other_platforms_have_no_such_pages(system: System) -> None:
    """The plugin has ids of WooCommerce."""
    custom = await system.shop(integration_type="custom")
    answer = await custom.http.post(f"{BASE}/states/", json={"ids": [1]}, headers=custom.headers)
    assert answer.status_code == 403
    assert (await explained(custom, 1)).status_code == 403


@pytest.mark.parametrize("verdict", Verdict)
def test_every_verdict_has_a_state(verdict: Verdict) -> None:
    """A product without a row is never said to be waiting for its text."""
    nothing = ProductHistory(store_id=1, external_id="woo_1", product=None, events=())
    assert state_of(verdict, nothing) in KnownState
    assert state_of(Verdict.NEVER_INDEXED, nothing) is KnownState.UNKNOWN
