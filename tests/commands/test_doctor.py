"""`pilito doctor`: what each check says when all is well, and its advice when it is not."""

import asyncio
import json
import shutil
from pathlib import Path

import pytest
from sqlalchemy import create_engine as sync_engine
from sqlalchemy import text

from commands.doctor import disk
from commands.doctor.command import examine
from commands.doctor.result import CheckResult, State
from contracts.ids import event_inbox_id
from fakes.openai import EmbeddingServer, Refusal, insufficient_quota, invalid_api_key
from settings import Settings
from temporal.client import connect
from temporal.schedules import ensure_schedules, own_schedules
from tests.support import deliveries
from tests.support.environment import (
    DIMENSIONS,
    SECRET_KEY,
    Configure,
    another_database,
    empty_database,
    migrated,
)
from tests.support.eventually import eventually
from tests.support.pilito import Pilito, Printed
from tests.support.shop import Shop
from tests.support.system import System, forget_schedules, running, working


async def events(configure: Configure, subject: str = "Events") -> CheckResult:
    settings = configure()
    results = [result async for result in examine(settings, migrated(settings.database_url or ""))]
    return next(result for result in results if result.subject == subject)


async def test_events_that_have_not_ended_for_an_hour_are_named(
    shop: Shop, configure: Configure, embeddings: EmbeddingServer
) -> None:
    """With what they wait for, and what to do."""
    embeddings.fail_always(insufficient_quota())
    event_id = await shop.submit({"id": 1, "name": "لامپ"})
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


async def test_a_delivery_that_cannot_be_read_is_named_until_a_later_one_is(
    system: System, configure: Configure, embeddings: EmbeddingServer
) -> None:
    """With its product, the reason and what to do."""
    shop = await system.shop(webhook_secret="a-secret-of-letters")
    product = {"id": 4711, "name": "لامپ", "type": "variation", "parent_id": "none"}
    await shop.deliver(deliveries.woocommerce(product, "a-secret-of-letters"))
    name = f"of woo_4711 in store {shop.store_id}"
    finding = await events(configure, "Failed events")
    assert f"{name} (The product cannot be read: product.parent_id" in finding.said
    assert "retry" in finding.advice
    await shop.sync({"id": 4711, "name": "لامپ"})
    assert name not in (await events(configure, "Failed events")).said


def environment(configure: Configure) -> dict[str, str]:
    settings = configure()
    assert settings.openai_api_key
    return {
        "PILITO_DATABASE_URL": settings.database_url or "",
        "PILITO_TEMPORAL_ADDRESS": settings.temporal_address or "",
        "PILITO_EMBEDDING_DIMENSIONS": str(settings.embedding_dimensions),
        "OPENAI_API_KEY": settings.openai_api_key.get_secret_value(),
        "OPENAI_BASE_URL": str(settings.openai_base_url),
        "PILITO_SECRET_KEY": SECRET_KEY,
        "COLUMNS": "9000",
    }


@pytest.fixture
def doctor(
    configure: Configure, embeddings: EmbeddingServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Pilito:
    """Runs `pilito` with the servers of the tests."""
    monkeypatch.chdir(tmp_path)
    return Pilito(environment(configure))


def results_of(printed: Printed) -> dict[str, tuple[str, str, str]]:
    """Returns subject -> (mark, finding, advice)."""
    results: dict[str, tuple[str, str, str]] = {}
    subject = ""
    for line in printed.text.splitlines():
        if line.startswith("  → "):
            mark, said, _ = results[subject]
            results[subject] = mark, said, line.removeprefix("  → ")
        else:
            subject, _, said = line[2:].partition(": ")
            results[subject] = line[0], said, ""
    return results


async def test_all_is_well(doctor: Pilito) -> None:
    """Each check has a line with a tick, and the exit code is 0 unless events are stuck."""
    results = results_of(await doctor("doctor"))
    of_events = ["Events", "Failed events"]
    subjects = [
        "Settings",
        "Postgres",
        "pgvector",
        "Tables",
        "Vector index",
        "Secret key",
        *of_events,
        "Storage",
    ]
    of_temporal = ["Temporal", "Search attributes", "Schedules", "Workers", "Other queues"]
    assert list(results) == [*subjects, *of_temporal, "Clocks", "Embeddings", "Public address", "Disk"]
    depends_on_other_tests = {*of_events, "Secret key", "Schedules", "Workers", "Other queues", "Disk"}
    assert {subject for subject, (mark, _, _) in results.items() if mark == "✗"} <= depends_on_other_tests
    assert results["Embeddings"][1] == "text-embedding-3-small answers 256 numbers, as configured"
    assert results["Search attributes"][1] == "registered"


async def test_nothing_is_configured(doctor: Pilito) -> None:
    """Each missing address comes with the name of its setting."""
    bare = Pilito({"COLUMNS": "200", "PILITO_STATE_DIR": "/nowhere"})
    printed = await bare("doctor")
    assert printed.code == 1
    advice = {subject: advice for subject, (_, _, advice) in results_of(printed).items()}
    assert "PILITO_DATABASE_URL" in advice["Postgres"]
    assert "PILITO_TEMPORAL_ADDRESS" in advice["Temporal"]
    assert "OPENAI_API_KEY" in advice["Embeddings"]


async def test_servers_that_do_not_answer(doctor: Pilito) -> None:
    """Each is reported on its own; the others are checked all the same."""
    printed = await doctor(
        "doctor",
        PILITO_DATABASE_URL="postgresql+psycopg://user:secret@127.0.0.1:1/name",
        PILITO_TEMPORAL_ADDRESS="127.0.0.1:1",
    )
    assert (printed.code, "secret" in printed.text) == (1, False), printed.text
    results = results_of(printed)
    for subject, setting in (("Postgres", "PILITO_DATABASE_URL"), ("Temporal", "PILITO_TEMPORAL_ADDRESS")):
        assert results[subject][1].endswith("Connection refused")
        assert setting in results[subject][2]
    assert results["Embeddings"][0] == "✓"


async def test_an_embeddings_api_that_refuses(doctor: Pilito, embeddings: EmbeddingServer) -> None:
    """What it said is shown without the key, with the settings to check."""
    embeddings.fail_always(invalid_api_key())
    mark, said, advice = results_of(await doctor("doctor"))["Embeddings"]
    assert (mark, "It answered: “Incorrect API key provided.”" in said) == ("✗", True)
    assert "OPENAI_API_KEY" in advice
    embeddings.refuse_connections()
    try:
        mark, said, advice = results_of(await doctor("doctor"))["Embeddings"]
    finally:
        embeddings.accept_connections()
    assert mark == "✗"
    assert said.startswith("The embedding service cannot be reached. http://127.0.0.1:")
    assert "refused" in said
    assert "OPENAI_BASE_URL" in advice


@pytest.mark.parametrize(("kind", "compares"), [("lexical", "words, not meanings"), ("e5", "meanings")])
async def test_the_local_embedding_server_says_how_it_compares(
    doctor: Pilito, embeddings: EmbeddingServer, kind: str, compares: str
) -> None:
    """It may compare words under the name of any model."""
    vector = b'{"data": [{"index": 0, "embedding": [1%b]}]}' % (b",0" * (DIMENSIONS - 1))
    embeddings.fail_always(Refusal(status=200, body=vector, headers={"x-pilito-embedder": kind}))
    mark, said, _ = results_of(await doctor("doctor"))["Embeddings"]
    server = "text-embedding-3-small on the local server of `pilito up`"
    expected = f"{server}, which compares {compares}, answers {DIMENSIONS} numbers, as configured"
    assert (mark, said) == ("✓", expected)


async def test_a_model_with_other_dimensions(doctor: Pilito, embeddings: EmbeddingServer) -> None:
    """The numbers that the server answers count, and the advice names the setting."""
    vector = b'{"data": [{"index": 0, "embedding": [1, 0, 0]}]}'
    embeddings.fail_always(Refusal(status=200, body=vector))
    mark, said, advice = results_of(await doctor("doctor"))["Embeddings"]
    assert (mark, "3 numbers where 256 are configured" in said) == ("✗", True), said
    assert advice.startswith("Set PILITO_EMBEDDING_DIMENSIONS")


async def test_results_as_json(doctor: Pilito) -> None:
    """One object for each check, for monitoring; the exit code is that of the text."""
    printed = await doctor("doctor", "--json", PILITO_TEMPORAL_ADDRESS="127.0.0.1:1")
    results = {one["subject"]: one for one in json.loads(printed.text)}
    assert printed.code == 1
    assert (results["Temporal"]["state"], results["pgvector"]["state"]) == ("failed", "ok")
    assert "PILITO_TEMPORAL_ADDRESS" in results["Temporal"]["advice"]
    assert results["pgvector"]["advice"] is None


async def test_the_public_address(doctor: Pilito, system: System) -> None:
    """Unset and unreachable ones are warnings; one that another program answers is a failure."""

    async def checked(address: str) -> tuple[str, str, str]:
        return results_of(await doctor("doctor", PILITO_PUBLIC_URL=address))["Public address"]

    assert (await checked(""))[0] == "!"
    mark, said, advice = await checked("https://127.0.0.1:1")
    assert (mark, "does not answer this machine" in said) == ("!", True)
    assert "reverse proxy" in advice
    mark, said, _ = await checked(str(system.http.base_url))
    assert (mark, said.endswith(", on this machine")) == ("✓", True)
    mark, said, advice = await checked(f"{system.http.base_url}/elsewhere")
    assert (mark, "answers 404, and not as this service" in said) == ("✗", True)
    assert "PILITO_PUBLIC_URL" in advice


async def test_a_misspelt_setting(doctor: Pilito) -> None:
    """The nearest right name is given; a variable of the examples is none."""
    printed = await doctor("doctor", PILITO_REQUESTS_PER_MINUT="9", PILITO_TOKEN="wc_sk_live_x")
    said = "PILITO_REQUESTS_PER_MINUT is no setting; PILITO_REQUESTS_PER_MINUTE is one"
    assert printed.text.startswith(f"Ignored: {said}.\n")
    assert f"! Settings: {said}\n  → Rename PILITO_REQUESTS_PER_MINUT to" in printed.text
    assert "PILITO_TOKEN" not in printed.text


def test_little_room_on_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tenth of a small disk is a warning, a twentieth a failure; of a large one, 20 GiB are enough."""
    found = []
    for total, free in ((100, 30), (100, 8), (100, 4), (4_000, 100)):
        usage = shutil._ntuple_diskusage(total * disk.GIB, 0, free * disk.GIB)
        monkeypatch.setattr(shutil, "disk_usage", lambda _, usage=usage: usage)
        found.append(asyncio.run(disk.check_disk(Settings.model_validate({}))).state)
    assert found == [State.OK, State.WARNING, State.FAILED, State.OK]


@pytest.mark.parametrize("scheme", ["socks5", "socks5h", "http"])
async def test_a_proxy_of_the_environment(doctor: Pilito, scheme: str) -> None:
    """A server on this machine is asked without it; another one is asked through it."""
    proxy = f"{scheme}://127.0.0.1:1"
    assert results_of(await doctor("doctor", ALL_PROXY=proxy))["Embeddings"][0] == "✓"
    elsewhere = {"ALL_PROXY": proxy, "OPENAI_BASE_URL": "http://embeddings.test/v1"}
    mark, said, advice = results_of(await doctor("doctor", **elsewhere))["Embeddings"]
    assert (mark, said.startswith("The embedding service cannot be reached.")) == ("✗", True)
    assert "ALL_PROXY" in advice


async def test_a_proxy_that_cannot_be_used(doctor: Pilito) -> None:
    """One sentence names the variable; the password of the proxy is not shown."""
    printed = await doctor(
        "doctor", ALL_PROXY="socks://me:hidden@127.0.0.1:1", OPENAI_BASE_URL="http://embeddings.test/v1"
    )
    mark, said, advice = results_of(printed)["Embeddings"]
    assert (mark, said) == ("✗", "A proxy of the environment cannot be used")
    assert "ALL_PROXY" in advice
    assert "socks5://" in advice
    assert "hidden" not in printed.text


async def test_a_database_without_tables(doctor: Pilito, postgres_url: str) -> None:
    """`pilito migrate` is advised for the extension, the tables and the index, and makes them."""
    url = empty_database(postgres_url, "doctor")
    results = results_of(await doctor("doctor", PILITO_DATABASE_URL=url))
    for subject in ("pgvector", "Tables", "Vector index"):
        assert results[subject][0] == "✗"
        assert results[subject][2] == "Run `pilito migrate`."
    assert "Events" not in results
    migrated_now = await doctor("migrate", PILITO_DATABASE_URL=url)
    assert migrated_now.code == 0, migrated_now.text
    results = results_of(await doctor("doctor", PILITO_DATABASE_URL=url))
    in_postgres = [mark for mark, _, _ in list(results.values())[1:8]]
    assert in_postgres == ["✓"] * 7


async def test_another_model_has_no_index(doctor: Pilito) -> None:
    """The index is made for one model and its dimensions."""
    results = results_of(await doctor("doctor", PILITO_EMBEDDING_DIMENSIONS="64"))
    mark, said, advice = results["Vector index"]
    assert (mark, advice) == ("✗", "Run `pilito migrate`.")
    assert said.startswith("none for text-embedding-3-small")


async def test_a_namespace_without_search_attributes(doctor: Pilito) -> None:
    """`pilito prepare-temporal` names what it registers, and has nothing left to do the next time."""
    printed = await doctor("prepare-temporal", PILITO_TASK_QUEUE="prepared")
    assert (printed.code, printed.text) == (0, "Search attributes and schedules are in place.\n")
    printed = await doctor("prepare-temporal", PILITO_TEMPORAL_ADDRESS="")
    assert (printed.code, "set PILITO_TEMPORAL_ADDRESS" in printed.text) == (1, True)


async def test_a_newer_database(doctor: Pilito, postgres_url: str) -> None:
    """The advice is the newer version, because no migration of this one helps."""
    url = another_database(postgres_url, "newer")
    engine = sync_engine(url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0123456789ab'"))
    engine.dispose()
    mark, said, advice = results_of(await doctor("doctor", PILITO_DATABASE_URL=url))["Tables"]
    assert (mark, "0123456789ab" in said) == ("✗", True)
    assert advice == "Install the newer version; this one cannot use its tables."
    printed = await doctor("migrate", PILITO_DATABASE_URL=url)
    assert (printed.code, "Traceback" in printed.text) == (1, False), printed.text
    assert "A newer version made these tables" in printed.text


async def test_a_key_that_decrypts_nothing(doctor: Pilito, system: System) -> None:
    """Neither a missing key nor another one opens the secrets of a store."""
    shop = await system.shop(webhook_secret="whsec_secret")
    printed = await doctor("doctor", PILITO_SECRET_KEY="another key of thirty-two bytes or more")
    mark, said, advice = results_of(printed)["Secret key"]
    assert (mark, f"{shop.store_id}" in said or said.count(",") == 4) == ("✗", True), said
    assert "PILITO_SECRET_KEY" in advice
    mark, said, _ = results_of(await doctor("doctor", PILITO_SECRET_KEY=""))["Secret key"]
    assert (mark, said) == ("✗", "not set")


async def test_a_database_that_is_read_only(doctor: Pilito, postgres_url: str) -> None:
    """It can be read, so only a write shows it."""
    url = another_database(postgres_url, "kept")
    engine = sync_engine(url)
    with engine.begin() as connection:
        connection.execute(text("ALTER DATABASE kept SET default_transaction_read_only = on"))
    engine.dispose()
    mark, said, advice = results_of(await doctor("doctor", PILITO_DATABASE_URL=url))["Storage"]
    assert (mark, said) == ("✗", "Postgres accepts no writes: it is read-only or a standby.")
    assert "primary" in advice


async def test_no_worker_listens_and_a_renamed_queue(configure: Configure) -> None:
    """The queue is named, with what waits there; a renamed queue is found by its open workflows."""
    settings = configure(task_queue="before-the-rename")

    async def examined(queue: str) -> dict[str, CheckResult]:
        changed = configure(task_queue=queue)
        config = migrated(changed.database_url or "")
        return {result.subject: result async for result in examine(changed, config)}

    async with running(settings, work=False) as idle:
        shop = await idle.shop()
        event_id = await shop.submit({"id": 1, "name": "لامپ"})
        results = await eventually(
            lambda: examined("before-the-rename"),
            lambda found: "wait" in found["Workers"].said,
            what="a backlog",
        )
        assert results["Workers"].said.startswith("0 on before-the-rename, where 1 task waits")
        assert "Start `pilito worker`" in results["Workers"].advice
        renamed = await examined("after-the-rename")
        assert "before-the-rename (1 open workflow, 0 schedules)" in renamed["Other queues"].said
        assert renamed["Schedules"].said.startswith("missing: ")
        assert renamed["Schedules"].advice == "Run `pilito prepare-temporal`."
        assert "renamed" in renamed["Other queues"].advice
        async with working(settings):
            await shop.ended(event_id)
            well = CheckResult(subject="Workers", said="1 on before-the-rename; 1 on before-the-rename-bulk")
            await eventually(
                lambda: examined("before-the-rename"),
                lambda found: found["Workers"] == well,
                what="no backlog",
            )
            assert "before-the-rename" not in (await examined("after-the-rename"))["Other queues"].said


async def test_schedules_of_a_renamed_queue(configure: Configure) -> None:
    """They go on starting workflows that no worker takes up, so the queue is named."""
    settings = configure(task_queue="schedules-before")
    client = await connect(settings.temporal_address or "", settings.temporal_namespace)
    await ensure_schedules(client, task_queue="schedules-before")
    try:

        async def other_queues() -> str:
            config = migrated(settings.database_url or "")
            changed = configure(task_queue="schedules-after")
            results = {result.subject: result async for result in examine(changed, config)}
            return results["Other queues"].said

        await eventually(
            other_queues,
            lambda said: "schedules-before" in said and "3 schedules" in said,
            what="the schedules",
        )
        name = event_inbox_id("schedules-before")
        await client.get_schedule_handle(name).pause()
        assert await own_schedules(client, task_queue="schedules-before") == ([], [name])
    finally:
        await forget_schedules(client, "schedules-before")
