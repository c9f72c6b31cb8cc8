"""Events and syncs with embedding servers that have small limits, refuse texts or say odd things."""

from typing import Any

import pytest

from contracts.syncs import FindingKind, SyncStatus
from fakes import embedding_dialects as dialects
from fakes import openai as servers
from fakes.openai import EmbeddingServer
from tests.support.eventually import eventually
from tests.support.sync.syncs import Synced

BAD = "NaNword"


def product(*paragraphs: str, **more: Any) -> dict[str, Any]:
    """A product; every paragraph is a chunk of its own."""
    sentence = " چرم طبیعی است و زیره‌ی نرم دارد. "
    text = "".join(f"<p>{(word + sentence) * 14}</p>" for word in paragraphs)
    return {"id": 7, "name": "کفش کوه", "description": text, "price": "10", **more}


SEVEN = ("یک", "دو", "سه", "چهار", "پنج", "شش", "هفت")


async def test_one_bad_chunk_of_a_product_is_left_out_and_named(
    synced: Synced, embeddings: EmbeddingServer
) -> None:
    """The other six are known after a few attempts, and the event says which text is missing, and why."""
    embeddings.fail_always(dialects.poisoned_by(BAD))
    shop = synced.store
    row = await shop.ended(await shop.submit(product(*SEVEN[:6], BAD)))
    assert row["status"] == "succeeded"
    assert len(await shop.chunks(7)) == 6
    (note,) = row["notes"]
    assert note.startswith("text: chunk 7 (“کفش کوه NaNword")
    assert "unsupported value: NaN" in note
    assert await shop.found("کفش کوه") == ["woo_7"]


async def test_a_product_without_any_usable_text_fails_with_its_words(
    synced: Synced, embeddings: EmbeddingServer
) -> None:
    """What search found before stays, and the event can be run again."""
    shop = synced.store
    assert await shop.sync(product("یک")) == "succeeded"
    embeddings.fail_always(dialects.poisoned_by(BAD))
    row = await shop.ended(await shop.submit(product(BAD)))
    assert row["status"] == "failed"
    assert row["reason"].startswith("No text of the product can be embedded: chunk 1 (“کفش کوه NaNword")
    assert [chunk["text"].count(BAD) for chunk in await shop.chunks(7)] == [0]


async def test_a_text_over_the_limit_of_the_model_is_noted_on_the_event(
    synced: Synced, embeddings: EmbeddingServer
) -> None:
    """It is found by its beginning, without a day of retries."""
    embeddings.fail_always(dialects.longest_text(120))
    shop = synced.store
    row = await shop.ended(await shop.submit(product("یک")))
    assert (row["status"], len(await shop.chunks(7))) == ("succeeded", 1)
    (note,) = row["notes"]
    assert "longer than the embedding model accepts" in note
    assert await shop.found("کفش کوه") == ["woo_7"]


async def test_a_first_import_through_a_server_with_a_small_batch(
    synced: Synced, embeddings: EmbeddingServer
) -> None:
    """Everything is searchable, and the next sync embeds nothing."""
    embeddings.fail_always(dialects.most_texts(32))
    for number in range(60):
        synced.shop.add(name=f"کفش {number}")
    sync = await synced.sync()
    assert (sync.status, sync.counts.embedded, sync.counts.failed) == (SyncStatus.SUCCEEDED, 60, 0)
    assert len(await synced.indexed()) == 60
    assert max(embeddings.texts.values()) == 1
    asked = len(embeddings.requests)
    assert (await synced.sync()).status is SyncStatus.SUCCEEDED
    assert len(embeddings.requests) == asked


async def test_one_bad_product_of_a_first_import_is_one_finding(
    synced: Synced, embeddings: EmbeddingServer
) -> None:
    """The other 59 are searchable; the bad one is named and tried again by the next sync."""
    embeddings.fail_always(dialects.poisoned_by(BAD))
    for number in range(59):
        synced.shop.add(name=f"کفش {number}")
    bad = synced.shop.add(name=f"{BAD} کفش")
    sync = await synced.sync()
    assert (sync.status, sync.counts.new, sync.counts.failed) == (SyncStatus.SUCCEEDED, 60, 1)
    assert len(await synced.indexed()) == 59
    (finding,) = await synced.findings(sync)
    assert (finding.kind, finding.external_id) == (FindingKind.NOT_EMBEDDED, f"woo_{bad}")
    assert f"chunk 1 (“{BAD} کفش" in finding.detail
    embeddings.fail_always(None)
    again = await synced.sync()
    assert (again.counts.embedded, len(await synced.indexed())) == (1, 60)


@pytest.mark.parametrize(
    ("fault", "words", "requests"),
    [
        (
            servers.openai_error(400, "API key not valid. Please pass a valid API key."),
            "It answered: “API key not valid.",
            2,
        ),
        (
            servers.Refusal(status=200, body=b'{"error":{"message":"Insufficient credits","code":402}}'),
            "no quota left; processing resumes once it is paid. It answered: “Insufficient credits”",
            1,
        ),
        (dialects.demands_parameter("input_type"), "'input_type' parameter is required", 2),
    ],
    ids=["google", "openrouter", "nvidia"],
)
async def test_what_an_operator_must_fix_waits_whatever_its_status(
    synced: Synced, embeddings: EmbeddingServer, fault: servers.Fault, words: str, requests: int
) -> None:
    """The service's own sentence is shown; where words alone decide, a harmless text is tried as well."""
    embeddings.fail_always(fault)
    shop = synced.store
    event_id = await shop.submit(product("یک"))
    row = await eventually(
        lambda: shop.event(event_id), lambda row: row is not None and words in row["reason"], what=words
    )
    assert row is not None
    assert row["status"] == "waiting"
    assert len(embeddings.requests) == requests
    await shop.temporal.get_workflow_handle(shop.workflow_id(event_id)).terminate("end of test")
