"""Texts of products to chunks with vectors, however many products at a time."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from activities.totals import Totals
from connectors.embeddings import MAX_INPUTS_PER_REQUEST, MAX_TOKENS_PER_REQUEST, Embedded, Embedder
from contracts.events import KnowledgeVersion
from contracts.naming import embedding_label
from database import knowledge
from database.knowledge import ChunkRow
from database.products import StoredProduct
from knowledge.chunks import pack, split
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Laid:
    """How many texts were laid beside the live ones without a vector, and with one they had already."""

    missing: int
    reused: int


def chunk_rows(version: KnowledgeVersion, content: Content) -> list[ChunkRow]:
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
        for chunk in split(render(content))
    ]


class Embedding:
    """The three steps by which texts become known, for one product or a page of them."""

    def __init__(self, embedder: Embedder, totals: Totals) -> None:
        self._embedder = embedder
        self._totals = totals
        self.model = embedding_label(embedder.model, embedder.dimensions)

    async def stage(
        self,
        connection: AsyncConnection,
        versions: Sequence[KnowledgeVersion],
        stored: Mapping[int, StoredProduct],
    ) -> Laid:
        """Lay the chunks of texts beside the live ones."""
        rows: list[ChunkRow] = []
        for version in versions:
            known = stored[version.product_id]
            assert known.product  # noqa: S101 - it was read by its id
            rows += chunk_rows(version, canonical(known.product, known.variations))
        staged = (await knowledge.stage(connection, versions, self.model, rows)).values()
        return Laid(missing=sum(one.missing for one in staged), reused=sum(one.reused for one in staged))

    async def embed(self, connection: AsyncConnection, versions: Sequence[KnowledgeVersion]) -> None:
        """Give every chunk that lacks one its vector.

        Vectors are written after each request, so that doing it again embeds only what is left.
        """
        missing = await knowledge.missing_vectors(connection, versions, self.model)
        async for request, embedded in self.vectors(missing):
            await knowledge.fill_vectors(connection, self.model, request, embedded.vectors)

    async def vectors(self, texts: Sequence[Text]) -> AsyncIterator[tuple[list[Text], Embedded]]:
        """Texts and their vectors, request by request."""
        for request in pack(
            [(one, one.tokens) for one in texts],
            max_tokens=MAX_TOKENS_PER_REQUEST,
            max_items=MAX_INPUTS_PER_REQUEST,
        ):
            embedded = await self._embedder.embed([one.text for one in request])
            self._totals.embedded(len(request), tokens=embedded.tokens)
            yield request, embedded

    async def publish(
        self, connection: AsyncConnection, versions: Sequence[KnowledgeVersion]
    ) -> dict[int, float]:
        """Swap texts in; see `knowledge.publish`."""
        return await knowledge.publish(connection, versions, self.model)
