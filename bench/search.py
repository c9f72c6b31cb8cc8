"""Search among 100,000 chunks: response time and recall."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from typing import Any

import psycopg
from psycopg import sql
from rich.progress import Progress
from sqlalchemy import make_url, text

from bench.corpus import STORES, Corpus, Store, load
from bench.results import Row, Times, at_least, at_most, compared, count, ratio
from bench.system import DIMENSIONS, MODEL, Servers, migrate
from contracts.ids import embedding_label
from contracts.search import Filters, Hit, Question
from database.engine import Database, create_engine
from database.search import vector_index
from database.search.find import find
from knowledge.search.builtin import builtin

NAME = "bench_search"
QUESTIONS = 40
WARM_UP = 10
QUESTION_WORDS = 4
BEST = 10
ENOUGH = 0.95
LABEL = embedding_label(MODEL, DIMENSIONS)
FILTERED: dict[str, Any] = {"in_stock": True, "min_price": Decimal(300_000), "max_price": Decimal(600_000)}


@dataclass(slots=True)
class Found:
    """The times of one kind of query, by index and by exact scan, and the recall."""

    indexed: Times
    exact: Times
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
    cases: dict[str, Question] = {
        f"{name}{', ' + 'stock and price filtered' if filters else ''}": _question(store, filters)
        for name, store in (
            ("a store of 50,000", stores["large"]),
            ("a store of 10,000", stores["middle"]),
            ("a store of 1,000", stores["small 20"]),
        )
        for filters in (dict[str, Any](), FILTERED)
    }
    task = progress.add_task("search", total=len(cases) * QUESTIONS)
    database = Database(create_engine(url, pool_size=1, statement_timeout_seconds=60))
    rows: list[Row] = []
    try:
        for name, question in cases.items():
            found = await _ask(database, question, corpus, lambda: progress.advance(task))
            rows += _rows(name, found)
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


def _question(store: Store, filters: dict[str, Any]) -> Question:
    return Question(
        user_id=store.id, store_id=store.id, text="?", vector=None, limit=BEST, filters=Filters(**filters)
    )


async def _ask(
    database: Database, question: Question, corpus: Corpus, advance: Callable[[], object]
) -> Found:
    """Run hybrid queries by index and exactly, then queries by vector only, to measure the recall."""
    found = Found(indexed=Times(), exact=Times())
    vectors = corpus.vectors(WARM_UP + QUESTIONS)
    for at, vector in enumerate(vectors):
        words = corpus.text(QUESTION_WORDS)
        asked = replace(question, vector=vector.tolist())
        hybrid, exact = partial(_find, asked, words, exact=False), partial(_find, asked, words, exact=True)
        if at < WARM_UP:
            await hybrid(database)
            continue
        await found.indexed.take(partial(hybrid, database))
        await found.exact.take(partial(exact, database))
        near, nearest = [
            {hit.product.id for hit in await _find(asked, "", database, exact=way)} for way in (False, True)
        ]
        found.recalled += len(near & nearest)
        found.recallable += len(nearest)
        advance()
    return found


async def _find(question: Question, words: str, database: Database, *, exact: bool) -> list[Hit]:
    async with database.transaction() as connection:
        if exact:
            await connection.execute(text("SET LOCAL enable_indexscan = off"))  # bitmap scans stay enabled
        found = await find(
            connection, replace(question, text=words), builtin(), label=LABEL, dimensions=DIMENSIONS
        )
        return list(found.hits)


def _rows(name: str, found: Found) -> list[Row]:
    return [
        *(
            at_most(
                f"search p{percent}, {name}, against exact vectors",
                ratio(found.indexed, found.exact, percent),
                None,
                compared(found.indexed, found.exact, percent),
            )
            for percent in (50, 95)
        ),
        at_least(
            f"recall@{BEST} of vectors, {name}",
            found.recalled / found.recallable,
            ENOUGH,
            f"{found.recalled} of {found.recallable} nearest products",
            unit="",
        ),
    ]


def _index_rows(url: str, seconds: float) -> list[Row]:
    name = vector_index.index_name(LABEL)
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        row = connection.execute("SELECT pg_relation_size(%s::regclass)", (name,)).fetchone()
    assert row
    chunks = f"{sum(STORES.values()):,} chunks of {DIMENSIONS} dimensions"
    return [
        count("seconds to make the vector index", round(seconds), chunks),
        count("size of the vector index, MiB", row[0] // 2**20, chunks),
    ]
