"""Index texts: chunks, vectors, publishing; shared by events and syncs."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Protocol, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from activities.metrics import Counters
from activities.reading import page_of, reading_errors
from compute import Compute
from contracts.catalog import Product, Variation
from contracts.events import TextVersion
from contracts.ids import embedding_label
from database.chunks import generations
from database.chunks.generations import ChunkRow, Staged
from database.leases import Lease
from database.products.upsert import StoredProduct
from embeddings.base import Embedded, Embedder
from knowledge.chunks import pack, split
from knowledge.content import Content, canonical, size_of
from knowledge.document import render
from knowledge.normalise import search_form


class Embeddable(Protocol):
    """A text and its estimated tokens."""

    @property
    def text(self) -> str: ...
    @property
    def tokens(self) -> int: ...


Text = TypeVar("Text", bound=Embeddable)


def chunk_rows(version: TextVersion, content: Content) -> list[ChunkRow]:
    """Returns the rows of a text's chunks."""
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
        for chunk in split(render(content))
    ]


def rows_of_texts(texts: Mapping[TextVersion, Content]) -> dict[TextVersion, list[ChunkRow]]:
    """Returns the rows of the chunks of several texts."""
    return {version: chunk_rows(version, content) for version, content in texts.items()}


def _rows_of_product(
    version: TextVersion, product: Product, variations: Sequence[Variation]
) -> list[ChunkRow]:
    return chunk_rows(version, canonical(product, variations))


class Indexer:
    """The three steps that index the text of an event."""

    def __init__(self, embedder: Embedder, compute: Compute, totals: Counters) -> None:
        self._embedder = embedder
        self._compute = compute
        self._totals = totals
        self.model = embedding_label(embedder.model, embedder.dimensions)
        self.failure = embedder.failure

    async def rows(self, version: TextVersion, stored: StoredProduct) -> list[ChunkRow]:
        """Returns the chunks of a stored product's text."""
        assert stored.product  # noqa: S101 - it was read by its id
        size = size_of(stored.product, stored.variations)
        with reading_errors():
            return await self._compute.run(
                _rows_of_product,
                *(version, stored.product, stored.variations),
                size=size,
                key=stored.store_id,
            )

    async def rows_of_page(
        self, store_id: int, texts: Mapping[TextVersion, Content]
    ) -> dict[TextVersion, list[ChunkRow]]:
        """Returns the chunks of the texts of a page of products."""
        size = sum(content.size for content in texts.values())
        with reading_errors():
            return await self._compute.run(rows_of_texts, texts, size=size, key=page_of(store_id))

    async def stage(
        self, connection: AsyncConnection, version: TextVersion, rows: Sequence[ChunkRow]
    ) -> Staged:
        """Stage the chunks of a text; returns how many of its texts need a vector."""
        staged = await generations.stage(connection, [version], self.model, rows)
        return staged.get(version.product_id, Staged())

    async def embed(self, held: Lease, version: TextVersion) -> None:
        """Embed the chunks that have no vector.

        Vectors are stored after each request, so that a retry embeds only the rest.
        """
        async with held.writing() as connection:
            missing = await generations.missing_vectors(connection, [version], self.model)
        async for request, embedded in self.vectors(missing):
            async with held.writing() as connection:
                await generations.fill_vectors(connection, self.model, request, embedded.vectors)

    async def vectors(self, texts: Sequence[Text]) -> AsyncIterator[tuple[list[Text], Embedded]]:
        """Yields texts and their vectors, request by request."""
        for request in pack(
            [(text, text.tokens) for text in texts],
            max_tokens=self._embedder.limits.tokens,
            max_items=self._embedder.limits.texts,
        ):
            embedded = await self._embedder.embed_documents([text.text for text in request])
            self._totals.embedded(len(request), tokens=embedded.tokens)
            yield request, embedded

    async def publish(self, connection: AsyncConnection, version: TextVersion) -> dict[int, float]:
        """Publish a staged text; see `generations.publish`."""
        return await generations.publish(connection, [version], self.model)
