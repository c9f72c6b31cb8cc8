"""Facets and filters of search in a store of 10,000 products, 3,333 of them with variations."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial

import psycopg
from psycopg import sql
from rich.progress import Progress
from sqlalchemy import make_url

from bench.results import Call, Row, Times, at_most
from bench.system import MODEL, Servers, migrate
from contracts.ids import embedding_label
from contracts.search import Filters, Found, Question
from database.engine import Database, create_engine
from database.search.find import find
from knowledge.search.builtin import builtin

NAME = "bench_facets"
STORES = 6
PRODUCTS = 10_000
DIMENSIONS = 384
WORDS = 5_000
QUESTION_WORDS = 4
ROUNDS = 60
WARM_UP = 10
LABEL = embedding_label(MODEL, DIMENSIONS)
FACETS = ("brand", "category", "price", "attributes.colour", "attributes.size")

FILL = f"""
INSERT INTO users (id, email, password_hash) OVERRIDING SYSTEM VALUE
SELECT n, n || '@example.com', 'unused' FROM generate_series(1, {STORES}) AS n;

INSERT INTO stores (id, user_id, type, name) OVERRIDING SYSTEM VALUE
SELECT n, n, 'woocommerce', 'bench' FROM generate_series(1, {STORES}) AS n;

INSERT INTO products (user_id, store_id, external_source, external_id, title, description, brands,
                      categories, attributes, price, currency, in_stock, status, is_active, received_at,
                      content_hash, claimed_hash, metadata, keys)
SELECT store, store, 'woocommerce', 'woo_' || n, 'Product ' || n, repeat('text ', 100 + n % 300),
       ARRAY['brand' || n % 90], ARRAY['top' || n % 12, 'category' || n % 180],
       jsonb_build_array(
           jsonb_build_object('name', 'colour', 'options', jsonb_build_array('c' || n % 9, 'c' || n % 7)),
           jsonb_build_object('name', 'size', 'options', jsonb_build_array('s' || n % 11)),
           jsonb_build_object('name', 'serial', 'options', jsonb_build_array('n' || n))),
       1000 * (1 + n % 997), 'IRT', n % 10 < 7, 'publish', true, now(), 'hash', 'hash', '{{}}',
       ARRAY(SELECT store || '/' || key FROM unnest(ARRAY[
           'brand/brand' || n % 90, 'category/top' || n % 12, 'category/category' || n % 180,
           'attribute/colour/c' || n % 9, 'attribute/colour/c' || n % 7, 'attribute/size/s' || n % 11,
           'attribute/serial/n' || n]) AS key)
FROM generate_series(1, {PRODUCTS}) AS n CROSS JOIN generate_series(1, {STORES}) AS store;

INSERT INTO product_variations (store_id, external_id, parent_external_id, options, price, in_stock,
                                received_at, keys)
SELECT p.store_id, p.external_id || '_' || v, p.external_id,
       jsonb_build_array(
           jsonb_build_object('name', 'colour', 'options', jsonb_build_array('c' || v)),
           jsonb_build_object('name', 'size', 'options', jsonb_build_array('s' || (v + p.id) % 11))),
       p.price + v, (v + p.id) % 3 > 0, now(),
       ARRAY[p.store_id || '/attribute/colour/c' || v, p.store_id || '/attribute/size/s' || (v + p.id) % 11]
FROM products p CROSS JOIN generate_series(1, 6) AS v WHERE p.id % 3 = 0;

INSERT INTO tenant_knowledge (user_id, store_id, product_id, content_hash, model, position, text, text_hash,
                              tokens, is_live, embedding, words)
SELECT p.user_id, p.store_id, p.id, 'hash', '{LABEL}', 0, made.text, 'hash', 40, true,
       CASE WHEN p.store_id = 1 THEN CAST(ARRAY(
           SELECT random() - 0.5 + p.id * 0 FROM generate_series(1, {DIMENSIONS})) AS halfvec) END,
       to_tsvector('simple', made.text)
           || array_to_tsvector(ARRAY['user=' || p.user_id, 'store=' || p.store_id])
FROM products p CROSS JOIN LATERAL (
    SELECT string_agg('word' || floor(power(random(), 3) * {WORDS}), ' ') AS text
    FROM generate_series(1 + p.id * 0, 40)) AS made;
"""
"""The first store is asked; the others have as many products, between its own only in the indexes."""


@dataclass(frozen=True, slots=True)
class _Case:
    """A search with filters and facets, and the filters of the search that it is compared with."""

    name: str
    filters: Filters
    facets: Sequence[str]
    base: Filters
    limit: float | None = None
    words: bool = True


async def measure(servers: Servers, progress: Progress) -> list[Row]:
    url = _filled(servers.database_url, progress)
    asked, stocked = Filters(brands=["brand1", "brand2", "brand3"]), Filters(min_price=Decimal(0))
    sizes = Filters(attributes={"colour": ["c1"], "size": ["s4"]}, in_stock=True)
    cases = [
        _Case("a question with facets, against none", Filters(), FACETS, Filters(), limit=1.5),
        _Case("a question of three brands with facets, against none", asked, FACETS, asked, limit=1.5),
        _Case("a list of three brands with facets, against none", asked, FACETS, asked, words=False),
        _Case("a list of all products with facets, against none", stocked, FACETS, stocked, words=False),
        _Case("a question of three brands, against no filter", asked, (), Filters()),
        _Case("a question of colour, size and stock, against no filter", sizes, (), Filters()),
    ]
    task = progress.add_task("facets", total=len(cases) * ROUNDS)
    database = Database(create_engine(url, pool_size=1, statement_timeout_seconds=60))
    rows = []
    try:
        for case in cases:
            one = partial(_find, database, case.filters, case.facets, words=case.words)
            other = partial(_find, database, case.base, (), words=case.words)
            times, base = await _alternating(one, other, lambda: progress.advance(task))
            ratio = times.percentile(50) / base.percentile(50)
            rows.append(at_most(f"search p50, {case.name}", ratio, case.limit, f"{times} / {base}"))
    finally:
        await database.close()
    return rows


async def _alternating(one: Call, other: Call, advance: Callable[[], object]) -> tuple[Times, Times]:
    times, base = Times(), Times()
    for at in range(ROUNDS):
        seconds = (Times(), Times()) if at < WARM_UP else (times, base)
        await seconds[0].take(one)
        await seconds[1].take(other)
        advance()
    return times, base


def _filled(url: str, progress: Progress) -> str:
    """Create a separate database with the stores. Returns its URL."""
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(NAME)))
    own = make_url(url).set(database=NAME).render_as_string(hide_password=False)
    migrate(own)
    task = progress.add_task(f"{STORES * PRODUCTS:,} products", total=1)
    with psycopg.connect(own.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(FILL)
        connection.execute("VACUUM ANALYZE")
    progress.advance(task)
    return own


async def _find(database: Database, filters: Filters, facets: Sequence[str], *, words: bool) -> Found:
    """Ask a question of random words, or list what passes the filters."""
    draw = random.Random()
    text = " ".join(f"word{int(draw.random() ** 3 * WORDS)}" for _ in range(QUESTION_WORDS)) if words else ""
    question = Question(
        user_id=1,
        store_id=1,
        text=text,
        vector=[draw.random() - 0.5 for _ in range(DIMENSIONS)] if words else None,
        filters=filters,
        facets=facets,
    )
    async with database.transaction() as connection:
        return await find(connection, question, builtin(), label=LABEL, dimensions=DIMENSIONS)
