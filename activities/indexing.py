"""Texts of products to chunks with vectors: step by step for an event, and what pages share with that."""

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Protocol, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from activities.counters import Counters
from contracts.events import TextVersion
from contracts.ids import embedding_label
from database.chunks import generations
from database.chunks.generations import ChunkRow, Staged
from database.products.upsert import StoredProduct
from embeddings.base import Embedded, Embedder
from knowledge.chunks import Chunk, pack, split
from knowledge.content import Content, canonical
from knowledge.document import render
from knowledge.normalise import search_form


class Embeddable(Protocol):
    """A text and its estimated tokens."""

    @property
    def text(self) -> str: ...
    @property
    def tokens(self) -> int: ...


Text = TypeVar("Text", bound=Embeddable)


def chunks_of(content: Content) -> tuple[Chunk, ...]:
    """What is embedded of a product."""
    return split(render(content))


def chunk_rows(version: TextVersion, chunks: Iterable[Chunk]) -> list[ChunkRow]:
    """The chunks of a text, as they are kept."""
    return [
        ChunkRow(
            product_id=version.product_id,
            content_hash=version.content_hash,
            position=chunk.position,
            text=chunk.text,
            text_hash=chunk.text_hash,
            tokens=chunk.tokens,
            words=search_form(chunk.text),
        )
        for chunk in chunks
    ]


class Indexer:
    """The three steps by which an event's text becomes known."""

    def __init__(self, embedder: Embedder, totals: Counters) -> None:
        self._embedder = embedder
        self._totals = totals
        self.model = embedding_label(embedder.model, embedder.dimensions)
        self.failure = embedder.failure

    async def stage(self, connection: AsyncConnection, version: TextVersion, stored: StoredProduct) -> Staged:
        """Lay the chunks of a text beside the live ones."""
        assert stored.product  # noqa: S101 - it was read by its id
        rows = chunk_rows(version, chunks_of(canonical(stored.product, stored.variations)))
        staged = await generations.stage(connection, [version], self.model, rows)
        return staged.get(version.product_id, Staged())

    async def embed(self, connection: AsyncConnection, version: TextVersion) -> None:
        """Give every chunk that lacks one its vector.

        Vectors are written after each request, so that doing it again embeds only what is left.
        """
        missing = await generations.missing_vectors(connection, [version], self.model)
        async for request, embedded in self.vectors(missing):
            await generations.fill_vectors(connection, self.model, request, embedded.vectors)

    async def vectors(self, texts: Sequence[Text]) -> AsyncIterator[tuple[list[Text], Embedded]]:
        """Texts and their vectors, request by request."""
        for request in pack(
            [(one, one.tokens) for one in texts],
            max_tokens=self._embedder.limits.tokens,
            max_items=self._embedder.limits.texts,
        ):
            yield request, await self.request(request)

    async def request(self, texts: Sequence[Embeddable]) -> Embedded:
        """The vectors of texts that fit into one request; of none there is nothing to ask."""
        if not texts:
            return Embedded(vectors=[], tokens=0)
        embedded = await self._embedder.embed_documents([one.text for one in texts])
        self._totals.embedded(len(texts), tokens=embedded.tokens)
        return embedded

    async def publish(self, connection: AsyncConnection, version: TextVersion) -> dict[int, float]:
        """Swap a text in; see `knowledge.publish`."""
        return await generations.publish(connection, [version], self.model)
