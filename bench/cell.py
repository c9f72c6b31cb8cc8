"""What one cell of an installation can do: events and searches for each core, chunks for each GB.

`docs/scale.md` plans with these numbers. A run takes less than five minutes.
"""

import asyncio
import time

import orjson
from rich.progress import Progress
from sqlalchemy import text

from bench import cell_storage
from bench.catalogue import product
from bench.corpus import WORDS, Corpus
from bench.results import Row, peak_memory
from bench.server_cost import amount, cpu_of_family, temporal_writes
from bench.shop import Connection, Shop, delivery, opened
from bench.system import Servers
from database.engine import Database, create_engine
from temporal.client import connect

LANES = 16
WARM_UP = 50
EVENTS = 300
QUESTIONS = 150
QUESTION_WORDS = 4
ASKED = {"a store of 10,000 chunks": "middle", "a store of 1,000 chunks": "small 1"}

ENDED = text("""
    SELECT count(*) FILTER (WHERE status = 'succeeded') AS succeeded,
           count(*) FILTER (WHERE status = 'failed') AS failed
    FROM events WHERE store_id = :store_id
""")


async def measure(servers: Servers, progress: Progress) -> list[Row]:
    """Returns the rows of a cell; the servers need Linux, where CPU time is read."""
    events = await _events(servers, progress)
    stored = await cell_storage.fill(servers, progress)
    return [*events, *stored.rows, *await _searches(servers, stored, progress)]


async def _events(servers: Servers, progress: Progress) -> list[Row]:
    token = await servers.token()
    temporal = await connect(servers.temporal_address, "default")
    database = Database(create_engine(servers.database_url, pool_size=1))
    with (
        servers.instant_embeddings() as base_url,
        servers.api(OPENAI_BASE_URL=base_url) as api,
        servers.worker(OPENAI_BASE_URL=base_url) as worker,
    ):
        parts = {
            "worker": worker.pid,
            "Temporal": servers.temporal.pid,
            "Postgres": servers.postgres.pid,
            "API": api.process.pid,
        }
        async with opened(temporal, api.port, token, LANES) as shop:
            await _send(shop, database, token.store_id, range(WARM_UP))
            before = {name: cpu_of_family(pid) for name, pid in parts.items()}
            writes, began = temporal_writes(servers.temporal.pid), time.perf_counter()
            task = progress.add_task(f"{EVENTS} events", total=1)
            await _send(shop, database, token.store_id, range(WARM_UP, WARM_UP + EVENTS))
            progress.advance(task)
            seconds = time.perf_counter() - began
            written = temporal_writes(servers.temporal.pid) - writes
            spent = {name: cpu_of_family(pid) - before[name] for name, pid in parts.items()}
        await database.close()
        memory = {name: peak_memory(parts[name]) for name in ("worker", "API")}
    of = f"{EVENTS} events of {EVENTS} products"
    rows = [
        amount(
            f"events a second for each core of {name}", EVENTS / used, "/s", f"{used:.1f} s of CPU for {of}"
        )
        for name, used in spent.items()
    ]
    return [
        *rows,
        amount("events a second of all cores together", EVENTS / seconds, "/s", f"{of} in {seconds:.1f} s"),
        amount("CPU of an event", 1000 * sum(spent.values()) / EVENTS, "ms", ", ".join(parts)),
        amount("writes of Temporal for an event", written / EVENTS, "", f"{written:,.0f} for {of}"),
        *(amount(f"peak memory of the {name} process", size, "MiB", of) for name, size in memory.items()),
    ]


async def _send(shop: Shop, database: Database, store_id: int, numbers: range) -> None:
    """Send an event of each product, and wait until all are processed.

    The end is read from Postgres: on a busy machine an event may wait there before it has a workflow.
    """
    left = iter(numbers)

    async def lane() -> None:
        for number in left:
            await shop.send(delivery(product(number + 1)))

    await asyncio.gather(*(lane() for _ in range(LANES)))
    while await _succeeded(database, store_id) < numbers.stop:  # noqa: ASYNC110 - another process writes
        await asyncio.sleep(0.2)


async def _succeeded(database: Database, store_id: int) -> int:
    async with database.reading() as connection:
        found = (await connection.execute(ENDED, {"store_id": store_id})).one()
    if found.failed:
        raise RuntimeError(f"{found.failed} events failed; see the event log")
    return int(found.succeeded)


async def _searches(servers: Servers, stored: cell_storage.Stored, progress: Progress) -> list[Row]:
    rows: list[Row] = []
    corpus = Corpus()
    task = progress.add_task("searches", total=len(ASKED))
    with (
        servers.instant_embeddings() as base_url,
        servers.api(OPENAI_BASE_URL=base_url, PILITO_DATABASE_URL=stored.url) as api,
    ):
        for name, store in ASKED.items():
            secret = await stored.token(store)
            async with Connection(api.port, path="/api/v1/knowledge/search/", secret=secret) as http:
                await _ask(http, corpus, WARM_UP)
                pids = {"API": api.process.pid, "Postgres": servers.postgres.pid}
                before = {part: cpu_of_family(pid) for part, pid in pids.items()}
                await _ask(http, corpus, QUESTIONS)
                spent = {part: cpu_of_family(pid) - before[part] for part, pid in pids.items()}
            made_of = ", ".join(f"{part} {1000 * used / QUESTIONS:.0f} ms" for part, used in spent.items())
            rows.append(
                amount(
                    f"searches a second for each core, {name}", QUESTIONS / sum(spent.values()), "/s", made_of
                )
            )
            progress.advance(task)
    return rows


async def _ask(http: Connection, corpus: Corpus, number: int) -> None:
    """Ask different questions one after the other."""
    for _ in range(number):
        body = orjson.dumps({"query": corpus.text(min(QUESTION_WORDS, WORDS)), "limit": 10})
        await http.post(body, expect=200)
