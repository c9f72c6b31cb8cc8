"""Why the assistant does not know a product: each answer, as a shop's owner meets it."""

from typing import Any

import pytest
import pytest_asyncio

from api.i18n import MESSAGES
from api.schemas.explain import Verdict
from fakes import openai as servers
from fakes.openai import EmbeddingServer
from tests.conftest import Configure
from tests.support.sessions import session_of
from tests.support.system import Shop, System, eventually, running, serving

pytestmark = pytest.mark.slow

BASE = "/api/v1/web-knowledge"
LAMP = {"id": 1, "name": "لامپ", "description": "<p>روشن</p>", "price": "5"}
ENGLISH = {"Accept-Language": "en"}


@pytest_asyncio.fixture
async def owner(system: System, shop: Shop) -> dict[str, str]:
    return await session_of(system, shop.user_id)


async def explained(shop: Shop, owner: dict[str, str], external_id: str = "woo_1") -> dict[str, Any]:
    """By the shop's id, and the same by our own where there is a row."""
    asked: dict[str, str | int] = {"store": shop.store_id, "external_id": external_id}
    answer = await shop.http.get(f"{BASE}/explain/", params=asked, headers={**owner, **ENGLISH})
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    assert told["message"] == MESSAGES[f"explain.{told['verdict']}"]["en"]
    assert told["what_to_do"] == MESSAGES[f"explain.{told['verdict']}.to_do"]["en"]
    if told["product"]:
        path = f"{BASE}/products/{told['product']['id']}/explain/"
        same = (await shop.http.get(path, headers=owner)).json()
        assert same["message"] == MESSAGES[f"explain.{same['verdict']}"]["fa"]
        assert same["external_id"] == told["external_id"]
    return told


async def comes_to(shop: Shop, owner: dict[str, str], verdict: Verdict) -> dict[str, Any]:
    return await eventually(
        lambda: explained(shop, owner), lambda told: told["verdict"] == verdict, what=verdict
    )


@pytest.mark.parametrize("verdict", Verdict)
def test_every_verdict_is_put_into_words(verdict: Verdict) -> None:
    """What it means and what to do about it, in both languages."""
    for name in (f"explain.{verdict}", f"explain.{verdict}.to_do"):
        assert all(MESSAGES[name][language] for language in ("fa", "en"))


async def test_a_known_product_and_what_makes_it_known(shop: Shop, owner: dict[str, str]) -> None:
    """Chunks, model, the event that brought them and the way to its workflow."""
    event_id = await shop.tell(LAMP)
    row = await shop.ended(event_id)
    told = await explained(shop, owner)
    assert (told["known"], told["verdict"]) == (True, "known")
    assert (told["last_error"], told["next_retry_at"]) == (None, None)
    last = told["last_event"]
    assert (last["event_id"], last["type"], last["status"], last["attempts"]) == (
        event_id,
        "product.updated",
        "succeeded",
        1,
    )
    assert last["workflow_url"].endswith(row["workflow_id"].replace("/", "%2F"))
    known = told["knowledge"]
    assert (known["chunks"], known["current"], known["model"]) == (1, True, known["current_model"])
    assert (told["product"]["title"], told["product"]["status"]) == ("لامپ", "publish")


async def test_a_product_the_shop_does_not_show(shop: Shop, owner: dict[str, str]) -> None:
    """Hidden and deleted are told apart, and undone they are known."""
    await shop.sync({**LAMP, "status": "draft"})
    told = await explained(shop, owner)
    assert (told["known"], told["verdict"], told["product"]["status"]) == (False, "hidden", "draft")
    await shop.sync(LAMP)
    assert (await explained(shop, owner))["verdict"] == "known"
    await shop.sync({"id": 1}, "product.deleted")
    told = await explained(shop, owner)
    assert (told["known"], told["verdict"]) == (False, "deleted")


async def test_a_product_without_any_text(shop: Shop, owner: dict[str, str]) -> None:
    """There is nothing to find it by."""
    await shop.sync({"id": 1, "name": "", "description": ""})
    told = await explained(shop, owner)
    assert (told["known"], told["verdict"]) == (False, "no_chunks")


async def test_a_passing_problem_names_the_next_attempt(
    shop: Shop, owner: dict[str, str], embeddings: EmbeddingServer
) -> None:
    """Temporal knows when it asks again; the log knows what went wrong."""
    embeddings.fail_always(servers.overloaded(retry_after="20"))
    event_id = await shop.tell(LAMP)
    told = await eventually(
        lambda: explained(shop, owner), lambda told: told["next_retry_at"] is not None, what="a retry"
    )
    assert (told["known"], told["verdict"]) == (False, "retrying")
    assert "temporary problem" in told["last_error"]
    assert told["next_retry_at"] > told["last_event"]["received_at"]
    await shop.temporal.get_workflow_handle(shop.workflow_id(event_id)).cancel()
    await shop.ended(event_id)


async def test_a_problem_somebody_must_mend(
    shop: Shop, owner: dict[str, str], embeddings: EmbeddingServer
) -> None:
    """The owner reads that the account has no quota, and that it goes on by itself."""
    embeddings.fail_always(servers.insufficient_quota())
    event_id = await shop.tell(LAMP)
    told = await comes_to(shop, owner, Verdict.BLOCKED)
    assert "no quota left" in told["last_error"]
    await shop.temporal.get_workflow_handle(shop.workflow_id(event_id)).cancel()
    await shop.ended(event_id)


async def test_a_text_on_its_way(shop: Shop, owner: dict[str, str], embeddings: EmbeddingServer) -> None:
    """While the embedding service thinks, and known once it has answered."""
    embeddings.fail_next("hang")
    event_id = await shop.tell(LAMP)
    assert (await comes_to(shop, owner, Verdict.PROCESSING))["known"] is False
    embeddings.release()
    await shop.ended(event_id)
    assert (await explained(shop, owner))["known"] is True


async def test_a_change_that_failed(shop: Shop, owner: dict[str, str], embeddings: EmbeddingServer) -> None:
    """What was known before still answers, and both are told."""
    day = "2026-11-{}T10:00:00"
    await shop.sync({**LAMP, "date_modified_gmt": day.format(18)})
    embeddings.fail_always(servers.bad_request())
    fresh = {**LAMP, "description": "<p>تازه</p>", "date_modified_gmt": day.format(19)}
    failed = await shop.tell(fresh)
    await shop.ended(failed)
    assert await shop.sync({**LAMP, "date_modified_gmt": day.format(17)}) == "stale"
    told = await explained(shop, owner)
    assert (told["known"], told["verdict"], told["knowledge"]["current"]) == (True, "failed", False)
    assert "invalid" in told["last_error"]
    assert told["last_event"]["status"] == "stale", "it left the word to the one that failed"
    assert told["deciding_event"]["event_id"] == failed


async def test_a_product_without_a_row(shop: Shop, owner: dict[str, str]) -> None:
    """The shop says that it sent it: never, in vain, as a deletion, or only a variation of it."""
    assert (await explained(shop, owner))["verdict"] == "never_received"
    await shop.sync({"id": 1}, "product.deleted")
    told = await explained(shop, owner)
    assert (told["verdict"], told["product"], told["knowledge"]) == ("ignored", None, None)
    variation = {"id": 21, "type": "variation", "parent_id": 2, "price": "80"}
    await shop.sync(variation)
    told = await explained(shop, owner, "woo_21")
    assert (told["verdict"], told["external_id"]) == ("never_indexed", "woo_2")
    await shop.sync({"id": 2, "name": "قهوه‌ساز", "variations": [21]})
    assert (await explained(shop, owner, "woo_21"))["verdict"] == "known"


async def test_a_product_whose_first_event_failed(
    shop: Shop, owner: dict[str, str], embeddings: EmbeddingServer
) -> None:
    """It has a row but was never known."""
    embeddings.fail_always(servers.bad_request())
    await shop.sync(LAMP)
    told = await explained(shop, owner)
    assert (told["known"], told["verdict"], told["knowledge"]["chunks"]) == (False, "failed", 0)


async def test_a_text_nobody_has_made_known(shop: Shop, owner: dict[str, str]) -> None:
    """The row says another text than search knows, or none is known, and nothing is under way."""
    await shop.sync(LAMP)
    product = await shop.product(1)
    assert product is not None
    for change, verdict, known in (
        ("content_hash = 'another'", "embedding_outdated", True),
        ("knowledge_hash = NULL", "never_indexed", True),
    ):
        async with shop.database.transaction() as connection:
            await connection.exec_driver_sql(f"UPDATE products SET {change} WHERE id = {product['id']}")
        told = await explained(shop, owner)
        assert (told["verdict"], told["known"]) == (verdict, known)


async def test_a_change_that_waits(configure: Configure, embeddings: EmbeddingServer) -> None:
    """Without a worker nothing is wrong with the product; Temporal down, only the next attempt is unknown."""
    async with running(configure(task_queue="nobody"), work=False) as idle:
        shop = await idle.shop()
        owner = await session_of(idle, shop.user_id)
        async with serving(configure(task_queue="nobody", temporal_address="127.0.0.1:1")) as cut:
            shop.http = cut
            event_id = await shop.tell(LAMP)
            told = await explained(shop, owner)
            assert (told["verdict"], told["next_retry_at"]) == ("waiting", None)
            assert told["last_event"]["event_id"] == event_id


async def test_a_model_that_was_changed(configure: Configure, shop: Shop, owner: dict[str, str]) -> None:
    """The same rows, asked after a change of the settings."""
    await shop.sync(LAMP)
    async with serving(configure(embedding_model="another-model")) as renewed:
        shop.http = renewed
        told = await explained(shop, owner)
    assert (told["verdict"], told["knowledge"]["current"]) == ("model_changed", False)
    assert told["knowledge"]["current_model"].startswith("another-model@")


async def test_nobody_learns_of_products_of_others(system: System, shop: Shop, owner: dict[str, str]) -> None:
    """Neither by our id nor by the shop's."""
    await shop.sync(LAMP)
    told = await explained(shop, owner)
    other = await system.shop()
    stranger = await session_of(system, other.user_id)
    paths = [
        f"{BASE}/products/{told['product']['id']}/explain/",
        f"{BASE}/explain/?store={shop.store_id}&external_id=woo_1",
    ]
    for path in paths:
        assert (await shop.http.get(path, headers=stranger)).status_code == 404
        assert (await shop.http.get(path, headers=shop.headers)).status_code == 401
        assert (await shop.http.get(path)).status_code == 401
    for number, status in ((0, 400), (2**62, 404), (2**70, 404)):
        path = f"{BASE}/products/{number}/explain/"
        assert (await shop.http.get(path, headers=owner)).status_code == status


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"external_id": "woo_1"}, "store"),
        ({"store": "x", "external_id": "woo_1"}, "store"),
        ({"store": 1}, "external_id"),
        ({"store": 1, "external_id": ""}, "external_id"),
        ({"store": 1, "external_id": "a\0b"}, "external_id"),
        ({"store": 1, "external_id": "woo_1", "colour": "red"}, "colour"),
    ],
)
async def test_what_means_nothing_is_named(
    shop: Shop, owner: dict[str, str], asked: dict[str, Any], field: str
) -> None:
    """A 400 says which field."""
    answer = await shop.http.get(f"{BASE}/explain/", params=asked, headers=owner)
    assert (answer.status_code, answer.json()["field"]) == (400, field)
