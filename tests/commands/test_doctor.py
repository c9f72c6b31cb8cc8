"""What `pilito doctor` finds."""

from sqlalchemy import text

from commands.doctor import CheckResult, examine
from fakes.openai import EmbeddingServer, insufficient_quota
from tests.conftest import Configure, migrated
from tests.support.system import Shop, eventually


async def events(configure: Configure) -> CheckResult:
    settings = configure()
    found = [one async for one in examine(settings, migrated(settings.database_url or ""))]
    return next(one for one in found if one.subject == "Events")


async def test_events_that_have_not_ended_for_an_hour_are_named(
    shop: Shop, configure: Configure, embeddings: EmbeddingServer
) -> None:
    """With what they wait for, and what to do."""
    embeddings.fail_always(insufficient_quota())
    event_id = await shop.tell({"id": 1, "name": "لامپ"})
    await eventually(
        lambda: shop.event(event_id), lambda row: row is not None and row["reason"] != "", what="its reason"
    )
    name = shop.workflow_id(event_id)
    assert name not in (await events(configure)).said
    async with shop.database.single() as connection:
        await connection.execute(
            text("UPDATE events SET received_at = now() - interval '1 year' WHERE workflow_id = :name"),
            {"name": name},
        )
    finding = await events(configure)
    assert f"{name} (waiting: The embedding account has no quota left" in finding.said
    assert finding.advice
    await shop.temporal.get_workflow_handle(name).cancel()
    await shop.ended(event_id)
    assert name not in (await events(configure)).said
