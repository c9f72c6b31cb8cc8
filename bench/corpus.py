"""100,000 chunks of generated text with generated vectors, copied directly into the tables."""

import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice

import numpy as np
import psycopg
from numpy.typing import NDArray
from pgvector import HalfVector
from pgvector.psycopg import register_vector
from rich.progress import Progress
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from bench.system import DIMENSIONS, MODEL
from contracts.ids import embedding_label
from database.search import vocabulary
from knowledge.search.forms import indexed
from knowledge.search.forms import vocabulary as spelt
from knowledge.search.keys import CODE, TITLE, scoped
from knowledge.search.keys import keys as keys_of

STORES = {"large": 50_000, "middle": 10_000, **{f"small {n}": 1_000 for n in range(1, 41)}}
"""The number of chunks of every store; each user has one store."""

CHUNKS_PER_PRODUCT = 2
CLUSTERS = 1_000
INTRINSIC = 96
"""Real embeddings vary in far fewer directions than they have dimensions."""
SPREAD = 0.8
VOCABULARY = 20_000
PHRASES, PHRASE_WORDS = 20_000, (3, 7)
WORD_OFFSET, PHRASE_OFFSET = 2.7, 30.0
"""Texts of shops repeat phrases: words drawn one by one would bring too many new neighbours.

After 382 chunks, 80 words bring 18 new words and joined neighbours, where they bring 13 in the catalogue of
the search set, and 34 if drawn one by one. Words are as frequent as if drawn one by one.
"""
WORDS, TITLE_WORDS = 80, 6
SYLLABLES = "با دا تا سا را ما نا لا کا گا بو دو تو سو رو مو نو لو کو گو بی دی تی سی ری می نی لی کی گی"

Floats = NDArray[np.float32]

FORMER = """
CREATE TABLE former (LIKE tenant_knowledge INCLUDING STORAGE);
INSERT INTO former
SELECT id, user_id, store_id, product_id, content_hash, model, position, text, text_hash, tokens,
       to_tsvector('simple', text) || array_to_tsvector(ARRAY['user=' || user_id, 'store=' || store_id]),
       embedding, is_live, created_at
FROM tenant_knowledge ORDER BY id;
ALTER TABLE former ADD PRIMARY KEY (id);
CREATE INDEX ON former (store_id) WHERE is_live;
CREATE INDEX ON former USING gin (words) WHERE is_live;
"""
"""The chunks as version 0.1 kept them: its words come from the text alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """A store of the corpus; `id` is also the id of its user."""

    id: int
    chunks: int


class Corpus:
    """Draws vectors around cluster centres, and phrases from a list with frequent and rare ones.

    The words of phrases come from a vocabulary with frequent and rare words.
    """

    def __init__(self) -> None:
        self._random = np.random.default_rng(11)
        self._space = np.linalg.qr(self._random.standard_normal((DIMENSIONS, INTRINSIC)))[0].T.astype("f4")
        self._centres = self._random.standard_normal((CLUSTERS, INTRINSIC), dtype="f4")
        self.words = _vocabulary(self._random)
        self._phrases = _phrases(self._random, self.words)
        self._frequencies = _frequencies(PHRASES, PHRASE_OFFSET)

    def vectors(self, count: int) -> Floats:
        """Returns unit vectors in rows."""
        centres = self._centres[self._random.integers(CLUSTERS, size=count)]
        points = centres + SPREAD * self._random.standard_normal((count, INTRINSIC), dtype="f4")
        points /= np.linalg.norm(points, axis=1, keepdims=True)
        found: Floats = points @ self._space
        return found

    def text(self, words: int) -> str:
        """Returns phrases, the last one cut off after so many words."""
        drawn = np.searchsorted(self._frequencies, self._random.random(words // PHRASE_WORDS[0] + 1))
        return " ".join(list(chain.from_iterable(self._phrases[each] for each in drawn))[:words])


def _vocabulary(random: np.random.Generator) -> list[str]:
    words: dict[str, None] = {}
    syllables = SYLLABLES.split()
    while len(words) < VOCABULARY:
        drawn = random.integers(len(syllables), size=random.integers(2, 5))
        words["".join(syllables[each] for each in drawn)] = None
    return list(words)


def _phrases(random: np.random.Generator, words: Sequence[str]) -> list[list[str]]:
    shortest, longest = PHRASE_WORDS
    lengths = random.integers(shortest, longest + 1, size=PHRASES)
    drawn = np.searchsorted(_frequencies(len(words), WORD_OFFSET), random.random(lengths.sum()))
    places = iter(drawn.tolist())
    return [[words[each] for each in islice(places, length)] for length in lengths.tolist()]


def _frequencies(count: int, offset: float) -> NDArray[np.float64]:
    """Returns the cumulated frequencies of so many words or phrases, by the law of Zipf and Mandelbrot."""
    shares = 1 / (np.arange(count) + offset)
    cumulated: NDArray[np.float64] = np.cumsum(shares) / np.sum(shares)
    return cumulated


def load(
    url: str,
    corpus: Corpus,
    progress: Progress,
    *,
    sizes: Mapping[str, int] = STORES,
    with_former: bool = True,
) -> dict[str, Store]:
    """Fill empty tables, without the vector index. Returns the stores by name.

    `sizes` is the number of chunks of each store; `with_former` keeps them as version 0.1 did, too.
    """
    stores = {name: Store(id=at + 1, chunks=chunks) for at, (name, chunks) in enumerate(sizes.items())}
    owners = np.repeat(
        [s.id for s in stores.values()], [s.chunks // CHUNKS_PER_PRODUCT for s in stores.values()]
    )
    np.random.default_rng(12).shuffle(owners)  # as if all stores had sent products at the same time
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        register_vector(connection)
        with connection.cursor() as cursor:
            with cursor.copy("COPY users (id, email, password_hash) FROM STDIN") as copy:
                for store in stores.values():
                    copy.write_row((store.id, f"{store.id}@example.com", "unused"))
            with cursor.copy("COPY stores (id, user_id, type, name) FROM STDIN") as copy:
                for store in stores.values():
                    copy.write_row((store.id, store.id, "woocommerce", "bench"))
            titles = [corpus.text(TITLE_WORDS) for _ in owners]
            _copy_products(cursor, owners, titles)
            task = progress.add_task(
                f"{sum(sizes.values()):,} chunks", total=len(owners) * CHUNKS_PER_PRODUCT
            )
            _copy_chunks(cursor, owners, titles, corpus, lambda: progress.advance(task, 1_000))
        if with_former:
            connection.execute(FORMER)
        connection.commit()
        connection.autocommit = True
        connection.execute("VACUUM ANALYZE")
    return stores


def _copy_products(cursor: psycopg.Cursor, owners: NDArray[np.int64], titles: Sequence[str]) -> None:
    random = np.random.default_rng(13)
    prices = random.integers(1, 1_001, size=len(owners)) * 1_000
    in_stock = random.random(len(owners)) < 0.7
    with cursor.copy(
        "COPY products (id, user_id, store_id, external_source, external_id, title, price, currency,"
        " in_stock, status, is_active, content_hash, keys) FROM STDIN"
    ) as copy:
        for at, owner in enumerate(owners.tolist()):
            name = f"woo_{at}"
            facts = (int(prices[at]), "IRT", bool(in_stock[at]), "publish", True)
            keys = scoped(owner, (*keys_of(TITLE, [titles[at]]), *keys_of(CODE, [f"sku{at:06}"])))
            copy.write_row((at + 1, owner, owner, "woocommerce", name, titles[at], *facts, name, keys))


def _copy_chunks(
    cursor: psycopg.Cursor,
    owners: NDArray[np.int64],
    titles: Sequence[str],
    corpus: Corpus,
    advance: Callable[[], object],
) -> None:
    label = embedding_label(MODEL, DIMENSIONS)
    with cursor.copy(
        "COPY tenant_knowledge (user_id, store_id, product_id, position, content_hash, model, text,"
        " text_hash, tokens, is_live, embedding, words) FROM STDIN (FORMAT binary)"
    ) as copy:
        copy.set_types(["int8"] * 3 + ["int4"] + ["text"] * 4 + ["int4", "bool", "halfvec", "bytea"])
        for first in range(0, len(owners), 500):
            drawn = corpus.vectors(500 * CHUNKS_PER_PRODUCT).astype("f2")
            vectors = iter(drawn)
            for at, owner in enumerate(owners[first : first + 500].tolist(), start=first):
                for position in range(CHUNKS_PER_PRODUCT):
                    keys = (owner, owner, at + 1, position, f"woo_{at}", label)
                    written = f"{titles[at]} {corpus.text(WORDS - TITLE_WORDS)}"
                    words = _tsvector([*indexed(written, titles[at]), f"user={owner}", f"store={owner}"])
                    vector = HalfVector(next(vectors))
                    copy.write_row((*keys, written, f"{at}/{position}", WORDS, True, vector, words))
            advance()


def _tsvector(lexemes: Sequence[str]) -> bytes:
    """Returns a vector of lexemes without positions in the binary format of Postgres."""
    return struct.pack(">i", len(lexemes)) + b"".join(lexeme.encode() + b"\0\0\0" for lexeme in lexemes)


async def spell(connection: AsyncConnection, stores: Iterable[Store]) -> None:
    """Fill the vocabularies of stores from their chunks; the largest index is made afterwards."""
    chunks = text("SELECT product_id, text FROM tenant_knowledge WHERE store_id = :store_id ORDER BY id")
    definition = await connection.execute(text("SELECT pg_get_indexdef('ix_vocabulary_parts'::regclass)"))
    await connection.execute(text("DROP INDEX ix_vocabulary_parts"))
    for store in stores:
        rows = (await connection.execute(chunks, {"store_id": store.id})).all()
        for first in range(0, len(rows), 1_000):
            await vocabulary.add(
                connection, [(row.product_id, spelt(row.text)) for row in rows[first : first + 1_000]]
            )
    await connection.execute(text(definition.scalar_one()))
    await connection.execute(text("ANALYZE vocabulary"))
