"""Products of which we hold nothing are embedded first, and then written once, with their vectors."""

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from sqlalchemy.ext.asyncio import AsyncConnection

from activities.indexing import Indexer, chunk_rows, chunks_of
from activities.sync.index_page import Spent
from contracts.catalog import Product
from contracts.events import TextVersion
from contracts.search import Vector
from database.chunks import bulk
from database.chunks.generations import ChunkRow, TextKey
from database.engine import Database
from database.locks import newcomer_locks
from database.products.upsert import SavedRow
from embeddings.openai import MAX_INPUTS_PER_REQUEST, MAX_TOKENS_PER_REQUEST
from knowledge.chunks import Chunk
from knowledge.content import Content, canonical, content_hash


@dataclass(frozen=True, slots=True, kw_only=True)
class Newcomers:
    """What products mean, by their ids, with its hash, and the chunks of those that are embedded already.

    Vectors are by product and by the hash of a chunk's text.
    """

    contents: Mapping[str, tuple[Content, str]] = field(default_factory=dict)
    chunks: Mapping[str, tuple[Chunk, ...]] = field(default_factory=dict)
    vectors: Mapping[tuple[str, str], Vector] = field(default_factory=dict)
    spent: Spent = field(default_factory=Spent)

    def embedded(self, external_id: str, content_hash: str) -> bool:
        """Whether a product's text of this hash has the vectors of all its chunks."""
        return external_id in self.chunks and self.contents[external_id][1] == content_hash

    async def lay(
        self, connection: AsyncConnection, saved: Iterable[SavedRow], *, model: str
    ) -> dict[str, SavedRow]:
        """Write their chunks; the rows that somebody else wrote meanwhile, known by now, by their ids."""
        laid = [row for row in saved if self.embedded(row.external_id, row.content_hash)]
        met = [row for row in laid if not row.is_new]
        await bulk.bear(connection, model, *self._texts([row for row in laid if row.is_new]))
        if met:
            versions = [_version(row) for row in met]
            await bulk.lay(connection, model, *self._texts(met), complete=versions)
        return {
            row.external_id: replace(row, knowledge_hash=row.content_hash, knowledge_model=model)
            for row in met
        }

    def _texts(self, rows: Iterable[SavedRow]) -> tuple[list[ChunkRow], dict[TextKey, Vector]]:
        """Chunks and vectors of products that have been written."""
        chunks: list[ChunkRow] = []
        vectors: dict[TextKey, Vector] = {}
        for row in rows:
            of_it = self.chunks[row.external_id]
            chunks += chunk_rows(_version(row), of_it)
            for chunk in of_it:
                vectors[row.id, chunk.text_hash] = self.vectors[row.external_id, chunk.text_hash]
        return chunks, vectors


def _version(row: SavedRow) -> TextVersion:
    return TextVersion(event_row=0, product_id=row.id, content_hash=row.content_hash)


NOBODY = Newcomers()


def _fitting(chunks: Mapping[str, Sequence[Chunk]]) -> Iterator[str]:
    """Products that can be asked for in one request, so that all of it is written with its answer."""
    tokens, inputs = MAX_TOKENS_PER_REQUEST, MAX_INPUTS_PER_REQUEST
    for product, of_it in chunks.items():
        tokens, inputs = tokens - sum(chunk.tokens for chunk in of_it), inputs - len(of_it)
        if tokens < 0 or inputs < 0:
            return
        yield product


class Foresight:
    """Embeds what nobody has heard of yet."""

    def __init__(self, database: Database, embedding: Indexer) -> None:
        self._database = database
        self._embedding = embedding

    @asynccontextmanager
    async def of(self, store_id: int, products: Sequence[Product]) -> AsyncIterator[Newcomers]:
        """Embed the new ones among them, and let nobody else do it until we leave.

        Whoever enters writes them, also where embedding failed: that is raised at the end.
        """
        contents = {}
        for product in products:
            content = canonical(product, product.variations)
            contents[product.external_id] = content, content_hash(content)
        visible = [product.external_id for product in products if product.visible]
        if not visible:
            yield Newcomers(contents=contents)
            return
        async with newcomer_locks(self._database, store_id, visible) as ours:
            try:
                newcomers = await self._embedded(contents, [one for one in visible if one in ours])
            except Exception:
                yield Newcomers(contents=contents)
                raise
            yield newcomers

    async def _embedded(self, contents: Mapping[str, tuple[Content, str]], new: Sequence[str]) -> Newcomers:
        chunks = {product: chunks_of(contents[product][0]) for product in new}
        fitting = {product: chunks[product] for product in _fitting(chunks)}
        texts = {(product, chunk.text_hash): chunk for product in fitting for chunk in fitting[product]}
        answer = await self._embedding.request(list(texts.values()))
        return Newcomers(
            contents=contents,
            chunks=fitting,
            vectors=dict(zip(texts, answer.vectors, strict=True)),
            spent=Spent(embedded=len(texts), tokens=answer.tokens),
        )
