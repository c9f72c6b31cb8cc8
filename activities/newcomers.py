"""Products of which we hold nothing are embedded first, and then written once, with their vectors."""

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from sqlalchemy.ext.asyncio import AsyncConnection

from activities.embedding import Embedding, chunk_rows, chunks_of
from activities.page_texts import Spent
from connectors.embeddings import MAX_INPUTS_PER_REQUEST, MAX_TOKENS_PER_REQUEST
from contracts.catalog import Product
from contracts.events import KnowledgeVersion
from contracts.vectors import Vector
from database import page_knowledge
from database.embedding_locks import newcomer_locks
from database.engine import Database
from database.knowledge import ChunkRow
from database.page_knowledge import TextKey
from database.products import SavedRow
from knowledge.chunks import Chunk
from knowledge.content import Content, canonical, content_hash


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreknown:
    """A text that has the vectors of all its chunks, by the hashes of their texts, before it has a row."""

    content_hash: str
    chunks: tuple[Chunk, ...]
    vectors: Mapping[str, Vector]


@dataclass(frozen=True, slots=True, kw_only=True)
class Newcomers:
    """What products mean, by their ids, with its hash, and those of them that are embedded already."""

    contents: Mapping[str, tuple[Content, str]] = field(default_factory=dict)
    foreknown: Mapping[str, Foreknown] = field(default_factory=dict)
    spent: Spent = field(default_factory=Spent)

    def known(self, external_id: str, content_hash: str) -> Foreknown | None:
        """A product's text with its vectors, if it is the one with this hash."""
        foreknown = self.foreknown.get(external_id)
        return foreknown if foreknown and foreknown.content_hash == content_hash else None

    async def lay(
        self, connection: AsyncConnection, saved: Iterable[SavedRow], *, model: str
    ) -> dict[str, SavedRow]:
        """Write their chunks; the rows that somebody else wrote meanwhile, known by now, by their ids."""
        known = [(row, text) for row in saved if (text := self.known(row.external_id, row.content_hash))]
        chunks: list[ChunkRow] = []
        vectors: dict[TextKey, Vector] = {}
        met: dict[str, SavedRow] = {}
        complete = []
        for row, text in known:
            version = KnowledgeVersion(event_row=0, product_id=row.id, content_hash=row.content_hash)
            chunks += chunk_rows(version, text.chunks)
            vectors |= {(row.id, text_hash): vector for text_hash, vector in text.vectors.items()}
            if not row.is_new:
                complete.append(version)
                met[row.external_id] = replace(row, knowledge_hash=row.content_hash, knowledge_model=model)
        born = [row.id for row, _ in known if row.is_new]
        await page_knowledge.lay(connection, model, chunks, vectors, complete=complete, born=born)
        return met


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

    def __init__(self, database: Database, embedding: Embedding) -> None:
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
        fitting = list(_fitting(chunks))
        texts = {(product, chunk.text_hash): chunk for product in fitting for chunk in chunks[product]}
        answer = await self._embedding.request(list(texts.values()))
        vectors = dict(zip(texts, answer.vectors, strict=True))
        return Newcomers(
            contents=contents,
            foreknown={
                product: Foreknown(
                    content_hash=contents[product][1],
                    chunks=chunks[product],
                    vectors={chunk.text_hash: vectors[product, chunk.text_hash] for chunk in chunks[product]},
                )
                for product in fitting
            },
            spent=Spent(embedded=len(texts), tokens=answer.tokens),
        )
