"""Chunks and their vectors: staged next to the live ones, then published in one statement."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, fields
from operator import attrgetter

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.events import TextVersion
from contracts.search import Vector
from database.halfvec import Vectors
from database.sql import as_json, recordset

TextKey = tuple[int, str]
"""The id of a product and the hash of one of its texts."""

GENERATIONS_KEPT = 3
"""How many texts of a product keep their vectors, so that an earlier text costs no embedding."""

VERSIONS = """
    unnest(CAST(:event_rows AS bigint[]), CAST(:product_ids AS bigint[]), CAST(:content_hashes AS text[]))
        AS w(event_row, product_id, content_hash)
"""
"""SQL: texts of products as the FROM item `w`; `values_of` returns its parameters."""

_WANTED = text(f"""
    SELECT p.id FROM products p JOIN {VERSIONS} ON p.id = w.product_id AND p.content_hash = w.content_hash
""")

_CHUNKS = {
    "product_id": "bigint",
    "content_hash": "text",
    "position": "int",
    "text": "text",
    "text_hash": "text",
    "tokens": "int",
    "words": "text",
    "vector": "int",
    "is_live": "boolean",
}

OWN_VECTOR = """(
    SELECT known.embedding FROM tenant_knowledge known
    WHERE known.product_id = p.id AND known.text_hash = c.text_hash
      AND known.model = :model AND known.embedding IS NOT NULL LIMIT 1)
"""
"""SQL: the vector that the product `p` of a chunk `c` already has for the same text."""


def insert_chunks(embedding: str) -> str:
    """Returns the INSERT of chunks `k`, up to ON CONFLICT; `chunk_values` returns its parameters.

    `embedding` is the SQL of a chunk's vector; `v.embedding` is the one that is passed with it.
    """
    return f"""
        INSERT INTO tenant_knowledge AS k (
            user_id, store_id, product_id, content_hash, model, position, text, text_hash, tokens, words,
            embedding, is_live)
        SELECT p.user_id, p.store_id, p.id, c.content_hash, :model, c.position, c.text, c.text_hash, c.tokens,
               array_to_tsvector(string_to_array(c.words, ' '))
                 || array_to_tsvector(ARRAY['user=' || p.user_id, 'store=' || p.store_id]),
               {embedding}, c.is_live
        FROM {recordset("chunks", "c", _CHUNKS)}
        JOIN products p ON p.id = c.product_id
        LEFT JOIN unnest(CAST(:vectors AS halfvec[])) WITH ORDINALITY AS v(embedding, place)
            ON v.place = c.vector
    """


OF_VERSION = "k.product_id = w.product_id AND k.content_hash = w.content_hash AND k.model = :model"
"""SQL: whether a chunk `k` belongs to a text `w`."""

_ADOPT = text(f"""
    UPDATE tenant_knowledge k SET embedding = known.embedding
    FROM {VERSIONS}, tenant_knowledge known
    WHERE {OF_VERSION} AND k.embedding IS NULL
      AND known.product_id = w.product_id AND known.text_hash = k.text_hash AND known.model = :model
      AND known.embedding IS NOT NULL
""")

_MISSING = text(f"""
    SELECT min(k.store_id) AS store_id, k.product_id, k.content_hash, k.text_hash, min(k.text) AS text,
           min(k.tokens) AS tokens, min(k.position) AS position
    FROM {VERSIONS} JOIN tenant_knowledge k ON {OF_VERSION}
    WHERE k.embedding IS NULL
    GROUP BY k.product_id, k.content_hash, k.text_hash ORDER BY k.product_id, min(k.position)
""")

_FILLED = """
    unnest(CAST(:filled_products AS bigint[]), CAST(:filled_contents AS text[]), CAST(:text_hashes AS text[]),
           CAST(:vectors AS halfvec[])) AS v(product_id, content_hash, text_hash, embedding)
"""

_FILL = text(f"""
    UPDATE tenant_knowledge k SET embedding = v.embedding FROM {_FILLED}
    WHERE k.product_id = v.product_id AND k.content_hash = v.content_hash AND k.model = :model
      AND k.text_hash = v.text_hash
""")

_LEAVE_OUT = text("""
    WITH named AS (SELECT unnest(CAST(:text_hashes AS text[])) AS text_hash),
    remaining AS (
        SELECT count(*) AS chunks FROM tenant_knowledge k
        WHERE k.product_id = :product_id AND k.content_hash = :content_hash AND k.model = :model
          AND k.embedding IS NOT NULL
    ), left_out AS (
        DELETE FROM tenant_knowledge k USING named, remaining
        WHERE k.product_id = :product_id AND k.content_hash = :content_hash AND k.model = :model
          AND k.text_hash = named.text_hash AND k.embedding IS NULL AND remaining.chunks > 0
    )
    SELECT chunks > 0 FROM remaining
""")

_PUBLISH = text(f"""
    UPDATE products p SET knowledge_hash = w.content_hash, knowledge_model = :model, knowledge_at = now()
    FROM {VERSIONS}
    WHERE p.id = w.product_id AND p.content_hash = w.content_hash
      AND NOT EXISTS (SELECT FROM tenant_knowledge k WHERE {OF_VERSION} AND k.embedding IS NULL
                      AND k.text_hash <> ALL(CAST(:text_hashes AS text[])))
    RETURNING p.id, (SELECT greatest(extract(epoch FROM now() - coalesce(e.version, e.received_at)), 0)
                     FROM events e WHERE e.id = w.event_row) AS seconds,
              (SELECT count(DISTINCT (k.content_hash, k.model)) > :kept FROM tenant_knowledge k
               WHERE k.product_id = p.id) AS is_full
""")

_SWAP = text(f"""
    UPDATE tenant_knowledge k SET is_live = n.is_live, embedding = coalesce(n.embedding, k.embedding)
    FROM (SELECT o.id, v.embedding, (o.content_hash = w.content_hash AND o.model = :model) AS is_live
          FROM {VERSIONS}
          JOIN tenant_knowledge o ON o.product_id = w.product_id
          LEFT JOIN {_FILLED} ON o.content_hash = w.content_hash AND o.model = :model
              AND v.product_id = w.product_id AND v.text_hash = o.text_hash) AS n
    WHERE k.id = n.id AND k.is_live <> n.is_live
""")

_DELETE_OLD = text("""
    DELETE FROM tenant_knowledge k
    USING (SELECT product_id, content_hash, model,
                  row_number() OVER (PARTITION BY product_id ORDER BY max(id) DESC) AS age
           FROM tenant_knowledge WHERE product_id = ANY(:published)
           GROUP BY product_id, content_hash, model) g
    WHERE k.product_id = g.product_id AND k.content_hash = g.content_hash AND k.model = g.model
      AND NOT k.is_live AND g.age > :kept
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkRow:
    """A chunk of a product's text before it has a vector.

    `words` are its lexemes, separated by spaces, and `spelt` the words that a misspelt one may have meant.
    """

    product_id: int
    content_hash: str
    position: int
    text: str
    text_hash: str
    tokens: int
    words: str
    spelt: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingVector:
    """A text without a vector; several chunks of its product may have it."""

    store_id: int
    product_id: int
    content_hash: str
    text_hash: str
    text: str
    tokens: int
    position: int


Filled = tuple[Sequence[MissingVector], Sequence[Vector]]
"""Texts, and a vector for each of them."""

NONE_FILLED: Filled = ((), ())

_FIELDS = tuple(field.name for field in fields(ChunkRow) if field.name in _CHUNKS)
_fields_of = attrgetter(*_FIELDS)


def chunk_values(
    model: str,
    chunks: Sequence[ChunkRow],
    vectors: Mapping[TextKey, Vector],
    *,
    live: Set[int] = frozenset(),
) -> dict[str, object]:
    """Returns the parameters of `insert_chunks`; chunks of the products in `live` are found at once."""
    places = {key: place for place, key in enumerate(vectors, start=1)}
    rows = [
        {
            **dict(zip(_FIELDS, _fields_of(chunk), strict=True)),
            "vector": places.get((chunk.product_id, chunk.text_hash)),
            "is_live": chunk.product_id in live,
        }
        for chunk in chunks
    ]
    return {"model": model, "chunks": as_json(rows), "vectors": Vectors(vectors.values())}


def values_of(versions: Sequence[TextVersion]) -> dict[str, object]:
    """Returns the parameters of `VERSIONS`."""
    return {
        "event_rows": [version.event_row for version in versions],
        "product_ids": [version.product_id for version in versions],
        "content_hashes": [version.content_hash for version in versions],
    }


async def wanted(connection: AsyncConnection, versions: Sequence[TextVersion]) -> list[TextVersion]:
    """Returns the versions that are still the current texts of their products."""
    ids = set((await connection.execute(_WANTED, values_of(versions))).scalars())
    return [version for version in versions if version.product_id in ids]


async def missing_vectors(
    connection: AsyncConnection, versions: Sequence[TextVersion], model: str
) -> list[MissingVector]:
    """Returns the texts to embed, after chunks have copied the vectors their product has for equal texts."""
    values = {**values_of(versions), "model": model}
    await connection.execute(_ADOPT, values)
    rows = await connection.execute(_MISSING, values)
    return [MissingVector(**row) for row in rows.mappings()]


async def fill_vectors(connection: AsyncConnection, model: str, filled: Filled) -> None:
    """Store the vectors of texts."""
    await connection.execute(_FILL, {"model": model, **_filled_values(filled)})


def _filled_values(filled: Filled) -> dict[str, object]:
    texts, vectors = filled
    return {
        "filled_products": [text.product_id for text in texts],
        "filled_contents": [text.content_hash for text in texts],
        "text_hashes": [text.text_hash for text in texts],
        "vectors": Vectors(vectors),
    }


async def leave_out(
    connection: AsyncConnection, version: TextVersion, model: str, failed: Sequence[MissingVector]
) -> bool:
    """Delete staged chunks that cannot be embedded; returns False, and deletes none, if all are such."""
    values = {
        "product_id": version.product_id,
        "content_hash": version.content_hash,
        "model": model,
        "text_hashes": [text.text_hash for text in failed],
    }
    return bool((await connection.execute(_LEAVE_OUT, values)).scalar_one())


async def publish(
    connection: AsyncConnection, versions: Sequence[TextVersion], model: str, filled: Filled = NONE_FILLED
) -> dict[int, float]:
    """Publish staged texts; returns product -> seconds since the change.

    The vectors in `filled` are stored in the chunks of texts that are published. A text that is outdated or
    incomplete without them is not. The seconds count from the shop's time of change, or from the arrival of
    the event if the shop sent no time.
    """
    values = {
        **values_of(versions),
        "model": model,
        "text_hashes": [text.text_hash for text in filled[0]],
        "kept": GENERATIONS_KEPT,
    }
    rows = (await connection.execute(_PUBLISH, values)).all()
    if rows:
        published = {row.id for row in rows}
        await swap(connection, [one for one in versions if one.product_id in published], model, filled)
    if full := [row.id for row in rows if row.is_full]:
        await delete_old(connection, full)
    return {row.id: float(row.seconds or 0.0) for row in rows}


async def swap(
    connection: AsyncConnection,
    published: Sequence[TextVersion],
    model: str,
    filled: Filled = NONE_FILLED,
) -> int:
    """Make the chunks of these texts the only live ones of their products; returns how many changed.

    The vectors in `filled` are stored in the chunks that become live.
    """
    values = {**values_of(published), **_filled_values(filled), "model": model}
    return (await connection.execute(_SWAP, values)).rowcount


async def delete_old(connection: AsyncConnection, products: Sequence[int]) -> None:
    """Delete the oldest texts of products; the last ones stay, and the live one."""
    await connection.execute(_DELETE_OLD, {"published": list(products), "kept": GENERATIONS_KEPT})
