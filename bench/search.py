"""Search among 100,000 chunks: the nearest chunks and their recall, whole questions, and writes of chunks."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import psycopg
from psycopg import sql
from rich.progress import Progress
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import AsyncConnection

from bench import questions, scan
from bench.chunk_writes import write_rows
from bench.corpus import STORES, Corpus, Floats, Store, load, spell
from bench.results import Row, Times, at_least, at_most, compared, count, ratio
from bench.system import DIMENSIONS, MODEL, Servers, migrate
from contracts.ids import embedding_label
from database.engine import Database, create_engine
from database.search import vector_index, vectors
from database.search.vectors import Space

NAME = "bench_search"
QUESTIONS = 40
WARM_UP = 10
BEST = 10
LABEL = embedding_label(MODEL, DIMENSIONS)
FILTERS = "p.in_stock AND p.price BETWEEN 300000 AND 600000"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A store, and the most that its nearest chunks may take, against the search of version 0.1."""

    name: str
    store: Store
    filters: str = ""
    p50: float | None = None
    p95: float | None = None
    recall: float = 0.98


@dataclass(slots=True)
class Found:
    """The times of both searches, and the recall of ours."""

    ours: Times = field(default_factory=Times)
    theirs: Times = field(default_factory=Times)
    recalled: int = 0
    recallable: int = 0


async def measure(servers: Servers, progress: Progress) -> list[Row]:
    url = _own_database(servers.database_url)
    migrate(url)
    corpus = Corpus()
    stores = load(url, corpus, progress)
    task = progress.add_task("HNSW index", total=1)
    began = time.monotonic()
    vector_index.ensure(url, model=MODEL, dimensions=DIMENSIONS)
    built = time.monotonic() - began
    progress.advance(task)
    large, middle, small, written = (stores[name] for name in ("large", "middle", "small 20", "small 21"))
    cases = [
        Case(name="a store of 50,000", store=large, p95=1.0),
        Case(name="a store of 50,000, filtered", store=large, filters=FILTERS),
        Case(name="a store of 10,000", store=middle, p50=0.35, p95=0.5, recall=0.99),
        Case(name="a store of 10,000, filtered", store=middle, filters=FILTERS, p50=1.0, recall=0.99),
        Case(name="a store of 1,000", store=small, p50=1.0, recall=0.99),
        Case(name="a store of 1,000, filtered", store=small, filters=FILTERS, recall=0.99),
    ]
    whole = questions.cases(stores)
    task = progress.add_task("search", total=len(cases) * QUESTIONS + len(whole) * questions.ROUNDS)
    database = Database(create_engine(url, pool_size=1, statement_timeout_seconds=60))
    rows: list[Row] = []
    try:
        for case in cases:
            found = await _ask(
                database, case, corpus.vectors(WARM_UP + QUESTIONS), lambda: progress.advance(task)
            )
            rows += _rows(case, found)
        async with database.transaction() as connection:
            await spell(connection, (large, middle, small, written))
        for each in whole:
            rows += await questions.rows_of(database, each, corpus, lambda: progress.advance(task))
        rows += await write_rows(database, corpus, written, progress)
    finally:
        await database.close()
    return [*rows, *_index_rows(url, built)]


def _own_database(url: str) -> str:
    """Create a separate database with memory for building indexes. Returns its URL."""
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(NAME)))
        connection.execute(
            sql.SQL("ALTER DATABASE {} SET maintenance_work_mem = '768MB'").format(sql.Identifier(NAME))
        )
    return make_url(url).set(database=NAME).render_as_string(hide_password=False)


async def _ask(database: Database, case: Case, questions: Floats, advance: Callable[[], object]) -> Found:
    """Search in alternation with both, then exactly, to measure the recall of ours."""
    found = Found()
    space = Space(one_store=True, first="", filters=case.filters, label=LABEL, dimensions=DIMENSIONS)
    owner = {"user_id": case.store.id, "store_id": case.store.id}
    for at, vector in enumerate(questions):
        today = {**owner, "vector": vectors.parameter(vector.tolist())}
        parameters = {**owner, "vector": str(vector.tolist())}
        ours = partial(_in_transaction, database, _nearest, space, today)
        theirs = partial(_in_transaction, database, scan.nearest, space, parameters)
        if at < WARM_UP:
            await ours()
            await theirs()
            continue
        await found.theirs.take(theirs)
        await found.ours.take(ours)
        exact = await _in_transaction(database, partial(scan.nearest, exact=True), space, parameters)
        nearest = {row.id for row in exact[:BEST]}
        found.recalled += len(nearest & {row.id for row in (await ours())[:BEST]})
        found.recallable += len(nearest)
        advance()
    return found


async def _in_transaction(
    database: Database, search: Callable[..., Any], space: Space, parameters: dict[str, Any]
) -> Any:
    async with database.transaction() as connection:
        return await search(connection, space, parameters)


async def _nearest(connection: AsyncConnection, space: Space, parameters: dict[str, Any]) -> Any:
    """Returns the nearest chunks, found as a search finds them."""

    async def rows(*, exact: bool) -> Any:
        statement = f"""
            WITH {vectors.near(space, exact=exact)}
            SELECT id, product_id, (SELECT count(*) FROM near) AS counted
            FROM near ORDER BY similarity DESC LIMIT 60"""
        return (await connection.execute(text(statement), parameters)).all()

    exact = await vectors.prepare(connection, space, parameters)
    found = await rows(exact=exact)
    is_enough = exact or (found and found[0].counted >= vectors.ENOUGH)
    return found if is_enough else await rows(exact=True)


def _rows(case: Case, found: Found) -> list[Row]:
    return [
        *(
            at_most(
                f"nearest chunks p{percent}, {case.name}, against version 0.1",
                ratio(found.ours, found.theirs, percent),
                limit,
                compared(found.ours, found.theirs, percent),
            )
            for percent, limit in ((50, case.p50), (95, case.p95))
        ),
        at_least(
            f"recall@{BEST} of vectors, {case.name}",
            found.recalled / found.recallable,
            case.recall,
            f"{found.recalled} of {found.recallable} nearest chunks",
            unit="",
        ),
    ]


def _index_rows(url: str, seconds: float) -> list[Row]:
    chunks = f"{sum(STORES.values()):,} chunks of {DIMENSIONS} dimensions"
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        sizes = [
            row[0] // 2**20
            for name in (vector_index.index_name(LABEL), "compact_vectors", "pk_compact_vectors")
            if (row := connection.execute("SELECT pg_relation_size(%s::regclass)", (name,)).fetchone())
        ]
    return [
        count("seconds to make the vector index", round(seconds), chunks),
        count("size of the vector index, MiB", sizes[0], chunks),
        count("size of the compact vectors with their index, MiB", sum(sizes[1:]), chunks),
    ]
