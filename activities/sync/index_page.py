"""Index the texts of a page of products: embed them together, and write their chunks with the vectors."""

from collections.abc import Mapping

from activities.indexing import Indexer
from activities.metrics import Counters
from contracts.events import TextVersion
from contracts.search import Vector
from contracts.syncs import SyncCounts
from database.chunks import bulk
from database.chunks.generations import ChunkRow, TextKey
from database.engine import Database
from database.leases import Lease, for_embedding, lease
from database.products import upsert as products
from knowledge.content import Content


def _key(chunk: ChunkRow) -> TextKey:
    return chunk.product_id, chunk.text_hash


class PageIndexer:
    """Indexes texts for which no event waits."""

    def __init__(self, database: Database, indexer: Indexer, counters: Counters) -> None:
        self._database = database
        self._indexer = indexer
        self._counters = counters
        self.model = indexer.model

    async def index(self, store_id: int, texts: Mapping[TextVersion, Content]) -> SyncCounts:
        """Embed texts without a vector and make all texts searchable. Returns what was embedded and reused.

        Vectors are written after each request, so a retry embeds only the rest. A product that another
        process embeds at the moment is left to the recovery of unindexed products.
        """
        if not texts:
            return SyncCounts()
        rows = await self._indexer.rows_of_page(store_id, texts)
        keys = for_embedding([version.product_id for version in texts])
        async with lease(self._database, keys) as held:
            alone = {keys[key] for key in held.keys}
            ours = [version for version in texts if version.product_id in alone]
            async with self._database.reading() as connection:
                if others := sorted(set(keys.values()) - alone):
                    await products.release_claim(connection, others)
                embedded = await bulk.embedded_texts(connection, ours, self.model)
            pending = {version: rows[version] for version in ours if version.product_id in embedded}
            vectorized = {(product, text) for product, hashes in embedded.items() for text in hashes}
            return await self._embed(held, pending, vectorized)

    async def _embed(
        self, held: Lease, pending: dict[TextVersion, list[ChunkRow]], vectorized: set[TextKey]
    ) -> SyncCounts:
        chunks = {_key(chunk): chunk for of_version in pending.values() for chunk in of_version}
        missing = [chunk for key, chunk in chunks.items() if key not in vectorized]
        reused, embedded, tokens = len(chunks) - len(missing), 0, 0
        self._counters.reused(reused)
        if not missing:
            await self._upsert(held, pending, vectorized, {})
        async for request, answer in self._indexer.vectors(missing):
            vectors = dict(zip(map(_key, request), answer.vectors, strict=True))
            await self._upsert(held, pending, vectorized, vectors)
            embedded, tokens = embedded + len(request), tokens + answer.tokens
        return SyncCounts(embedded=embedded, reused=reused, tokens_spent=tokens)

    async def _upsert(
        self,
        held: Lease,
        pending: dict[TextVersion, list[ChunkRow]],
        vectorized: set[TextKey],
        vectors: Mapping[TextKey, Vector],
    ) -> None:
        """Write the pending chunks that have a vector, and publish the products that lack no chunk."""
        vectorized |= vectors.keys()
        ready = [chunk for chunks in pending.values() for chunk in chunks if _key(chunk) in vectorized]
        for version, chunks in pending.items():
            pending[version] = [chunk for chunk in chunks if _key(chunk) not in vectorized]
        complete = [version for version, chunks in pending.items() if not chunks]
        for version in complete:
            del pending[version]
        async with held.writing() as connection:
            await bulk.upsert_chunks(connection, self.model, ready, vectors, complete=complete)
