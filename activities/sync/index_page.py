"""The texts of a page of products become known: embedded together, written with their vectors."""

from collections.abc import Mapping
from dataclasses import dataclass

from activities.counters import Counters
from activities.indexing import Indexer, chunk_rows, chunks_of
from contracts.events import TextVersion
from contracts.search import Vector
from database.chunks import bulk
from database.chunks.generations import ChunkRow, TextKey
from database.engine import Database
from database.locks import embedding_locks
from database.products import upsert as products
from knowledge.content import Content


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """How many texts were embedded, how many had a vector already, and the tokens that were paid for."""

    embedded: int = 0
    reused: int = 0
    tokens: int = 0

    def __add__(self, other: "Spent") -> "Spent":
        return Spent(
            embedded=self.embedded + other.embedded,
            reused=self.reused + other.reused,
            tokens=self.tokens + other.tokens,
        )


def _key(chunk: ChunkRow) -> TextKey:
    return chunk.product_id, chunk.text_hash


class PageTexts:
    """Makes texts known for which no event waits."""

    def __init__(self, database: Database, embedding: Indexer, totals: Counters) -> None:
        self._database = database
        self._embedding = embedding
        self._totals = totals
        self.model = embedding.model

    async def make_known(self, texts: Mapping[TextVersion, Content]) -> Spent:
        """Embed what has no vector yet, and let search find it.

        Vectors are written after each request, so that doing it again embeds only what is left. A product
        that somebody else is embedding at this moment is left to whoever looks for lost texts.
        """
        if not texts:
            return Spent()
        async with embedding_locks(self._database, [version.product_id for version in texts]) as alone:
            ours = [version for version in texts if version.product_id in alone.products]
            if len(ours) < len(texts):
                others = [version.product_id for version in texts if version not in ours]
                await products.release_claim(alone.connection, others)
            known = await bulk.known(alone.connection, ours, self.model)
            left = {
                version: chunk_rows(version, chunks_of(texts[version]))
                for version in ours
                if version.product_id in known
            }
            return await self._embed(
                left, {(product, text) for product, hashes in known.items() for text in hashes}
            )

    async def _embed(self, left: dict[TextVersion, list[ChunkRow]], known: set[TextKey]) -> Spent:
        keys = {_key(chunk): chunk for chunks in left.values() for chunk in chunks}
        missing = [chunk for key, chunk in keys.items() if key not in known]
        spent = Spent(reused=len(keys) - len(missing))
        self._totals.reused(spent.reused)
        if not missing:
            await self._lay(left, known, {})
        async for request, answer in self._embedding.vectors(missing):
            vectors = dict(zip(map(_key, request), answer.vectors, strict=True))
            await self._lay(left, known, vectors)
            spent += Spent(embedded=len(request), tokens=answer.tokens)
        return spent

    async def _lay(
        self,
        left: dict[TextVersion, list[ChunkRow]],
        known: set[TextKey],
        vectors: Mapping[TextKey, Vector],
    ) -> None:
        """Write the chunks that have a vector by now, and let those products be found that lack none."""
        known |= vectors.keys()
        laid = [chunk for chunks in left.values() for chunk in chunks if _key(chunk) in known]
        for version, chunks in left.items():
            left[version] = [chunk for chunk in chunks if _key(chunk) not in known]
        complete = [version for version, chunks in left.items() if not chunks]
        for version in complete:
            del left[version]
        async with self._database.transaction() as connection:
            await bulk.lay(connection, self.model, laid, vectors, complete=complete)
