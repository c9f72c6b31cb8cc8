"""Fills a store with products directly in the tables: one chunk each, with generated text and vectors."""

import asyncio
from typing import Any

import psycopg
from pgvector import HalfVector
from pgvector.psycopg import register_vector

from bench.corpus import Corpus, spell
from bench.corpus import Store as Spelt
from contracts.ids import embedding_label
from database.engine import Database, create_engine
from proof.running.store import Store

WORDS = 60
TITLE_WORDS = 6
BLOCK = 1_000
SECONDS_TO_SPELL = 300

_PRODUCTS = """
    INSERT INTO products (user_id, store_id, external_source, external_id, title, price, currency, in_stock,
                          status, is_active, content_hash, claimed_hash, knowledge_hash, knowledge_model)
    SELECT s.user_id, s.id, 'woocommerce', 'filled_' || f.number, f.title, 1000, 'IRT', true, 'publish', true,
           'filled', 'filled', 'filled', %(model)s
    FROM filled f, stores s WHERE s.id = %(store)s
"""
_CHUNKS = """
    INSERT INTO tenant_knowledge (user_id, store_id, product_id, content_hash, model, position, text,
                                  text_hash, tokens, words, embedding, is_live)
    SELECT p.user_id, p.store_id, p.id, 'filled', %(model)s, 0, f.text, md5(f.text), 60,
           to_tsvector('simple', f.text)
           || array_to_tsvector(ARRAY['user=' || p.user_id, 'store=' || p.store_id]),
           f.vector, true
    FROM filled f JOIN products p ON p.store_id = %(store)s AND p.external_id = 'filled_' || f.number
"""


class Filler:
    """Adds products to one store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._corpus = Corpus()
        terms = store.stack.terms
        self._values: dict[str, Any] = {
            "store": store.id,
            "model": embedding_label(terms.model, terms.dimensions),
        }
        self._filled = 0

    def fill(self, products: int) -> None:
        """Let the store have at least so many products, with vocabulary and statistics."""
        with psycopg.connect(self._store.stack.database_url) as connection:
            register_vector(connection)
            while self._filled < products:
                self._add(connection, min(BLOCK, products - self._filled))
        asyncio.run(self._spell())
        with psycopg.connect(self._store.stack.database_url, autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE products, tenant_knowledge, compact_vectors, vocabulary")

    def _add(self, connection: "psycopg.Connection[Any]", products: int) -> None:
        connection.execute(
            "CREATE TEMPORARY TABLE filled (number integer, title text, text text, vector halfvec)"
            " ON COMMIT DROP"
        )
        with connection.cursor() as cursor, cursor.copy("COPY filled FROM STDIN (FORMAT binary)") as copy:
            copy.set_types(["int4", "text", "text", "halfvec"])
            for vector in self._corpus.vectors(products).astype("f2"):
                self._filled += 1
                title = f"{self._corpus.text(TITLE_WORDS)} {self._filled}"
                text = f"{title} {self._corpus.text(WORDS)}"
                copy.write_row((self._filled, title, text, HalfVector(vector)))
        connection.execute(_PRODUCTS, self._values)
        connection.execute(_CHUNKS, self._values)
        connection.commit()

    async def _spell(self) -> None:
        """Fill the vocabulary of the store from its chunks."""
        database = Database(
            create_engine(self._store.stack.sqlalchemy_url, pool_size=1, statement_timeout_seconds=300)
        )
        try:
            async with database.transaction() as connection:
                await spell(connection, [Spelt(id=self._store.id, chunks=self._filled)])
        finally:
            await database.close()
