"""The chunks nearest to a question: common table expressions of a search.

A small store is compared exactly, over `compact_vectors`: rows of a few hundred numbers each, in the order of
store and model, of active products' live chunks only. Vectors of at most `COMPACT` numbers are
there whole. Longer ones are there in blocks that are added up; the nearest of these are compared again by
the whole vectors. A large store is searched by the HNSW index.
"""

import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from database.halfvec import Vectors
from database.search import scope
from database.search.vector_index import INDEXED_DIMENSIONS, index_name, quoted

COMPACT = 384
"""The most numbers of a compact vector; the function `compact_vector` of the database has the same."""

NEAREST = 200
"""Chunks that `near` returns."""

COMPARED_AGAIN = 300
"""Chunks, nearest by compact vectors, of which the whole vectors are compared."""

NEAREST_BY_INDEX = 150
"""Chunks that the HNSW index returns; `ENOUGH` if they must satisfy filters."""

ENOUGH = 60
"""A store of which the HNSW index finds fewer chunks is compared exactly after all."""

SAMPLED = 128
SAMPLED_AT_LEAST = 8
"""Chunks from which mean and deviation are estimated, in all and of each store."""

EXACT_CHUNKS = 20_000
EXACT_PRODUCTS = 2_000
"""A store with at most so many chunks, or products that satisfy the filters, is compared exactly.

The HNSW index is shared by all stores, so a search for a small part of it would miss some chunks.
"""

EXACT_SHARE = 30_000
"""A store with at most so many chunks is compared exactly, too, if others have more chunks than it.

The index would look at many chunks of the others first: that takes longer, and finds less.
"""

SCANNED = 20_000
"""Chunks of all stores that the HNSW index looks at for one question."""

_SETTINGS = """
    set_config('hnsw.iterative_scan', 'relaxed_order', true),
    set_config('hnsw.ef_search', '400', true),
    set_config('hnsw.max_scan_tuples', CAST(CAST(:scanned AS int) AS text), true),
    set_config('plan_cache_mode', 'force_custom_plan', true)
"""
"""Every question gets its own plan: a generic plan would read all chunks of a large store."""

_SIMILARITY = "CASE WHEN distance = 'NaN' THEN 0 ELSE 1 - distance END AS similarity"
"""A vector of zeros is similar to nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    """Which vectors a question is compared with.

    They belong to the store `:store_id`, if `:user_id` owns the store, or to all stores of this user.
    `filters` is the SQL condition on products `p`, or empty, and `first` are common table expressions that it
    needs, each followed by a comma. `label` and `dimensions` are the model's.
    """

    one_store: bool
    filters: str
    first: str
    label: str
    dimensions: int

    def owned(self, row: str) -> str:
        """SQL: whether a chunk or a product belongs to the owner of the question."""
        return scope.owned_row(row, one_store=self.one_store)

    @property
    def matching(self) -> str:
        """SQL: the condition on products that are found."""
        return f"p.is_active AND {self.filters}" if self.filters else "p.is_active"

    @property
    def is_whole(self) -> bool:
        """Whether compact vectors are the vectors themselves."""
        return self.dimensions <= COMPACT

    @property
    def stores(self) -> str:
        """SQL: the stores of the owner that have vectors."""
        owned = scope.owned_store("s", one_store=self.one_store)
        return f"""
            SELECT s.id FROM stores s WHERE {owned} AND EXISTS (
                SELECT FROM compact_vectors c WHERE c.store_id = s.id AND c.model = {quoted(self.label)})"""

    @property
    def compact(self) -> str:
        """SQL: the condition on compact vectors `c` of a row `s` of `searched`."""
        store = ":store_id" if self.one_store else "s.id"
        return f"c.store_id = {store} AND c.model = {quoted(self.label)}"

    def similarity(self, chunk: str) -> str:
        """SQL: the similarity of a chunk's vector to the question's; NULL if it has none of the model."""
        compared = f"SELECT {self.distance(chunk)} AS distance"
        return f"""
            CASE WHEN {chunk}.model = {quoted(self.label)} AND {chunk}.embedding IS NOT NULL
                 THEN (SELECT {_SIMILARITY} FROM ({compared}) AS compared) END"""

    def distance(self, chunk: str) -> str:
        """SQL: the cosine distance of a chunk's vector to the question's."""
        return f"{chunk}.embedding::halfvec({self.dimensions}) <=> {self._question}"

    @property
    def compact_distance(self) -> str:
        """SQL: the cosine distance of the compact vector of `c`."""
        return f"c.vector <=> {self._question if self.is_whole else f'compact_vector({self._question})'}"

    @property
    def _question(self) -> str:
        return f"CAST((CAST(:vector AS halfvec[]))[1] AS halfvec({self.dimensions}))"


def parameter(vector: Iterable[float]) -> Vectors:
    """Returns the parameter `vector`, in pgvector's binary format; a long text would take 1 ms more."""
    numbers = list(vector)
    return Vectors([struct.pack(f">{len(numbers)}e", *numbers)])


def near(space: Space, *, exact: bool) -> str:
    """Returns common table expressions; the last one is `near (id, product_id, similarity)`.

    `id` is the chunk's, `similarity` is 1 minus the cosine distance, as float8. The rows are the nearest
    chunks of active products that satisfy the filters. The parameter `vector` is made by `parameter`.

    Without `exact`, they are looked up in the HNSW index. If these are fewer than `ENOUGH`, the search must
    be repeated exactly.
    """
    nearest = _exactly(space) if exact else _by_index(space)
    return f"""
        searched AS MATERIALIZED ({space.stores}),
        {nearest},
        near AS MATERIALIZED (SELECT id, product_id, {_SIMILARITY} FROM nearest)"""


def _exactly(space: Space) -> str:
    """Returns the expression `nearest (id, product_id, distance)`, by compact and then by whole vectors."""
    matching, joined = "", ""
    if space.filters:
        matching = f"""matching AS MATERIALIZED (
            SELECT p.id FROM products p WHERE {space.owned("p")} AND {space.matching}),
        """
        joined = "JOIN matching m ON m.id = c.product_id"
    limit = NEAREST if space.is_whole else COMPARED_AGAIN
    closest = f"""
            SELECT nearest.* FROM searched s CROSS JOIN LATERAL (
                SELECT c.chunk_id AS id, c.product_id, {space.compact_distance} AS distance
                FROM compact_vectors c {joined}
                WHERE {space.compact}
                ORDER BY distance LIMIT {limit}) AS nearest
            ORDER BY distance, id LIMIT {limit}"""
    if space.is_whole:
        return f"{matching}nearest AS MATERIALIZED ({closest})"
    return f"""{matching}closest AS MATERIALIZED ({closest}),
        nearest AS MATERIALIZED (
            SELECT k.id, k.product_id, {space.distance("k")} AS distance
            FROM closest c JOIN tenant_knowledge k ON k.id = c.id
            ORDER BY distance, k.id LIMIT {NEAREST})"""


def _by_index(space: Space) -> str:
    distance = space.distance("k")
    return f"""nearest AS MATERIALIZED (
            SELECT k.id, k.product_id, {distance} AS distance
            FROM tenant_knowledge k JOIN products p ON p.id = k.product_id
            WHERE k.is_live AND {space.owned("k")} AND k.model = {quoted(space.label)}
              AND k.embedding IS NOT NULL AND {space.matching}
            ORDER BY {distance} LIMIT {ENOUGH if space.filters else NEAREST_BY_INDEX})"""


def spread(space: Space) -> str:
    """Returns common table expressions; the last one is `spread (mean, deviation, chunks)`, a single row.

    They follow the expressions of `near`. Mean and standard deviation, as float8, are of the similarity of
    the question to the chunks that the owner has, with and without the filters. They are estimated from about
    `SAMPLED` chunks, or all where there are fewer; `chunks` is how many these are.

    Compact vectors are stored in the order of `place`, a hash, so the first ones are a fair sample.
    """
    distance = space.compact_distance if space.is_whole else space.distance("k")
    whole = "" if space.is_whole else "JOIN tenant_knowledge k ON k.id = c.chunk_id"
    return f"""
        sampled AS MATERIALIZED (
            SELECT taken.* FROM searched s CROSS JOIN LATERAL (
                SELECT c.chunk_id, c.vector FROM compact_vectors c WHERE {space.compact}
                ORDER BY c.place, c.chunk_id
                LIMIT (SELECT greatest({SAMPLED} / greatest(count(*), 1), {SAMPLED_AT_LEAST}) FROM searched)
            ) AS taken
        ),
        spread AS MATERIALIZED (
            SELECT avg(similarity) AS mean, stddev_pop(similarity) AS deviation, count(*) AS chunks FROM (
                SELECT {_SIMILARITY}
                FROM (SELECT {distance} AS distance FROM sampled c {whole}) AS compared) AS found
        )"""


async def prepare(connection: AsyncConnection, space: Space | None, parameters: Mapping[str, object]) -> bool:
    """Set up the transaction for searching; returns whether to compare the vectors of this space exactly.

    A search for words only has no space.
    """
    exact = _is_small(space) if space else "true"
    first = f"WITH {space.first.rstrip().removesuffix(',')}" if space and space.first else ""
    statement = text(f"{first} SELECT {_SETTINGS}, {exact} AS exact")
    row = (await connection.execute(statement, {**parameters, "scanned": SCANNED})).one()
    return bool(row.exact) or (space is not None and space.dimensions > INDEXED_DIMENSIONS)


def _is_small(space: Space) -> str:
    """Returns SQL: whether to compare exactly. It counts rows up to the limits, and no further."""
    indexed = f"(SELECT reltuples FROM pg_class WHERE oid = to_regclass({quoted(index_name(space.label))}))"
    chunks = f"SELECT FROM tenant_knowledge k WHERE k.is_live AND {space.owned('k')}"
    small = f"""
        (SELECT chunks <= CASE WHEN {indexed} > {2 * EXACT_CHUNKS}
                               THEN greatest({EXACT_CHUNKS}, least({EXACT_SHARE}, {indexed} / 2))
                               ELSE {EXACT_CHUNKS} END
         FROM (SELECT count(*) AS chunks
               FROM ({chunks} LIMIT {max(EXACT_CHUNKS, EXACT_SHARE) + 1}) AS listed) AS counted)"""
    if not space.filters:
        return small
    products = f"SELECT FROM products p WHERE {space.owned('p')} AND {space.matching}"
    return f"""{small}
        OR (SELECT count(*) FROM ({products} LIMIT {EXACT_PRODUCTS + 1}) AS listed) <= {EXACT_PRODUCTS}"""
