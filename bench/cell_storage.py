"""The room that chunks, products and events take, in a database filled with generated ones."""

from dataclasses import dataclass

import psycopg
from psycopg import sql
from rich.progress import Progress
from sqlalchemy import make_url

from bench.corpus import CHUNKS_PER_PRODUCT, Corpus, Store, load, spell
from bench.event_rows import fill as fill_events
from bench.results import Row
from bench.server_cost import amount
from bench.system import DIMENSIONS, MODEL, Servers, migrate
from connectors.registry import PLATFORMS
from contracts.ids import embedding_label
from contracts.stores import StoreType
from database.access import tokens
from database.engine import Database, create_engine
from database.search import vector_index

NAME = "bench_cell"
SIZES = {"middle": 10_000, **{f"small {number}": 1_000 for number in range(1, 6)}}
EVENTS = 50_000
GB = 10**9
LABEL = embedding_label(MODEL, DIMENSIONS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A filled database, and what its rows take."""

    url: str
    stores: dict[str, Store]
    rows: list[Row]

    async def token(self, store: str) -> str:
        """Returns the secret of a new token of a store."""
        database = Database(create_engine(self.url, pool_size=1))
        try:
            async with database.transaction() as connection:
                issued = await tokens.issue(
                    connection,
                    user_id=self.stores[store].id,
                    store_id=self.stores[store].id,
                    integration_type=StoreType.WOOCOMMERCE,
                    token_format=PLATFORMS[StoreType.WOOCOMMERCE].token_format,
                )
        finally:
            await database.close()
        return issued.secret


async def fill(servers: Servers, progress: Progress) -> Stored:
    """Fill a database of its own with stores, chunks and events, and measure its tables."""
    with psycopg.connect(servers.database_url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(NAME)))
        connection.execute(
            sql.SQL("ALTER DATABASE {} SET maintenance_work_mem = '768MB'").format(sql.Identifier(NAME))
        )
    url = make_url(servers.database_url).set(database=NAME).render_as_string(hide_password=False)
    migrate(url)
    stores = load(url, Corpus(), progress, sizes=SIZES, with_former=False)
    database = Database(create_engine(url, pool_size=1, statement_timeout_seconds=600))
    try:
        async with database.transaction() as connection:
            await spell(connection, list(stores.values()))
        task = progress.add_task("HNSW index and events", total=2)
        vector_index.ensure(url, model=MODEL, dimensions=DIMENSIONS)
        progress.advance(task)
        with psycopg.connect(url.replace("+psycopg", "")) as sequences:
            for table in ("users", "stores"):
                sequences.execute(f"SELECT setval('{table}_id_seq', 1000000)")
        async with database.single() as connection:
            await fill_events(connection, EVENTS)
        progress.advance(task)
    finally:
        await database.close()
    return Stored(url=url, stores=stores, rows=_rows(url))


def _rows(url: str) -> list[Row]:
    chunks = sum(SIZES.values())
    products = chunks // CHUNKS_PER_PRODUCT
    index = vector_index.index_name(LABEL)
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:

        def size(name: str, function: str = "pg_total_relation_size") -> int:
            found = connection.execute(f"SELECT {function}(%s::regclass)", (name,)).fetchone()
            assert found
            return int(found[0])

        hnsw = size(index, "pg_relation_size")
        parts = {
            "texts, words and vectors": size("tenant_knowledge") - hnsw,
            "compact vectors": size("compact_vectors"),
            "products and vocabulary": size("products") + size("vocabulary"),
        }
        events = size("events")
    of = f"{chunks:,} chunks of {DIMENSIONS} dimensions, {products:,} products"
    whole = sum(parts.values())
    return [
        *(amount(f"bytes for each chunk: {name}", room / chunks, "B", of) for name, room in parts.items()),
        amount("bytes for each chunk: HNSW index", hnsw / chunks, "B", of),
        amount("chunks for each GB, without the HNSW index", chunks * GB / whole, "", of),
        amount("chunks for each GB, with it", chunks * GB / (whole + hnsw), "", of),
        amount("bytes for each event without its payload", events / EVENTS, "B", f"{EVENTS:,} events"),
    ]
