"""The explanation of a product, with every verdict."""

from typing import Any

import pytest
import pytest_asyncio

from api.i18n import MESSAGES
from api.verdict import Verdict
from fakes import openai as servers
from fakes.openai import EmbeddingServer
from tests.support.environment import Configure
from tests.support.eventually import eventually
from tests.support.sessions import session_of
from tests.support.shop import Shop
from tests.support.system import System, running, serving, working
from tests.support.usage import limit

BASE = "/api/v1/web-knowledge"
LAMP = {"id": 1, "name": "لامپ", "description": "<p>روشن</p>", "price": "5"}
ENGLISH = {"Accept-Language": "en"}


@pytest_asyncio.fixture
async def owner(system: System, shop: Shop) -> dict[str, str]:
    return await session_of(system, shop.user_id)


async def explained(shop: Shop, owner: dict[str, str], external_id: str = "woo_1") -> dict[str, Any]:
    """Returns the explanation by external id, after comparing it with the one by our own id."""
    fields: dict[str, str | int] = {"store": shop.store_id, "external_id": external_id}
    answer = await shop.http.get(f"{BASE}/explain/", params=fields, headers={**owner, **ENGLISH})
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()
    assert shown["message"] == MESSAGES[f"explain.{shown['verdict']}"]["en"]
    assert shown["what_to_do"] == MESSAGES[f"explain.{shown['verdict']}.to_do"]["en"]
    if shown["product"]:
        path = f"{BASE}/products/{shown['product']['id']}/explain/"
        same = (await shop.http.get(path, headers=owner)).json()
        assert same["message"] == MESSAGES[f"explain.{same['verdict']}"]["fa"]
        assert same["external_id"] == shown["external_id"]
    return shown


async def comes_to(shop: Shop, owner: dict[str, str], verdict: Verdict) -> dict[str, Any]:
    return await eventually(
        lambda: explained(shop, owner), lambda shown: shown["verdict"] == verdict, what=verdict
    )


@pytest.mark.parametrize("verdict", Verdict)
def test_every_verdict_has_messages(verdict: Verdict) -> None:
    """Each verdict has a message and advice in both languages."""
    for name in (f"explain.{verdict}", f"explain.{verdict}.to_do"):
        assert all(MESSAGES[name][language] for language in ("fa", "en"))


async def test_a_known_product(shop: Shop, owner: dict[str, str]) -> None:
    """Chunks, model, the event and the address of its workflow."""
    event_id = await shop.submit(LAMP)
    row = await shop.ended(event_id)
    shown = await explained(shop, owner)
    assert (shown["known"], shown["verdict"]) == (True, "known")
    assert (shown["last_error"], shown["next_retry_at"]) == (None, None)
    last = shown["last_event"]
    assert (last["event_id"], last["type"], last["status"], last["attempts"]) == (
        event_id,
        "product.updated",
        "succeeded",
        1,
    )
    assert last["workflow_url"].endswith(row["workflow_id"].replace("/", "%2F"))
    knowledge = shown["knowledge"]
    assert (knowledge["chunks"], knowledge["current"], knowledge["model"]) == (
        1,
        True,
        knowledge["current_model"],
    )
    assert (shown["product"]["title"], shown["product"]["status"]) == ("لامپ", "publish")


async def test_a_hidden_and_a_deleted_product(shop: Shop, owner: dict[str, str]) -> None:
    """Each has its own verdict, and a restored product is known again."""
    await shop.sync({**LAMP, "status": "draft"})
    shown = await explained(shop, owner)
    assert (shown["known"], shown["verdict"], shown["product"]["status"]) == (False, "hidden", "draft")
    await shop.sync({**LAMP, "status": "publish"})
    assert (await explained(shop, owner))["verdict"] == "known"
    await shop.sync({"id": 1}, "product.deleted")
    shown = await explained(shop, owner)
    assert (shown["known"], shown["verdict"]) == (False, "deleted")


async def test_a_product_without_any_text(shop: Shop, owner: dict[str, str]) -> None:
    """It has no chunks."""
    await shop.sync({"id": 1, "name": "", "description": ""})
    shown = await explained(shop, owner)
    assert (shown["known"], shown["verdict"]) == (False, "no_chunks")


async def test_a_temporary_problem_shows_the_next_attempt(
    shop: Shop, owner: dict[str, str], embeddings: EmbeddingServer
) -> None:
    """The time comes from Temporal, the error from the event log."""
    embeddings.fail_always(servers.overloaded(retry_after="20"))
    event_id = await shop.submit(LAMP)
    shown = await eventually(
        lambda: explained(shop, owner), lambda shown: shown["next_retry_at"] is not None, what="a retry"
    )
    assert (shown["known"], shown["verdict"]) == (False, "retrying")
    assert "temporary problem" in shown["last_error"]
    assert shown["next_retry_at"] > shown["last_event"]["received_at"]
    await shop.temporal.get_workflow_handle(shop.workflow_id(event_id)).cancel()
    await shop.ended(event_id)


async def test_a_problem_that_the_operator_must_fix(
    shop: Shop, owner: dict[str, str], embeddings: EmbeddingServer
) -> None:
    """The explanation says that the account has no quota; processing continues automatically."""
    embeddings.fail_always(servers.insufficient_quota())
    event_id = await shop.submit(LAMP)
    shown = await comes_to(shop, owner, Verdict.BLOCKED)
    assert "no quota left" in shown["last_error"]
    await shop.temporal.get_workflow_handle(shop.workflow_id(event_id)).cancel()
    await shop.ended(event_id)


async def test_a_text_that_is_being_indexed(
    shop: Shop, owner: dict[str, str], embeddings: EmbeddingServer
) -> None:
    """The verdict is `processing` until the embedding service responds."""
    embeddings.fail_next("hang")
    event_id = await shop.submit(LAMP)
    assert (await comes_to(shop, owner, Verdict.PROCESSING))["known"] is False
    embeddings.release()
    await shop.ended(event_id)
    assert (await explained(shop, owner))["known"] is True


async def test_a_change_that_failed(shop: Shop, owner: dict[str, str], embeddings: EmbeddingServer) -> None:
    """Search keeps the earlier text, and the explanation shows both."""
    day = "2026-11-{}T10:00:00"
    await shop.sync({**LAMP, "date_modified_gmt": day.format(18)})
    embeddings.fail_always(servers.bad_request())
    fresh = {**LAMP, "description": "<p>تازه</p>", "date_modified_gmt": day.format(19)}
    failed = await shop.submit(fresh)
    await shop.ended(failed)
    assert await shop.sync({**LAMP, "date_modified_gmt": day.format(17)}) == "stale"
    shown = await explained(shop, owner)
    assert (shown["known"], shown["verdict"], shown["knowledge"]["current"]) == (True, "failed", False)
    assert "invalid" in shown["last_error"]
    assert shown["last_event"]["status"] == "stale", "another event was newer"
    assert shown["deciding_event"]["event_id"] == failed


async def test_a_product_without_a_row(shop: Shop, owner: dict[str, str]) -> None:
    """No event, an ignored event, a deletion, or only an event of a variation."""
    assert (await explained(shop, owner))["verdict"] == "never_received"
    await shop.sync({"id": 1}, "product.deleted")
    shown = await explained(shop, owner)
    assert (shown["verdict"], shown["product"], shown["knowledge"]) == ("ignored", None, None)
    variation = {"id": 21, "type": "variation", "parent_id": 2, "price": "80"}
    await shop.sync(variation)
    shown = await explained(shop, owner, "woo_21")
    assert (shown["verdict"], shown["external_id"]) == ("never_indexed", "woo_2")
    await shop.sync({"id": 2, "name": "قهوه‌ساز", "variations": [21]})
    assert (await explained(shop, owner, "woo_21"))["verdict"] == "known"


async def test_a_product_whose_first_event_failed(
    shop: Shop, owner: dict[str, str], embeddings: EmbeddingServer
) -> None:
    """It has a row without any indexed text."""
    embeddings.fail_always(servers.bad_request())
    await shop.sync(LAMP)
    shown = await explained(shop, owner)
    assert (shown["known"], shown["verdict"], shown["knowledge"]["chunks"]) == (False, "failed", 0)


async def test_a_text_that_was_not_indexed(shop: Shop, owner: dict[str, str]) -> None:
    """The indexed text is outdated or missing, and no event is being processed."""
    await shop.sync(LAMP)
    product = await shop.product(1)
    assert product is not None
    for change, verdict, known in (
        ("content_hash = 'another'", "embedding_outdated", True),
        ("knowledge_hash = NULL", "never_indexed", True),
    ):
        async with shop.database.transaction() as connection:
            await connection.exec_driver_sql(f"UPDATE products SET {change} WHERE id = {product['id']}")
        shown = await explained(shop, owner)
        assert (shown["verdict"], shown["known"]) == (verdict, known)


async def test_a_change_that_waits(configure: Configure, embeddings: EmbeddingServer) -> None:
    """Without a worker the event waits; while Temporal is down the time of the next attempt is unknown."""
    async with running(configure(task_queue="no-worker"), work=False) as idle:
        shop = await idle.shop()
        owner = await session_of(idle, shop.user_id)
        async with serving(configure(task_queue="no-worker", temporal_address="127.0.0.1:1")) as cut:
            shop.http = cut
            event_id = await shop.submit(LAMP)
            shown = await explained(shop, owner)
            assert (shown["verdict"], shown["next_retry_at"]) == ("waiting", None)
            assert shown["last_event"]["event_id"] == event_id


async def test_a_model_that_was_changed(configure: Configure, shop: Shop, owner: dict[str, str]) -> None:
    """The same rows, explained after a change of the settings."""
    await shop.sync(LAMP)
    async with serving(configure(embedding_model="another-model")) as renewed:
        shop.http = renewed
        shown = await explained(shop, owner)
    assert (shown["verdict"], shown["knowledge"]["current"]) == ("model_changed", False)
    assert shown["knowledge"]["current_model"].startswith("another-model@")


async def test_a_text_over_the_budget(shop: Shop, owner: dict[str, str]) -> None:
    """A new product waits; one with its current text in search is known all the same."""
    await shop.sync({**LAMP, "id": 2})
    await limit(shop, month=1)
    await shop.sync(LAMP)
    assert (await explained(shop, owner))["verdict"] == "budget"
    assert (await explained(shop, owner, "woo_2"))["verdict"] == "known"


async def test_products_of_other_users_are_not_explained(
    system: System, shop: Shop, owner: dict[str, str]
) -> None:
    """Neither by our own id nor by the external id."""
    await shop.sync(LAMP)
    shown = await explained(shop, owner)
    other = await system.shop()
    stranger = await session_of(system, other.user_id)
    paths = [
        f"{BASE}/products/{shown['product']['id']}/explain/",
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
    ("fields", "field"),
    [
        ({"external_id": "woo_1"}, "store"),
        ({"store": "x", "external_id": "woo_1"}, "store"),
        ({"store": 1}, "external_id"),
        ({"store": 1, "external_id": ""}, "external_id"),
        ({"store": 1, "external_id": "a\0b"}, "external_id"),
        ({"store": 1, "external_id": "woo_1", "colour": "red"}, "colour"),
    ],
)
async def test_an_invalid_parameter_is_named(
    shop: Shop, owner: dict[str, str], fields: dict[str, Any], field: str
) -> None:
    """A 400 names the field."""
    answer = await shop.http.get(f"{BASE}/explain/", params=fields, headers=owner)
    assert (answer.status_code, answer.json()["field"]) == (400, field)


@pytest.mark.parametrize("number", [1, 2])
async def test_an_accepted_event_that_no_worker_has_taken_up(configure: Configure, number: int) -> None:
    """Its workflow is started, and no worker runs it; another product was never received."""
    async with running(configure(task_queue=f"forsaken-{number}"), work=False) as idle:
        shop = await idle.shop()
        owner = await session_of(idle, shop.user_id)
        if number == 2:
            async with working(configure(task_queue=f"forsaken-{number}")):
                await shop.sync(LAMP)
        event_id = await shop.submit({**LAMP, "name": "لامپ دیگر"})
        shown = await comes_to(shop, owner, Verdict.NOT_PROCESSED)
        assert shown["known"] is (number == 2)
        assert (await explained(shop, owner, "woo_9"))["verdict"] == "never_received"
        await shop.temporal.get_workflow_handle(shop.workflow_id(event_id)).terminate()
